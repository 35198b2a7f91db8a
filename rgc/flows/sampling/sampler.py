"""From the physics of a spec to sweeps on a backend: the part that `sample` and `mcrg` share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, cast

from rgc.errors import Problem, SpecError, suggest
from rgc.flows.sampling.clusters import Clusters, make_clusters
from rgc.flows.sampling.copies import Copies, make_copies
from rgc.flows.sampling.model import Model
from rgc.flows.sampling.plan import SweepPlan, make_plan
from rgc.flows.sampling.random_couplings import Couplings, make_couplings
from rgc.flows.sampling.start import BY_COPY, FLIPPED, HOT, UNIFORM, following, start_fields
from rgc.language.updates import AUTO, CLUSTER_UPDATES, COPY_UPDATES, UPDATES
from rgc.model.share import WHOLE, Share
from rgc.model.tempering import inner_update, updates_in
from rgc.model_to_program.followers_to_update import followers_to_update
from rgc.model_to_program.hamiltonian_to_update import hamiltonian_to_update
from rgc.model_to_program.states_to_update import states_to_update
from rgc.model_to_program.sweep import distinct_stars
from rgc.model_to_program.update import Planes, Update, precise
from rgc.model_to_program.weights_to_update import WeighedUpdate, weights_to_update
from rgc.passes.choose_acceptance import choose_acceptance
from rgc.passes.choose_acceptance_of_states import choose_acceptance_of_states
from rgc.passes.choose_clusters import choose_clusters
from rgc.passes.choose_update import Asked, UpdateChoice, choose_update
from rgc.passes.colour_sites import colour_sites
from rgc.program.draws import Key, step_keys, stream
from rgc.program.lattice.arguments import from_word

if TYPE_CHECKING:
    from rgc.backend import Arguments, Backend, Kernel, State, Words


@dataclass(frozen=True, slots=True, eq=False)
class Sampler:
    """Sweeps of a model at one point on one backend, each after a turn of clusters if there are
    `clusters`.

    `asked` is the update that is asked for, or that `auto` chose, and `why` it did. `point` holds
    the scanned parameters only. With the seed they key the random numbers, and so does `level`,
    where every level of a run has a chain of its own. The signs of random `couplings` are fields
    after those of the species in what is swept.
    """

    model: Model
    plan: SweepPlan
    backend: Backend
    update: Update | WeighedUpdate
    choice: UpdateChoice
    forms: tuple[str, ...]
    kernel: Kernel
    arguments: Arguments
    seed: int
    point: Mapping[str, float]
    asked: Asked
    why: str = ""
    level: int = 0
    clusters: Clusters | Copies | None = None
    couplings: Couplings = field(default_factory=Couplings)

    def key(self, purpose: str, level: int = 0) -> Key:
        """The stream of the random numbers for a purpose at an RG level."""
        return stream(self.seed, self.point, purpose, level)

    @property
    def spins(self) -> tuple[str, ...]:
        """The names of the fields of the species in a state."""
        return tuple(f"spins_{k}" for k in range(len(self.model.species)))

    def start(self) -> list[Words]:
        """The canonical fields that the run starts from, one for each species."""
        model = self.model
        fields = start_fields(
            self.key("start", self.level),
            self.update.program.fields[: len(model.species)],
            self.plan.words,
            lattice=model.lattice,
            species=model.species,
            groups=model.merged.groups,
            coefficients=tuple(map(float, model.coefficients)),
            sectors=model.sectors,
            generator=model.generator,
            word0=self.plan.word0,
            copies=self.plan.copies,
        )
        return following(fields, model.followers)

    def fields(self) -> list[Words]:
        """All canonical fields that the run starts from, those of quenched spins last."""
        return [*self.start(), *self.couplings.signs]

    def packed(self, fields: Sequence[Words]) -> list[State]:
        """The canonical fields of the species in the backend's own form, and after them those of
        quenched spins.
        """
        return [self.backend.pack(field) for field in (*fields, *self.couplings.signs)]

    def other_copy(self, packed: State) -> State:
        """For every replica of a field another one with the same Hamiltonian.

        It is the next copy of the same realisation, the first after the last. Where there are not
        several realisations, replicas 2k and 2k + 1 are each other's copies.
        """
        import numpy as np

        field, copies = self.backend.unpack(packed), self.plan.copies
        if copies:
            of_blocks = field.reshape(*field.shape[:-1], -1, copies)
            other = np.roll(of_blocks, -1, axis=-1).reshape(field.shape)
        else:
            even, one = np.uint64(HOT), np.uint64(1)
            other = ((field & even) << one) | ((field >> one) & even)
        return self.backend.pack(other)

    def sweep(self, packed: Sequence[State], first: int, count: int) -> list[State]:
        """The fields after sweeps `first`, ..., `first + count - 1`, counted from the start of the
        run.
        """

        def keys(purpose: str, update: Update | WeighedUpdate, first: int, count: int) -> Words:
            return step_keys(self.key(purpose, self.level), first, count, update.program.draws)

        word0 = self.plan.word0
        if self.clusters is None:
            drawn = keys("update", self.update, first, count)
            return self.kernel(packed, self.arguments, drawn, word0)[0]
        for sweep in range(first, first + count):
            turns = keys("clusters", self.clusters.update, sweep, 1)
            packed = self.clusters.turn(packed, turns)
            drawn = keys("update", self.update, sweep, 1)
            packed, _ = self.kernel(packed, self.arguments, drawn, word0)
        return list(packed)

    def later(self, word: int) -> Sampler:
        """The same sweeps of the replicas from a word on."""
        return replace(
            self,
            plan=replace(self.plan, word0=self.plan.word0 + word),
            couplings=self.couplings.from_word(word),
            arguments=from_word(self.arguments, word),
            clusters=None if self.clusters is None else self.clusters.later(word),
        )

    @property
    def together(self) -> int:
        """How many words depend on each other."""
        return 2 if isinstance(self.clusters, Copies) else 1

    @property
    def updates(self) -> tuple[str, ...]:
        """The names of the updates that are asked for, exchanges among them."""
        return (*updates_in(self.model.options["update"])[:-1], self.asked)

    @property
    def provenance(self) -> dict[str, Any]:
        program, plan = self.update.program, self.plan
        turned = {}
        if self.clusters is not None:
            turned = {"update": self.asked, "clusters": self.clusters.provenance}
        return {
            "update": self.choice.update,
            "why": self.choice.reason,
            "acceptance": sorted(set(self.forms)),
            "generator": program.generator,
            "planes": program.planes,
            "site_sets": len(program.schedule),
            "replicas": plan.replicas,
            "thermalise": plan.thermalise,
            "every": plan.every,
            "records": plan.records,
            "start": self._start,
            "dropped": list(self.model.zero),
            "sectors": list(self.model.sectors.names),
            "reproducibility": "L2",
            **turned,
            **({"auto": self.why} if self.why else {}),
            **self._disorder,
        }

    @property
    def _start(self) -> str:
        if self.plan.copies:
            return BY_COPY
        return FLIPPED if self.model.two_states else UNIFORM

    @property
    def _disorder(self) -> dict[str, Any]:
        if not self.model.quenched:
            return {}
        return {"realisations": self.plan.realisations or 1, "copies": self.plan.copies}


def make_sampler(
    model: Model,
    backend: Backend,
    *,
    seed: int,
    point: Mapping[str, float],
    specialise: bool = True,
    level: int = 0,
    share: Share = WHOLE,
    drawn_at: Mapping[str, float] | None = None,
) -> Sampler:
    """Passes, lowering, compiling: Hamiltonian -> coloured sites -> acceptance -> update -> kernel.

    `point` holds the scanned parameters only, since they key the random numbers, and `drawn_at`
    those that key random couplings, where they are others. `specialise` says that values may be
    baked into the kernel, `share` which replicas are sampled. Raises `SpecError`
    for an update that is not there yet or not possible.
    """
    asked, why = asked_update(model)
    if model.pairs and asked in (*CLUSTER_UPDATES, *COPY_UPDATES):
        message = f"'{asked}' of pairs that are kept whole comes later"
        raise SpecError([Problem("not-yet", message)])
    update, choice, forms = _sweep(
        model, "local" if asked in (*CLUSTER_UPDATES, *COPY_UPDATES) else asked
    )
    plan = make_plan(model.options, model.lattice.sites * len(model.species), share)
    couplings = make_couplings(
        model.quenched,
        model.draws,
        model.lattice,
        plan,
        seed=seed,
        point=point if drawn_at is None else drawn_at,
        signs=model.signs,
        given=model.given,
        pairs=model.pairs,
    )
    if isinstance(update, WeighedUpdate):
        update = replace(update, numbers=couplings.numbers)
        if couplings.pairs is not None:
            of_pairs = couplings.pairs
            update = replace(update, pairs=of_pairs.matrices, which=of_pairs.which)
    every = (*model.coefficients, *model.pair_coefficients)
    arguments = update.arguments([every], plan.words)
    return Sampler(
        model=model,
        plan=plan,
        backend=backend,
        update=update,
        choice=choice,
        forms=forms,
        kernel=backend.compile(update.program, constant=arguments if specialise else None),
        arguments=arguments,
        seed=seed,
        point=point,
        asked=asked,
        why=why,
        level=level,
        couplings=couplings,
        clusters=_clusters(model, backend, plan, asked, specialise=specialise),
    )


def _clusters(
    model: Model, backend: Backend, plan: SweepPlan, asked: Asked, *, specialise: bool
) -> Clusters | Copies | None:
    """The turns of clusters before each sweep, if the update has any."""
    if asked in COPY_UPDATES:
        words, word0 = plan.words, plan.word0
        return make_copies(model, backend, words=words, word0=word0, specialise=specialise)
    if asked not in CLUSTER_UPDATES:
        return None
    return make_clusters(
        model.lattice,
        model.species,
        model.merged.groups,
        model.coefficients,
        backend,
        planes=model.planes,
        generator=model.generator,
        words=plan.words,
        word0=plan.word0,
        specialise=specialise,
        all_clusters=asked == "swendsen_wang",
    )


def _sweep(
    model: Model, asked: Asked
) -> tuple[Update | WeighedUpdate, UpdateChoice, tuple[str, ...]]:
    """The sweep of a model, the choice of its update, and the forms of its acceptances."""
    groups, lattice = model.merged.groups, model.lattice
    steps = colour_sites(groups, lattice, len(model.species), model.followers)
    if model.followers:
        follow = followers_to_update(
            lattice,
            model.species,
            groups,
            steps,
            planes=model.planes,
            generator=model.generator,
        )
        return follow, UpdateChoice("heat_bath", "block spins follow"), ("weigh",)
    if not model.signs:
        made = weights_to_update(
            lattice,
            model.kinds,
            groups,
            steps,
            first=model.first,
            pairs=bool(model.pairs),
            generator=model.generator,
        )
        why = "asked for" if asked == "heat_bath" else "a random coupling may be next to nothing"
        kind: Literal["heat_bath", "lazy"] = "heat_bath" if model.two_states else "lazy"
        return made, UpdateChoice(kind, why), ("weigh",) * len(made.program.rules)
    acceptances = [
        choose_acceptance(star)
        if model.two_states
        else choose_acceptance_of_states(star, model.kinds)
        for star in distinct_stars(steps)
    ]
    choice = choose_update(model.coefficients, acceptances, asked)
    lower: Callable[..., Update] = hamiltonian_to_update if model.two_states else states_to_update

    def lowered(planes: Planes) -> Update:
        return lower(
            lattice,
            model.kinds,
            groups,
            steps,
            kind=choice.update,
            planes=planes,
            generator=model.generator,
        )

    update = precise(lowered, model.planes, model.coefficients)
    joint = choice.update == "heat_bath"
    return update, choice, tuple("joint" if joint else each.form for each in acceptances)


def asked_update(model: Model) -> tuple[Asked, str]:
    """The update of a model, of tempering that from one exchange to the next, and where `auto`
    chose it why. Raises `SpecError` for an unknown one.
    """
    name = str(inner_update(model.options["update"]))
    if name not in UPDATES:
        problem = Problem(
            "unknown-update", f"no update is called '{name}'", hint=suggest(name, UPDATES)
        )
        raise SpecError([problem])
    if name != AUTO:
        return cast(Asked, name), ""
    chosen = choose_clusters(model.hamiltonian, model.lattice, model.species)
    return chosen.update, chosen.reason
