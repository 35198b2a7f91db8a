"""What is verified: a spec at the first point of its scan, with backends and small instances."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import ceil, log2, prod
from typing import TYPE_CHECKING, Any

from rgc import backend as machines
from rgc.ast_to_model import build
from rgc.compiler import BACKEND, flow
from rgc.errors import SpecError
from rgc.flows.sampling.model import Model
from rgc.flows.sampling.sampler import Sampler
from rgc.kernel_cache import KernelCache
from rgc.language.updates import COPY_UPDATES
from rgc.loaded import Loaded
from rgc.model.graphs import PLACELESS
from rgc.model.lattice import Cell, Complete, Lattice
from rgc.model.pair_sums import kept_whole
from rgc.model.spec import Spec
from rgc.model.stack import Window
from rgc.model.tempering import inner_update
from rgc.program.draws import stream
from rgc.program.family import ProgramError
from rgc.schemes import SCHEMES
from rgc.schemes.checks import ARRAYS, PROGRAMS, Check
from rgc.schemes.sample import SCHEME as SAMPLE
from rgc.schemes.scheme import Ready
from rgc.syntax.ast import Document
from rgc.syntax.parse import parse_expression
from rgc.syntax.read import make_source
from rgc.verification.documents import (
    at_one_value,
    at_point,
    decimated,
    with_chosen_update,
    with_flow,
    with_tried_map,
    without,
)
from rgc.verification.instances import KINSHIP, Instance, Search, describe
from rgc.verification.states import States, random_states
from rgc.verification.trace import Trace, trace

if TYPE_CHECKING:
    from rgc.backend import Backend

TINY = 9
"""Bits of the states for which a transition matrix is written out: at most 512 of them."""

FOLLOWED = 5
"""Bits of the states from which every outcome of a cluster update is followed, at least."""

SMALL = 18
"""Bits of the states of an instance that are all visited: at most 2^18 of them."""

WORK = 2**16
"""Words of spins that the reference backend sweeps 32 times in a few seconds.

