"""Kadanoff's variational renormalisation group: potentials are moved, so that F is bounded from below (Kadanoff 1975)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from rgc.analysis.fixed_points import NotFound
from rgc.errors import Problem, SpecError
from rgc.flows.bound_optimum import Bound, enough
from rgc.flows.cell_recursion import cell_recursion
from rgc.flows.cell_space import CellSpace, Subspace, cell_space
from rgc.flows.choose_p import Choice, Given, TightestConstant, TightestSequence
from rgc.flows.coupling_flow import Study, make_study, parts, provenance
from rgc.flows.coupling_result import coupling_result
from rgc.flows.flow import State
from rgc.flows.stationary_p import StationaryP, slope
from rgc.model.cells import cell_model
from rgc.model.lattice import Lattice
from rgc.results.result import Estimate, Result

if TYPE_CHECKING:
    from rgc.backend import Backend
    from rgc.model.spec import Spec
    from rgc.text import Span

SPACES: Mapping[Subspace, str] = {
    "full": "all products of the spins of a cell, the same in every direction",
    "symmetric": "functions of the number of flipped spins of a cell, so that all its pair couplings are equal",
}
OUTSIDE = (
    "the spec's couplings are no function of the number of flipped spins of a cell: the first step reads them as the nearest one, "
    "so that the constants give no bound on F of this spec"
)
JUMPED = "at this p the critical flow comes to another fixed point than near it, and there the bound is not stationary: see block.slope"
_STATIONARY = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class LowerBoundFlow:
    """First p is chosen, in rounds; then the recursion with that p is studied. State arrays: those of the choice, and those of
    `rgc.flows.coupling_flow.CouplingFlow`. `asked`: the study without p."""

    backend: Backend
    space: CellSpace
    choice: Choice
    asked: Study
    span: Span | None

    @property
    def scheme(self) -> str:
        return self.asked.scheme

    @property
    def steps(self) -> int:
        return self.choice.rounds + len(parts(self.asked))

    @property
    def provenance(self) -> Mapping[str, Any]:
        return provenance(self.asked)

    def start(self) -> State:
        return State(0, {}, {"why": {}})

    def step(self, state: State) -> State:
        """Raises `SpecError` where there is no stationary p."""
        if state.done < self.choice.rounds:
            self._choose(state)
        else:
            parts(self._study(state))[state.done - self.choice.rounds](state)
        state.done += 1
        return state

    def finish(self, state: State) -> Result:
        result = coupling_result(self._study(state), state, self.provenance)
        left = result.fixed_point.get("block.slope", Estimate(0.0, 0.0)).value or 0.0
        if isinstance(self.choice, StationaryP) and abs(left) > _STATIONARY:
            return replace(result, warnings=(*result.warnings, JUMPED))
        return result

    def _choose(self, state: State) -> None:
        try:
            self.choice.advance(state)
        except NotFound as error:
            message = f"no p makes the bound stationary at a critical fixed point: {error}"
            hint = "give p a number, or leave find out: then p is the best for the bound itself"
            raise SpecError([Problem("no-stationary-p", message, self.span, hint=hint)]) from error

    def _study(self, state: State) -> Study:
        chosen = self.choice.p(state)
        recursion = cell_recursion(self.backend, self.space, tuple(_value(each) for each in chosen))
        told = (lambda point: {"block.slope": slope(recursion, point)}) if len(chosen) == 1 else None
        return replace(self.asked, recursion=recursion, p=chosen, at_fixed_point=told)


def _value(p: Estimate) -> float:
    return float(cast(float, p.value))


def make_lower_bound(
    spec: Spec,
    backend: Backend,
    *,
    seed: int,
    point: Mapping[str, float],
    zero: Collection[str] | None = None,
) -> LowerBoundFlow:
    """The flow `lower_bound` of a checked spec at one point. Raises `SpecError` where p is to be the best for a bound that says nothing
    about the spec: its couplings lie outside the subspace."""
    del seed, point, zero
    assert isinstance(spec.lattice, Lattice)  # noqa: S101  (the checker asks for a crystal, and for the sections)
    assert spec.hamiltonian is not None  # noqa: S101
    assert spec.flow is not None  # noqa: S101
    subspace = cast(Subspace, spec.flow.options["subspace"])
    space = cell_space(cell_model(spec.hamiltonian, spec.lattice, spec.species), subspace)
    asked = make_study(
        spec,
        cell_recursion(backend, space, [0.0]),
        space.start,
        space.dimension,
        kind="lower bound",
        ledger=space.inside,
        constant=space.constant,
        terms=space.terms,
        provenance={"subspace": f"{subspace}: {SPACES[subspace]}"},
    )
    asked = replace(
        asked,
        space=f", p held fixed, among {SPACES[subspace]}",
        warnings=() if space.inside else (OUTSIDE,),
    )
    return LowerBoundFlow(backend, space, _choice(spec, backend, space, asked), asked, spec.flow.span)


def _choice(spec: Spec, backend: Backend, space: CellSpace, asked: Study) -> Choice:
    free = spec.blocks[0].free
    if free is None:
        return Given(tuple(float(block.p or 0.0) for block in spec.blocks))
    if asked.find is not None:
        return StationaryP(backend, space, None if asked.starts is None else asked.starts[0])
    if not space.inside:
        message = (
            "p=free asks for the tightest bound, and the spec's couplings lie outside the symmetric subspace"
        )
        hint = "take subspace=full, or find=fixed_point, where p belongs to the fixed point"
        raise SpecError([Problem("not-possible", message, spec.flow.span if spec.flow else None, hint=hint)])
    bound = Bound(backend, space, enough(space.dimension, asked.steps))
    return TightestConstant(bound) if free == "flow" else TightestSequence(bound)
