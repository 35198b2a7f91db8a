"""The variational Monte Carlo renormalisation group of Wu and Car (2017)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.analysis.newton_bias import rounded
from rgc.analysis.statistics import GROUPS
from rgc.flows.flow import Account, State
from rgc.flows.request import Request
from rgc.flows.sampling.basis import Basis
from rgc.flows.sampling.model import Model, make_model
from rgc.flows.sampling.plan import make_plan
from rgc.flows.sampling.recording import frozen, unfrozen
from rgc.flows.variational.biased_level import BiasedLevels, make_biased_levels
from rgc.flows.variational.constant import POINTS, energy
from rgc.flows.variational.measured import Measured
from rgc.flows.variational.stages import RISE, Stage, stages
from rgc.flows.variational.sums import TARGET, UNBIASED, UNIFORM, LevelSums
from rgc.flows.variational.variational_result import variational_result
from rgc.model.operators import Operator
from rgc.model.spec import Spec
from rgc.passes.write_sum import sum_text
from rgc.results.result import Result

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST = 2.0
"""A coupling that grows beyond this has left every critical surface."""

KEPT = {"rise": UNIFORM, "newton": UNIFORM, "target": TARGET, "unbiased": UNBIASED}
"""Where the sums of a stage are kept."""


@dataclass(frozen=True, slots=True, eq=False)
class VariationalMcrg:
    """`variational_mcrg(...)` at one point.

    Every level is sampled by itself, through the same stages. A step is a sweep, and stages that
    are not needed are passed over.

    The state arrays are `spins_<k>`, the fields of the level that is sampled, and for each level n
    those of its `LevelSums`, `bias_<n>` [a], the bias with which couplings were measured,
    `applied_<n>` [a], the one that is in place, and `path_<n>` [1 + group, k], <H> on the way up,
    where the couplings are k/8 of those of the spec. The values are `failed`, why a level has no
    couplings, by its number.
    """

    model: Model
    levels: BiasedLevels
    sums: tuple[LevelSums, ...]
    schedule: tuple[Stage, ...]
    target: float
    terms: Mapping[str, str]

    @property
    def scheme(self) -> str:
        return "variational_mcrg"

    @property
    def steps(self) -> int:
        return len(self.sums) * self.schedule[-1].end

    @property
    def provenance(self) -> Mapping[str, Any]:
        levels, basis = self.levels.levels, self.levels.basis
        return levels[-1].sampler.provenance | {
            "dropped": list(self.model.zero),
            "sectors": list(basis.names),
            "operators": {sector: list(names) for sector, names in basis.names.items()},
            "flagged": {level.number: sorted(level.flagged) for level in levels},
            "letters": {level.number: len(level.unfolded.lattice.basis) for level in levels},
            "target": self.target,
        }

    def start(self) -> State:
        records = max(stage.plan.records for stage in self.schedule)
        arrays: dict[str, NDArray[Any]] = {
            f"spins_{k}": field for k, field in enumerate(self.levels.levels[0].sampler.start())
        }
        for sums in self.sums:
            bias = (f"{kind}_{sums.level.number}" for kind in ("bias", "applied"))
            arrays |= {name: np.zeros(len(sums.level.invariant)) for name in bias}
            arrays[f"path_{sums.level.number}"] = np.full((1 + GROUPS, POINTS), np.nan)
            arrays |= sums.empty(records)
        return State(0, arrays, {"failed": {}}, fixed=True)

    def step(self, state: State) -> State:
        number, done = divmod(state.done, self.schedule[-1].end)
        sums, stage = self.sums[number], next(s for s in self.schedule if done < s.end)
        level, kept = sums.level, KEPT[stage.kind]
        if done == stage.first:
            sums.clear(state.arrays, kept)
        if not done:
            started = enumerate(level.sampler.start())
            state.arrays |= {f"spins_{k}": field for k, field in started}
        applied = state.arrays[f"applied_{level.number}"]
        sampler = level.biased(stage.scale, applied.tolist())
        fields = unfrozen(sampler, state)
        for piece in stage.plan.pieces(done - stage.first, state.most):
            fields = sampler.sweep(fields, stage.first + piece.first, piece.count)
            done += piece.count
            if piece.record is not None:
                fields, counts = level.recorder(fields)
                sums.record(state.arrays, kept, piece.record, counts[0])
        frozen(sampler, state, fields)
        if done == stage.end:
            done = self._end(state, sums, stage)
        state.done = number * self.schedule[-1].end + done
        return state

    def _end(self, state: State, sums: LevelSums, stage: Stage) -> int:
        """The bias of the next stage of a level. Returns the sweeps before that."""
        last, arrays, n = self.schedule[-1], state.arrays, sums.level.number
        if stage.kind in ("target", "unbiased"):
            arrays[f"applied_{n}"] = np.zeros(len(sums.level.invariant))
            return stage.end
        found, applied = sums.batch(arrays, stage.plan.records), arrays[f"applied_{n}"]
        better = applied + found.step[0]
        following = self.schedule[self.schedule.index(stage) + 1]
        reason = self._left(sums, better, stage)
        groups = [float(coefficient) for coefficient in self.model.coefficients]
        point = round(RISE * stage.scale)
        arrays[f"path_{n}"][:, point] = energy(sums, arrays, stage.plan.records, groups)
        if stage.kind == "rise":
            better = better + sums.rate(arrays, stage.plan.records, groups)[0] / RISE
            reason = reason or self._left(sums, better, stage)
        elif not reason and stage.long and found.converged:
            arrays[f"bias_{n}"] = applied
            following = next(each for each in self.schedule if each.kind in ("target", "unbiased"))
            better = better * (1 - self.target if following.kind == "target" else 0)
        elif not reason and following.kind != "newton":
            reason = _restless(found.decrement / found.noise, self.schedule)
        if reason:
            state.values["failed"][str(n)] = reason
            return last.end
        arrays[f"applied_{n}"] = rounded(better)
        return following.first

    def _left(self, sums: LevelSums, bias: NDArray[np.float64], stage: Stage) -> str:
        """Why a level cannot have such couplings, or the empty string."""
        where = f"with {stage.scale:g} times the couplings of the spec"
        if not np.isfinite(bias).all():
            return f"{where} an operator does not fluctuate"
        worst = int(np.argmax(np.abs(bias)))
        if abs(bias[worst]) <= LARGEST:
            return ""
        name, value = sums.level.invariant[worst], bias[worst]
        return (
            f"{where} the coupling {name} grows to {value:.3g}, beyond {LARGEST:g}: "
            "the flow has left the critical surface"
        )

    def accounts(self) -> Sequence[Account]:
        return ()  # programs do it all

    def finish(self, state: State) -> Result:
        newton = next(stage for stage in self.schedule if stage.kind == "newton")
        long = next(stage for stage in self.schedule if stage.long)
        settled = long.first - newton.first + long.plan.thermalise
        measured = Measured(
            model=self.model,
            basis=self.levels.basis,
            sums=self.sums,
            arrays=state.arrays,
            failed=state.values["failed"],
            plan=long.plan,
            uniform=replace(long.plan, thermalise=settled),
            unbiased=self.schedule[-1].plan,
            target=any(stage.kind == "target" for stage in self.schedule),
        )
        return variational_result(self.scheme, measured, self.terms, self.provenance)


def _restless(ratio: float, schedule: Sequence[Stage]) -> str:
    """Why Newton's method has found no bias."""
    batches = sum(stage.kind == "newton" for stage in schedule)
    return (
        f"after {batches} Newton batches the step is still {ratio:.2g} times as large, squared, as "
        "its noise: take more iterations or sweeps"
    )


def make_variational_mcrg(request: Request) -> VariationalMcrg:
    """The flow `variational_mcrg` of a spec at one point.

    Raises `SpecError` for what cannot be sampled, blocked or biased yet.
    """
    model = make_model(request.spec, request.zero)
    levels = make_biased_levels(model, request)
    options = model.options
    target = options.number("target")
    largest = max(level.unfolded.lattice.sites for level in levels.levels)
    plan = make_plan(options, largest * len(model.species))
    groups = len(model.merged.groups)
    return VariationalMcrg(
        model,
        levels,
        tuple(LevelSums(level, groups, plan.replicas) for level in levels.levels),
        stages(plan, options.integer("iterations"), target),
        target,
        _terms(request.spec, levels.basis),
    )


def _terms(spec: Spec, basis: Basis) -> dict[str, str]:
    """The invariant operators that the spec does not name, in the language."""
    own = {term.name for term in spec.hamiltonian.terms} if spec.hamiltonian else set()
    return {
        operator.name: sum_text([(1.0, product) for product in operator.products], spec)
        for operator in basis.operators
        if isinstance(operator, Operator)
        and operator.name in basis.names[basis.invariant]
        and operator.name not in own
    }
