"""Kadanoff's variational renormalisation group, in which potentials are moved so that F is bounded
from below (Kadanoff 1975).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rgc.analysis.newton import PointNotFound
from rgc.analysis.recursion import Floats
from rgc.errors import Problem, SpecError
from rgc.flows.couplings.bound_optimum import LowerBound, enough
from rgc.flows.couplings.cell_recursion import CellRecursion, cell_recursion
from rgc.flows.couplings.cell_space import CellSpace, Subspace, cell_space
from rgc.flows.couplings.choose_p import ChoiceOfP, TightestConstant, TightestSequence
from rgc.flows.couplings.stationary_p import StationaryP, told_slope
from rgc.flows.flow import Account, State
from rgc.flows.request import Request
from rgc.flows.study.coupling_flow import CouplingFlow, account, parts, provenance
from rgc.flows.study.coupling_result import coupling_result
from rgc.flows.study.fieldless import judged_without_fields
from rgc.flows.study.free_spins import uncoupled
from rgc.flows.study.study import Study, make_study
from rgc.passes.cells import cell_model
from rgc.results.result import Estimate, Level, Result

if TYPE_CHECKING:
    from rgc.backend import Backend
    from rgc.text import Span

SPACES: Mapping[Subspace, str] = {
    "full": "all products of the spins of a cell, the same in every direction",
    "symmetric": (
        "functions of the number of flipped spins of a cell, so that all its pair couplings are "
        "equal"
    ),
}
OUTSIDE = (
    "the spec's couplings are no function of the number of flipped spins of a cell: the first "
    "step reads them as the nearest one, so that the constants give no bound on F of this spec"
)
JUMPED = (
    "at this p the critical flow comes to another fixed point than near it, and there the bound "
    "is not stationary: see block.slope"
)
_STATIONARY = 1e-9


@dataclass(frozen=True, eq=False)
class LowerBoundFlow:
    """A flow that first chooses p, in rounds, and then studies the recursion with that p.

    `asked` is the study without p. State arrays are those of the choice, and those of
    `rgc.flows.study.coupling_flow.CouplingFlow`.
    """

    backend: Backend
    space: CellSpace
    choice: ChoiceOfP
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

    @cached_property
    def study(self) -> CouplingFlow:
        """The study with the p of the choice, which is made here."""
        state = self.start()
        while state.done < self.choice.rounds:
            self._choose(state)
            state.done += 1
        return CouplingFlow(self._with_p(state))

    def start(self) -> State:
        return State(0, {}, {"why": {}})

    def step(self, state: State) -> State:
        """One round of the choice, or one part of the study. Raises `SpecError` where there is no
        stationary p.
        """
        if state.done < self.choice.rounds:
            self._choose(state)
        else:
            parts(self._with_p(state))[state.done - self.choice.rounds](state)
        state.done += 1
        return state

    def accounts(self) -> Sequence[Account]:
        told = account(self.asked)
        chosen = f"is chosen before, in {self.choice.rounds} rounds: {self.choice.account}"
        return (Account(told.head, {**told.lines, "p": chosen}),)

    def finish(self, state: State) -> Result:
        study = self._with_p(state)
        result = coupling_result(study, state, self.provenance)
        left = result.fixed_point.get("block.slope", Estimate(0.0, 0.0)).value or 0.0
        if isinstance(self.choice, StationaryP) and abs(left) > _STATIONARY:
            return replace(result, warnings=(*result.warnings, JUMPED))
        return replace(result, levels=tuple(_with_errors(result.levels, study)))

    def _choose(self, state: State) -> None:
        try:
            self.choice.advance(state)
        except PointNotFound as error:
            message = f"no p makes the bound stationary at a critical fixed point: {error}"
            hint = "give p a number, or leave find out: then p is the best for the bound itself"
            raise SpecError([Problem("no-stationary-p", message, self.span, hint=hint)]) from error

    def _with_p(self, state: State) -> Study:
        return with_p(self.asked, self.backend, self.space, self.choice.p(state))


def with_p(asked: Study, backend: Backend, space: CellSpace, p: Sequence[Estimate]) -> Study:
    """The study with these p, in turn."""
    given = [float(cast(float, one.value)) for one in p]
    recursion = cell_recursion(backend, space, given)
    near = tuple(
        replace(cast(CellRecursion, each), kernels=recursion.kernels) for each in asked.nearby
    )
    told = (lambda point: {"block.slope": told_slope(recursion, point)}) if len(p) == 1 else None
    return replace(asked, recursion=recursion, nearby=near, p=tuple(p), at_fixed_point=told)


def _with_errors(levels: Sequence[Level], study: Study) -> Iterator[Level]:
    """Levels whose numbers have the errors that follow from those of p to first order, and None
    after a p of unknown error.
    """
    recursion = cast(CellRecursion, study.recursion)
    errors: Floats | None = np.zeros(1 + len(recursion.names))
    yield levels[0]
    for step, (before, level) in enumerate(pairwise(levels)):
        of_p = study.p[step % len(study.p)].error
        if errors is not None and of_p is not None:
            couplings = np.array(
                [coupling.value for coupling in before.couplings.values()], dtype=np.float64
            )
            by_couplings, by_p = recursion.derivatives(couplings, step)
            change = np.abs(by_couplings) @ errors[1:] + np.abs(by_p) * of_p
            errors = np.array([errors[0] + change[0] / recursion.sites**step, *change[1:]])
        else:
            errors = None
        yield _with_error(
            level, [None] * (1 + len(recursion.names)) if errors is None else errors.tolist()
        )


def _with_error(level: Level, errors: Sequence[float | None]) -> Level:
    """The level with errors of its constant and its couplings."""
    named = zip(level.couplings.items(), errors[1:], strict=True)
    told = {
        name: replace(value, error=errors[0]) if name == "constant" else value
        for name, value in level.values.items()
    }
    return replace(
        level,
        couplings={name: replace(coupling, error=e) for (name, coupling), e in named},
        values=told,
    )


def make_lower_bound(request: Request) -> CouplingFlow | LowerBoundFlow:
    """The flow `lower_bound` of a checked spec at one point. Raises `SpecError` where p is to be
    the best for a bound that says nothing about the spec: its couplings lie outside the subspace.
    """
    backend, asked = request.backend, judged_without_fields(request, _study)
    space = cast(CellRecursion, asked.recursion).space
    if not any(block.free for block in request.blocks):
        given = [Estimate(block.p, 0.0, "exact") for block in request.blocks]
        return CouplingFlow(with_p(asked, backend, space, given))
    return LowerBoundFlow(backend, space, _choice(request, space, asked), asked, request.span)


def _study(request: Request) -> Study:
    """The study before there are p."""
    subspace = cast(Subspace, request.options.word("subspace"))
    space = cell_space(cell_model(request.hamiltonian, request.crystal, request.species), subspace)
    asked = make_study(
        request,
        cell_recursion(request.backend, space, [0.0]),
        space.start,
        space.dimension,
        kind="lower bound",
        accumulates=space.inside,
        constant=space.constant,
        terms=space.terms,
        provenance={"subspace": f"{subspace}: {SPACES[subspace]}"},
    )
    return replace(
        asked,
        space=f", p held fixed, among {SPACES[subspace]}",
        warnings=() if space.inside else (OUTSIDE,),
        beyond=partial(uncoupled, space.bonds),
    )


def _choice(request: Request, space: CellSpace, asked: Study) -> ChoiceOfP:
    if asked.find is not None:
        return StationaryP(
            request.backend, space, None if asked.starts is None else asked.starts[0]
        )
    if not space.inside:
        message = (
            "p=free asks for the tightest bound, and the spec's couplings lie outside the "
            "symmetric subspace"
        )
        hint = "take subspace=full, or find=fixed_point, where p belongs to the fixed point"
        raise SpecError([Problem("not-possible", message, request.span, hint=hint)])
    bound = LowerBound(request.backend, space, enough(space.dimension, asked.steps))
    return TightestConstant(bound) if request.blocks[0].free == "flow" else TightestSequence(bound)
