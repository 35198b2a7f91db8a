"""What is verified: a spec at the first point of its scan, its programs, the backends, and small
instances of the same model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rgc import backend as machines
from rgc.ast_to_model import build
from rgc.compiler import BACKEND, flow
from rgc.errors import SpecError
from rgc.flows.sampling.sampler import Model, Sampler
from rgc.kernel_cache import KernelCache
from rgc.loaded import Loaded
from rgc.model.lattice import Cell, Lattice
from rgc.model.spec import Spec
from rgc.program.draws import stream
from rgc.program.family import ProgramError
from rgc.schemes import SCHEMES
from rgc.schemes.checks import ARRAYS, Check
from rgc.schemes.sample import SCHEME as SAMPLE
from rgc.schemes.scheme import Ready
from rgc.syntax.ast import Document
from rgc.syntax.parse import parse_expression
from rgc.syntax.read import make_source
from rgc.verification.documents import at_point, with_flow, without
from rgc.verification.instances import KINSHIP, Instance, Search, describe
from rgc.verification.states import States, random_states
from rgc.verification.trace import Trace, trace

if TYPE_CHECKING:
    from rgc.backend import Backend

TINY = 9
"""Spins of a transition matrix that is written out: 512 states."""

SMALL = 18
"""Spins of an instance whose states are all visited."""

WORK = 2**16
"""Words of spins that the reference backend sweeps 32 times in a few seconds; with more spins fewer
replicas are compared.
"""


REFERENCE = "reference"
"""The backend that says what a program means."""


def make_subject(loaded: Loaded, backends: Sequence[str | Backend] | None, seed: int) -> Subject:
    """With the backends asked for, by name or ready, or all that can run here. Raises `SpecError`
    for one that is asked for and not there.
    """
    installed = sorted(machines.installed(), key=lambda name: (name != BACKEND, name))
    found: list[Backend] = []
    alone: dict[str, Backend] = {}
    missing: dict[str, str] = {}
    for each in dict.fromkeys([REFERENCE, *(installed if backends is None else backends)]):
        if not isinstance(each, str):
            found.append(each)
            continue
        try:
            found.append(machines.load(each))
            alone[each] = machines.load(each, threads=1)
        except SpecError as error:
            if backends is not None or each == REFERENCE:
                raise
            missing[each] = error.problems[0].hint or error.problems[0].message
    return Subject(loaded, tuple(found), seed, alone, missing)


@dataclass(frozen=True)
class Subject:
    """`backends`: the reference first. `alone`: some of them again, on one thread. `missing`: why
    others cannot run here. Everything else is made when it is first asked for.
    """

    loaded: Loaded
    backends: tuple[Backend, ...]
    seed: int
    alone: Mapping[str, Backend] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def scheme(self) -> str:
        flow = self.loaded.spec.flow
        return flow.scheme if flow else ""

    @property
    def ready(self) -> Ready | None:
        """What is known of how the scheme runs; None without a flow."""
        return SCHEMES[self.scheme].ready if self.scheme else None

    @property
    def checks(self) -> tuple[Check, ...]:
        """Those of the scheme; a spec without a flow finds free energies with arrays."""
        return self.ready.checks if self.ready is not None else ARRAYS

    @property
    def sampled_by_programs(self) -> bool:
        """Whether the flow runs lattice programs; others compute with arrays."""
        return self.ready is not None and self.ready.kind == "programs"

    @property
    def has_small_run(self) -> bool:
        """Whether the flow itself is run on a small instance; of others the plain sampling is."""
        return self.ready is not None and bool(self.ready.small)

    @cached_property
    def results(self) -> dict[int, Any]:
        """Results of the run by number of backend, as far as they were asked for."""
        return {}

    @property
    def reference(self) -> Backend:
        return self.backends[0]

    @property
    def point(self) -> Mapping[str, float]:
        return self.loaded.points[0]

    @cached_property
    def zero(self) -> tuple[str, ...]:
        """The terms that the run leaves out."""
        return self.loaded.zero

    @cached_property
    def document(self) -> Document:
        """The syntax tree at the first point."""
        return at_point(self.loaded.document, self.point)

    @cached_property
    def spec(self) -> Spec:
        """The physics of `document`, of a sampler for as few replicas as the comparison of backends
        needs.
        """
        spec, _ = build(self.document, folder=self.loaded.folder)
        if not self.sampled_by_programs:
            return spec
        if spec.flow is None or not isinstance(spec.lattice, Lattice):
            raise ValueError("a spec that can be sampled has a flow and a lattice")
        asked, sites = spec.flow.options.get("replicas", 64), spec.lattice.sites * len(spec.species)
        words = max(1, min(asked // 64 if isinstance(asked, int) else 1, 4, WORK // sites))
        return replace(
            spec, flow=replace(spec.flow, options={**spec.flow.options, "replicas": 64 * words})
        )

    def flow(self, backend: Backend) -> Any:
        """The flow of the spec on a backend, with the random numbers of its own run."""
        machine = KernelCache(backend, general=len(self.loaded.points) > 1)
        return flow(self.spec, machine, seed=self.seed, point=self.point, zero=self.zero)

    @cached_property
    def own(self) -> Any:
        """The flow on the reference backend."""
        return self.flow(self.reference)

    @property
    def sampler(self) -> Sampler:
        sampler: Sampler = self.own.sampler
        return sampler

    @property
    def model(self) -> Model:
        return self.sampler.model

    def random(self, lattice: Lattice) -> States:
        """Up to 256 configurations of a lattice of the model, of every density of spins, those of
        the seed.
        """
        words = max(1, min(4, WORK // (8 * lattice.sites)))
        return random_states(lattice, self.spec.species, words, stream(self.seed, {}, "data"))

    def trace(self, backend: Backend) -> Trace:
        """The run in short on a backend, made once."""
        if backend.name not in self._traces:
            made = self.own if backend is self.reference else self.flow(backend)
            self._traces[backend.name] = trace(made, backend)
        return self._traces[backend.name]

    @cached_property
    def _traces(self) -> dict[str, Trace]:
        return {}

    @cached_property
    def tiny(self) -> Instance | str:
        """An instance whose transition matrix can be written out, or why there is none. It measures
        nothing: a measure may ask for more room than a term.
        """
        return self._search(TINY, without(with_flow(self.document, SAMPLE.name), "measure"))

    @cached_property
    def small(self) -> Instance | str:
        """An instance whose states can all be visited, or why there is none."""
        return self._search(SMALL)

    @cached_property
    def sampled(self) -> Instance | str:
        """An instance on which the flow is run: for Monte Carlo RG one that is blocked once, to two
        cells along each axis if it can be.
        """
        if not self.spec.blocks or self.ready is None or not self.has_small_run:
            return self.small
        factor = self.spec.blocks[0].factor
        wide = [lambda cells: all(n >= 2 * f for n, f in zip(cells, factor, strict=True))]
        options = {
            name: parse_expression(make_source("<small run>", text))
            for name, text in self.ready.small.items()
        }
        return self._search(SMALL, with_flow(self.document, self.scheme, **options), *wide)

    @property
    def lattice(self) -> str:
        """The user's lattice in words."""
        there = self.loaded.spec.lattice
        return describe(there) if isinstance(there, Lattice) else type(there).__name__.lower()

    @property
    def instances(self) -> dict[str, str]:
        """The small instances by what they are for, or why there is none; nothing where a program
        is broken or there is none.
        """
        if not self.sampled_by_programs:
            return {}
        try:
            of = {
                "transition matrix": self.tiny,
                "every state": self.small,
                "sampling": self.sampled,
            }
        except ProgramError:
            return {}
        return {
            name: each if isinstance(each, str) else f"{each.name}: {KINSHIP[each.kin]}"
            for name, each in of.items()
        }

    def _search(
        self, bits: int, document: Document | None = None, *first: Callable[[Cell], bool]
    ) -> Instance | str:
        search = Search(
            document or with_flow(self.document, SAMPLE.name),
            self.model.lattice,
            self.sampler.update.program,
            bits,
            self.zero,
            *first,
        )
        return search(self.reference, self.seed)
