"""From the physics of a spec to sweeps on a backend: the part that `sample` and `mcrg` share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from rgc.errors import Problem, SpecError, suggest
from rgc.flows.disorder import read_given
from rgc.flows.sampling.clusters import Clusters, make_clusters
from rgc.flows.sampling.plan import SweepPlan, make_plan
from rgc.flows.sampling.random_couplings import Couplings, make_couplings
from rgc.flows.sampling.start import BY_COPY, FLIPPED, HOT, UNIFORM, following, start_fields
from rgc.language.updates import CLUSTER_UPDATES, UPDATES
from rgc.language.values import Value
from rgc.model.complete import one_cell
from rgc.model.draw import Distribution
from rgc.model.followers import Follower
from rgc.model.groups import Merged
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Complete, Lattice
from rgc.model.observables import Linear, Tally
from rgc.model.operators import Product
from rgc.model.options import Options
from rgc.model.quenched import Quenched
from rgc.model.sectors import Sectors
from rgc.model.share import WHOLE, Share
from rgc.model.spec import Spec
from rgc.model.spins import Species
from rgc.model.tempering import inner_update, updates_in
from rgc.model_to_program.followers_to_update import followers_to_update
from rgc.model_to_program.hamiltonian_to_update import hamiltonian_to_update
from rgc.model_to_program.states_to_update import states_to_update
from rgc.model_to_program.sweep import distinct_stars
from rgc.model_to_program.update import Planes, Update, precise
from rgc.model_to_program.weights_to_update import WeighedUpdate, weights_to_update
from rgc.passes.choose_acceptance import choose_acceptance
from rgc.passes.choose_acceptance_of_states import choose_acceptance_of_states
from rgc.passes.choose_update import Asked, UpdateChoice, choose_update
from rgc.passes.colour_sites import colour_sites
from rgc.passes.find_sectors import find_sectors
from rgc.passes.merge_tables import merge_tables
from rgc.passes.merge_terms import merge_terms
from rgc.passes.quench import quench, signs_alone
from rgc.program.draws import Generator, Key, step_keys, stream
from rgc.program.lattice.arguments import from_word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.backend import Arguments, Backend, Kernel, State, Words


@dataclass(frozen=True, slots=True)
class Model:
    """What a lattice sampler works on: a spec whose lattice, spins and Hamiltonian are known to be
    there.

    - `merged` is the Hamiltonian merged without the terms whose coefficient is 0 at every point of
      the run.
    - `coefficients` holds the exact coefficient of each of its groups.
    - `sectors` are the symmetry sectors under flips; only two-state spins have any.
    - `followers` are spins that others decide, in an order in which those come first.
    - `quenched` are the random couplings, drawn as `draws` says or `given`: their `signs` alone,
      or the numbers. In `merged` they are spins of species beyond the others, which never move.
    """

    lattice: Lattice
    species: tuple[Species, ...]
    hamiltonian: Hamiltonian
    options: Options
    zero: tuple[str, ...]
    merged: Merged[Any]
    coefficients: tuple[Fraction, ...]
    sectors: Sectors
    followers: tuple[Follower, ...] = ()
    quenched: tuple[Quenched, ...] = ()
    signs: bool = True
    draws: Mapping[str, Distribution] = field(default_factory=dict)
    given: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def kinds(self) -> tuple[Species, ...]:
        """The species, and those of signs that are quenched: one for each field of a program."""
        return _kinds(self.species, self.quenched if self.signs else ())

    @property
    def first(self) -> int:
        """The species of the first of the quenched spins of `merged`. Where they are numbers, one
        before them is left for a copy of the spins.
        """
        return len(self.species) + (not self.signs)

    @property
    def two_states(self) -> bool:
        """Whether every spin is a bit, and the groups of `merged` are products."""
        return all(kind.two_states for kind in self.species)

    @property
    def symmetry(self) -> Sectors:
        """The sectors of the Hamiltonian at this point: without the groups whose coefficient is 0
        here, though perhaps not at other points of the run.
        """
        if all(self.coefficients) or not self.two_states:
            return self.sectors
        groups = zip(self.merged.groups, self.coefficients, strict=True)
        products = [each for group, value in groups if value for each in group.products]
        return _sectors(products, self.lattice, self.species)

    @property
    def energy(self) -> Linear:
        """H/N as a linear combination of sums over the lattice."""
        return self.per_site({term.name: term.coefficient for term in self.hamiltonian.terms})

    def per_site(self, of_term: Mapping[str, float]) -> Linear:
        """1/N of the Hamiltonian that has these coefficients of its terms."""
        groups, sites = (*self.merged.groups, *self.merged.constants), self.lattice.sites
        return Linear(
            tuple((float(group.coefficient(of_term)) / sites, Tally(group)) for group in groups)
        )

    @property
    def generator(self) -> Generator:
        return cast(Generator, self.options.word("generator"))

    @property
    def planes(self) -> Planes:
        """The bit planes of a uniform number that are asked for."""
        return cast(Planes, self.options.integer("planes"))


def make_model(spec: Spec, zero: Collection[str] | None = None) -> Model:
    """The model of a checked spec without the terms named in `zero`, whose coefficient is 0 at
    every point of the run.

    If `zero` is None the terms are those of this spec. Raises `SpecError` for what cannot be
    sampled yet, and `ValueError` if sections are missing.
    """
    if spec.hamiltonian is None or spec.flow is None:
        raise ValueError("a sampler needs a hamiltonian and a flow")
    lattice, hamiltonian = spec.lattice, spec.hamiltonian
    if isinstance(lattice, Complete):
        lattice, hamiltonian = one_cell(lattice, hamiltonian)
    if not isinstance(lattice, Lattice):
        kind = type(lattice).__name__.lower()
        raise SpecError([Problem("not-yet", f"sampling on a {kind} lattice comes later")])
    zero = spec.hamiltonian.zero if zero is None else tuple(zero)
    two_states = all(kind.two_states for kind in spec.species)
    quenched = tuple[Quenched, ...]()
    signs = signs_alone(hamiltonian, spec.draws)
    if two_states:
        first = len(spec.species) + (not signs)
        hamiltonian, quenched = quench(hamiltonian, spec.draws, lattice, first)
    kinds = _kinds((*spec.species, *([] if signs else spec.species[:1])), quenched)
    merge: Any = merge_terms if two_states else merge_tables
    merged = merge(hamiltonian, lattice, kinds, zero)
    products = [product for group in merged.groups for product in group.products]
    sectors = (
        _sectors(products, lattice, spec.species)
        if two_states
        else Sectors((1,) * lattice.dimension)
    )
    coefficients = merged.coefficients(spec.hamiltonian)
    return Model(
        lattice=lattice,
        species=spec.species,
        hamiltonian=spec.hamiltonian,
        options=Options(spec.flow.options),
        zero=zero,
        merged=merged,
        coefficients=coefficients,
        sectors=sectors,
        quenched=quenched,
        signs=signs,
        draws=spec.draws,
        given=read_given(spec.given),
    )


def _kinds(species: Sequence[Species], quenched: Sequence[Quenched]) -> tuple[Species, ...]:
    return (*species, *(Species(each.name) for each in quenched))


def _sectors(products: Sequence[Product], lattice: Lattice, species: Sequence[Species]) -> Sectors:
    """The sectors under flips of the spins that move."""
    moving = [
        tuple(spin for spin in product if spin.species < len(species)) for product in products
    ]
    return find_sectors(moving, lattice, len(species))


@dataclass(frozen=True, slots=True, eq=False)
class Sampler:
    """Sweeps of a model at one point on one backend, each after a turn of clusters if there are
    `clusters`.

    `point` holds the scanned parameters only. With the seed they key the random numbers, and so
    does `level`, where every level of a run has a chain of its own. The signs of random `couplings`
    are fields after those of the species in what is swept.
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
    level: int = 0
    clusters: Clusters | None = None
    couplings: Couplings = field(default_factory=Couplings)

    def key(self, purpose: str, level: int = 0) -> Key:
        """The stream of the random numbers for a purpose at an RG level."""
        return stream(self.seed, self.point, purpose, level)

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
    def updates(self) -> tuple[str, ...]:
        """The names of the updates that are asked for, exchanges among them."""
        return updates_in(self.model.options["update"])

    @property
    def provenance(self) -> dict[str, Any]:
        program, plan = self.update.program, self.plan
        turned = {}
        if self.clusters is not None:
            turned = {"update": self.updates[-1], "clusters": self.clusters.provenance}
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
    groups, lattice = model.merged.groups, model.lattice
    asked = asked_update(model.options["update"])
    by_clusters = asked in CLUSTER_UPDATES
    update, choice, forms = _sweep(model, "auto" if by_clusters else asked)
    plan = make_plan(model.options, lattice.sites * len(model.species), share)
    couplings = make_couplings(
        model.quenched,
        model.draws,
        lattice,
        plan,
        seed=seed,
        point=point if drawn_at is None else drawn_at,
        signs=model.signs,
        given=model.given,
    )
    if isinstance(update, WeighedUpdate):
        update = replace(update, numbers=couplings.numbers)
    arguments = update.arguments([model.coefficients], plan.words)
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
        level=level,
        couplings=couplings,
        clusters=make_clusters(
            lattice,
            model.species,
            groups,
            model.coefficients,
            backend,
            planes=model.planes,
            generator=model.generator,
            words=plan.words,
            word0=plan.word0,
            specialise=specialise,
            all_clusters=asked == "swendsen_wang",
        )
        if by_clusters
        else None,
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
            model.species,
            groups,
            steps,
            first=model.first,
            generator=model.generator,
        )
        why = "asked for" if asked == "heat_bath" else "a random coupling may be next to nothing"
        return made, UpdateChoice("heat_bath", why), ("weigh",) * len(made.program.rules)
    acceptances = [
        choose_acceptance(star)
        if model.two_states
        else choose_acceptance_of_states(star, model.species)
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


def asked_update(value: Value) -> Asked:
    """The option `update`, of tempering that from one exchange to the next. Raises `SpecError` for
    an unknown one.
    """
    name = str(inner_update(value))
    if name not in UPDATES:
        raise SpecError(
            [
                Problem(
                    "unknown-update", f"no update is called '{name}'", hint=suggest(name, UPDATES)
                )
            ]
        )
    return cast(Asked, name)
