"""The search for the critical point on a line of couplings by Monte Carlo RG on two lattices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.analysis.newton_bias import rounded
from rgc.flows.flow import Account, Flow, State
from rgc.flows.request import Request
from rgc.flows.sampling.critical_bracket import Bracket
from rgc.flows.sampling.critical_point import Pair, Sampled, at_critical_point, pairs
from rgc.flows.sampling.mcrg import Mcrg, make_mcrg
from rgc.flows.sampling.plan import make_plan
from rgc.flows.sampling.tempering import at_all_values
from rgc.language.values import Value
from rgc.model.hamiltonian import Term
from rgc.model.options import Options
from rgc.results.result import Result
from rgc.schemes.mcrg import SCHEME
from rgc.schemes.needs.critical import DOUBLINGS, SHORT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.flows.sampling.levels import Levels
    from rgc.flows.sampling.sampler import Sampler

LATTICES = ("larger", "smaller")


@dataclass(frozen=True, slots=True, eq=False)
class CriticalSearch:
    """`mcrg(find=critical)` at one point.

    x multiplies the couplings that move. Each stage samples the lattice of the spec and one that is
    smaller by the scale of the block map, both at one x, and says what x is next. Short stages come
    first, then each has twice the sweeps of the one before, and the last all of them: its own step
    of Newton's method is the answer.

    Spins go on from stage to stage, and those of the first stage are swept as long before the first
    record as the spec says.

    A step is that of the `Mcrg` that is sampled, whose state arrays stand behind the name of the
    lattice, `larger:spins_0`. The values are `factors`, x at every stage, and `bracket`, between
    which x the critical point has been seen to lie.
    """

    request: Request
    moved: tuple[str, ...]
    first: Mcrg
    sweeps: tuple[int, ...]

    @property
    def scheme(self) -> str:
        return SCHEME.name

    @property
    def steps(self) -> int:
        return sum(len(LATTICES) * sweeps for sweeps in self.sweeps)

    @property
    def sampler(self) -> Sampler:
        """That of the lattice of the spec at its couplings."""
        return self.first.sampler

    @property
    def levels(self) -> Levels:
        """Those of the lattice of the spec."""
        return self.first.levels

    @property
    def provenance(self) -> Mapping[str, Any]:
        return {**self.first.provenance, "find": "critical", "moved": list(self.moved)}

    def start(self) -> State:
        return State(0, {}, {"factors": [1.0], "bracket": [None, None]})

    def step(self, state: State) -> State:
        stage, lattice, done = self._at(state.done)
        flow, name = _flow(self, stage, lattice, state.values["factors"][stage]), LATTICES[lattice]
        inner = State(done, _part(state.arrays, name)) if done else flow.start()
        if stage and not done:  # spins go on where they were
            inner.arrays |= {key: state.arrays[f"{name}:{key}"] for key in flow.sampler.spins}
        inner.most = state.most
        inner = flow.step(inner)
        state.arrays.update({f"{name}:{key}": array for key, array in inner.arrays.items()})
        state.done += inner.done - done
        if inner.done == flow.steps and lattice and stage < len(self.sweeps) - 1:
            self._end(state, stage)
        return state

    def _at(self, done: int) -> tuple[int, int, int]:
        """The stage, the lattice and its own steps after so many steps, at the end the last."""
        for stage, sweeps in enumerate(self.sweeps):
            if done < len(LATTICES) * sweeps:
                return stage, *divmod(done, sweeps)
            done -= len(LATTICES) * sweeps
        return len(self.sweeps) - 1, len(LATTICES) - 1, self.sweeps[-1]

    def _end(self, state: State, stage: int) -> None:
        """Choose x of the next stage."""
        factors, found = state.values["factors"], [each.match for each in self._pairs(state, stage)]
        bracket = Bracket(*state.values["bracket"]).after(factors[-1], found)
        state.values["bracket"] = [bracket.low, bracket.high]
        factors.append(float(rounded(np.array(bracket.next(factors[-1], found)))))

    def _pairs(self, state: State, stage: int) -> tuple[Pair, ...]:
        """The pairs of levels with equally many block spins at the end of a stage."""
        larger, smaller = (self._sampled(state, stage, k) for k in range(len(LATTICES)))
        return pairs(larger, smaller)

    def _sampled(self, state: State, stage: int, lattice: int) -> Sampled:
        flow = _flow(self, stage, lattice, state.values["factors"][stage])
        arrays = _part(state.arrays, LATTICES[lattice])
        return Sampled(flow, flow.sums_by_group(State(flow.steps, arrays)))

    def accounts(self) -> Sequence[Account]:
        return ()  # programs do it all

    def finish(self, state: State) -> Result:
        last, factors = len(self.sweeps) - 1, state.values["factors"]
        flow = _flow(self, last, 0, factors[last])
        found = flow.finish(State(flow.steps, _part(state.arrays, LATTICES[0])))
        sought = {"find": "critical", "moved": list(self.moved), "factors": list(factors)}
        return at_critical_point(
            replace(found, provenance={**found.provenance, **sought}),
            self._pairs(state, last),
            {term.name: term.coupling for term in self._moving},
            factors[last],
            Bracket(*state.values["bracket"]),
        )

    @property
    def _moving(self) -> list[Term]:
        return [term for term in self.request.hamiltonian.terms if term.name in self.moved]


@lru_cache(maxsize=2)
def _flow(search: CriticalSearch, stage: int, lattice: int, factor: float) -> Mcrg:
    """The flow of a lattice at a stage. Made again when it is wanted again."""
    last = stage == len(search.sweeps) - 1
    request = _smaller(search.request) if lattice else search.request
    plan = stages(search.request)[stage]
    return make_mcrg(
        _at_stage(request, search.moved, factor, plan, keep=last and not lattice),
        chain=len(LATTICES) * stage + lattice,
        moved=search.moved,
    )


def _at_stage(
    request: Request,
    moved: Sequence[str],
    factor: float,
    plan: Mapping[str, Value],
    *,
    keep: bool,
) -> Request:
    """The request of a stage. Only what is kept measures and saves what the spec asks for."""
    spec, dropped = request.spec, () if keep else ("save", "series", "couplings", "histograms")
    terms = tuple(
        replace(term, coupling=factor * term.coupling) if term.name in moved else term
        for term in request.hamiltonian.terms
    )
    options = {**request.flow.options, **plan}
    options = {name: value for name, value in options.items() if name not in dropped}
    return replace(
        request,
        spec=replace(
            spec,
            hamiltonian=replace(request.hamiltonian, terms=terms),
            flow=replace(request.flow, options=options),
            measures=spec.measures if keep else (),
        ),
    )


def _smaller(request: Request) -> Request:
    """The same on the lattice that one step of the block map makes of that of the spec."""
    block, steps = request.blocks[0], request.options.integer("steps")
    options = {**request.flow.options, "steps": steps - 1}
    spec = replace(
        request.spec,
        lattice=block.coarse(request.crystal),
        flow=replace(request.flow, options=options),
    )
    return replace(request, spec=spec)


def stages(request: Request) -> tuple[Mapping[str, Value], ...]:
    """The options of all stages: sweeps, and before the first record."""
    parts = [2**DOUBLINGS] * SHORT + [2**k for k in range(DOUBLINGS, -1, -1)]
    names = ("sweeps", "thermalise")
    every = request.options.integer("every")

    def part(name: str, parts: int) -> int:
        whole = request.options.integer(name)
        return max(-(-whole // parts), min(whole, every))

    first, *later = ({name: part(name, each) for name in names} for each in parts)
    return ({**first, "thermalise": request.options.integer("thermalise")}, *later)


def _part(arrays: Mapping[str, NDArray[Any]], name: str) -> dict[str, NDArray[Any]]:
    head = f"{name}:"
    return {key[len(head) :]: array for key, array in arrays.items() if key.startswith(head)}


def make_searching_mcrg(request: Request) -> Flow:
    """The flow `mcrg` of a spec at one point, at a critical point that it finds if it shall, or at
    all values of a tempered parameter.

    Raises `SpecError` for what cannot be sampled, blocked or measured yet.
    """
    if "find" not in request.options:
        return at_all_values(make_mcrg, request)
    name = request.flow.options.get("coupling")
    terms = request.hamiltonian.terms
    moved = tuple(
        term.name
        for term in terms
        if term.name not in request.zero and term.of_spins and name in (None, term.name)
    )
    first = make_mcrg(_at_stage(request, moved, 1.0, stages(request)[0], keep=True), moved=moved)
    small = _at_stage(_smaller(request), moved, 1.0, stages(request)[0], keep=False)
    make_mcrg(small, moved=moved)  # refusals come now, not when the run is under way
    options = request.flow.options
    sweeps = tuple(make_plan(Options({**options, **own}), 1).sweeps for own in stages(request))
    return CriticalSearch(request, moved, first, sweeps)