With more spins fewer replicas are compared.
"""

REFERENCE = "reference"
"""The backend that says what a program means."""


def make_subject(loaded: Loaded, backends: Sequence[str | Backend] | None, seed: int) -> Subject:
    """A subject with the backends that are asked for, by name or ready, or all that can run here.

    Raises `SpecError` for a backend that is asked for and not there.
    """
    installed = sorted(machines.installed(), key=lambda name: (name != BACKEND, name))
    ready: list[Backend] = []
    alone: dict[str, Backend] = {}
    missing: dict[str, str] = {}
    for wanted in dict.fromkeys([REFERENCE, *(installed if backends is None else backends)]):
        if not isinstance(wanted, str):
            ready.append(wanted)
            continue
        try:
            ready.append(machines.load(wanted))
            alone[wanted] = machines.load(wanted, threads=1)
        except SpecError as error:
            if backends is not None or wanted == REFERENCE:
                raise
            missing[wanted] = error.problems[0].hint or error.problems[0].message
    return Subject(loaded, tuple(ready), seed, alone, missing)


@dataclass(frozen=True)
class Subject:
    """A spec to be verified. Everything but the fields is made when it is first asked for.

    - `backends` are the backends to compare, with the reference first.
    - `alone` holds some of them again, on one thread.
    - `missing` says why others cannot run here.
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
        """What of the scheme can be run, or None without a flow."""
        return SCHEMES[self.scheme].ready if self.scheme else None

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks of the scheme. A spec without a flow has those of free energies by arrays."""
        if self.ready is None:
            return ARRAYS
        return self.ready.checks

    @property
    def sampled_by_programs(self) -> bool:
        """Whether the flow runs lattice programs. Other flows compute with arrays."""
        return self.ready is not None and self.ready.kind == "programs"

    @property
    def has_small_run(self) -> bool:
        """Whether the flow itself is run on a small instance, not plain sampling."""
        return self.ready is not None and bool(self.ready.small)

    @cached_property
    def results(self) -> dict[int, Any]:
        """The results of the run that were asked for so far, by number of the backend."""
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
        """The syntax tree at the first point, of a sampler with one block map a level, of
        tempering with the update from one exchange to the next, and with that which `auto` chose.
        """
        point = at_point(self.loaded.document, {**self.loaded.given, **self.point})
        point = at_one_value(point)
        if not self.sampled_by_programs:
            return point
        return with_tried_map(with_chosen_update(point, self.loaded.spec))

    @cached_property
    def spec(self) -> Spec:
        """The physics of `document`, of a sampler with few replicas."""
        spec, _ = build(self.document, folder=self.loaded.folder)
        return self.with_few_replicas(spec) if self.sampled_by_programs else spec

    def with_few_replicas(self, spec: Spec) -> Spec:
        """The spec of a sampler with as few replicas as the comparison of backends needs."""
        if spec.flow is None or not isinstance(spec.lattice, Lattice | Complete):
            raise ValueError("a spec that can be sampled has a flow and a lattice")
        asked, sites = spec.flow.options.get("replicas", 64), spec.lattice.sites * len(spec.species)
        most = 2 if kept_whole(spec.lattice) else 4  # a sweep reads every pair
        words = max(1, min(asked // 64 if isinstance(asked, int) else 1, most, WORK // sites))
        fewer = {"replicas": 64 * words}
        if "disorder" in spec.flow.options:
            paired = inner_update(spec.flow.options.get("update")) in COPY_UPDATES
            fewer = {"replicas": 64 * (4 if paired else max(words, 2)), "disorder": 64}
        return replace(spec, flow=replace(spec.flow, options={**spec.flow.options, **fewer}))

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
        """Up to 256 configurations of a lattice of the model, from the seed.

        They include every density of spins.
        """
        words = max(1, min(4, WORK // (8 * lattice.sites)))
        return random_states(lattice, self.spec.species, words, stream(self.seed, {}, "data"))

    def trace(self, backend: Backend) -> Trace:
        """The trace of a short run on a backend, which is made once."""
        if backend.name not in self._traces:
            made = self.own if backend is self.reference else self.flow(backend)
            self._traces[backend.name] = trace(made, backend)
        return self._traces[backend.name]

    @cached_property
    def _traces(self) -> dict[str, Trace]:
        return {}

    @cached_property
    def tiny(self) -> Instance | str:
        """An instance whose transition matrix can be written out, or why there is none.

        It measures nothing, because a measure may need more room than a term.
        """
        return self._search(TINY, without(with_flow(self.document, SAMPLE.name), "measure"))

    @cached_property
    def followed(self) -> Instance | str:
        """An instance of two cells along each axis, if there are any, or of `FOLLOWED` bits, or why
        there is none: of cluster updates every outcome of all draws is followed.
        """
        lattice, states = self.model.lattice, [len(each.codes) for each in self.spec.species]
        cells = prod(min(2, size) for size in lattice.cells)
        least = 1 if lattice.name in PLACELESS else cells * len(lattice.basis)
        bits = ceil(least * log2(prod(states)))
        document = without(with_flow(self.document, SAMPLE.name), "measure")
        return self._search(max(bits, FOLLOWED), document)

    @cached_property
    def small(self) -> Instance | str:
        """An instance whose states can all be visited, or why there is none."""
        return self._search(SMALL)

    @cached_property
    def sampled(self) -> Instance | str:
        """An instance on which the flow is run.

        For Monte Carlo RG it is one that is blocked once, to two cells along each axis if possible.
        """
        if not self.spec.blocks or self.ready is None or not self.has_small_run:
            return self.small
        factor = self.spec.blocks[0].factor
        wide = [lambda cells: all(n >= 2 * f for n, f in zip(cells, factor, strict=True))]
        options = {
            name: parse_expression(make_source("<small run>", text))
            for name, text in self.ready.small.items()
        }
        document = with_flow(self.document, self.scheme, **options)
        layers = [block.layer for block in self.spec.blocks if block.layer is not None]
        if not layers:
            return self._search(SMALL, document, *wide)
        if any(isinstance(layer.connect, Window) and not layer.connect.shared for layer in layers):
            return (
                "hidden units that have weights of their own are those of the lattice of the stack"
            )
        found = self._search(SMALL, decimated(document, factor[0]), *wide)
        if isinstance(found, str):
            return found
        return replace(found, spec=replace(found.spec, blocks=self.spec.blocks))

    @property
    def lattice(self) -> str:
        """The user's lattice in words."""
        there = self.loaded.spec.lattice
        if there is None:
            return ""
        return describe(there) if isinstance(there, Lattice) else type(there).__name__.lower()

    @property
    def instances(self) -> dict[str, str]:
        """The small instances by their purpose, or why there is none.

        The result is empty where a program is broken, and where no check asks for them.
        """
        if self.checks is not PROGRAMS:
            return {}
        try:
            of = {
                "transition matrix": self.tiny,
                "every state": self.small,
                "sampling": self.sampled,
            }
            if self.sampler.clusters is not None:
                of["turn of clusters"] = self.followed
        except ProgramError:
            return {}
        return {
            name: instance
            if isinstance(instance, str)
            else f"{instance.name}: {KINSHIP[instance.kin]}"
            for name, instance in of.items()
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
            len(self.model.species),
            self.loaded.folder,
            *first,
        )
        return search(self.reference, self.seed)
