"""What a tensor flow answers: free energy, exponents, central charge, accumulated constants and
spectra.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.conformal import RULE, errors, plateau
from rgc.analysis.exponents import Headline, derived
from rgc.flows.flow import State
from rgc.flows.tensors.tensor_rg import TensorRG
from rgc.results.result import Eigenvalue, Estimate, FreeEnergy, Level, Result

Floats = NDArray[np.float64]

LOWEST, HIGHEST = 5.0, 8.0
"""The error of F in units of what the cuts take from ln Z at first order: as much as F changes with
chi, between these two. The first order itself came out between a tenth and twice the truth.
"""

ROUNDING = 4e-15
"""Of F, relative to its size or to 1."""


def tensor_result(rg: TensorRG, state: State) -> Result:
    """The answer of a finished rg."""
    value, error, note = free_energy(rg, state)
    values, sites = {}, rg.sites
    if sites is not None:
        total = None if error is None else sites * error
        values["log_z"] = Estimate(-sites * value, total, "truncated", note=note)
    criticality = critical(rg, state)
    return Result(
        rg.scheme,
        exponents=criticality.exponents,
        levels=_levels(rg, state),
        eigenvalues=criticality.eigenvalues,
        free_energy=(
            FreeEnergy(f"{rg.scheme}({rg.setting.chi})", value, error, "truncated", note=note),
        ),
        values=values | criticality.values,
        tables=_tables(state),
        warnings=(*_cuts(rg, state), *criticality.warnings),
        provenance=rg.provenance,
    )


def free_energy(rg: TensorRG, state: State) -> tuple[float, float | None, str]:
    """F/N, its error, and why there is none.

    The error is the largest change from less of chi, but at least `LOWEST` and at most `HIGHEST`
    times what the cuts take from ln Z at first order, each step counted by the sites of its
    tensors, the steps beyond the last one looked at as that.
    """
    value, *less = (rg.free_energy(state, k) for k in range(len(rg.chis)))
    if not less:
        return value, None, "chi=1 has nothing smaller to be compared with"
    lost = np.abs(state.arrays["lost"][: state.done + 1])
    first_order = float(
        np.sum(lost * 2.0 ** -np.arange(len(lost))) + lost[-1] * 2.0 ** (1 - len(lost))
    )
    change = max(abs(value - other) for other in less)
    if not np.isfinite(first_order):
        return value, change, ""
    error = min(max(change, LOWEST * first_order), HIGHEST * first_order)
    return value, max(error, ROUNDING * max(1.0, abs(value))), ""


def _levels(rg: TensorRG, state: State) -> tuple[Level, ...]:
    """The accumulated constants of F/N = constant + F_n/N.

    F_n belongs to the tensors of level n, whose largest entry is 1.
    """
    note = "part of the accumulated constant: the error is that of the free energy"
    couplings = {
        name: Estimate(value, 0.0, "exact") for name, value in rg.setting.couplings.items()
    }
    constants = state.arrays["constant"][0]
    return tuple(
        Level(
            n,
            shape,
            {} if n else couplings,
            values={"constant": Estimate(float(constants[n]), None, "truncated", note=note)},
        )
        for n, shape in enumerate(rg.plan.shapes[: state.done + 1])
    )


def _tables(state: State) -> dict[str, NDArray[np.float64]]:
    """`singular_values` [step, value] in units of the largest, and for every chi `discarded` [k,
    step], `central_charge` [k, step], `scaling_dimensions` and `scaling_charges` [k, step, n].
    """
    a = state.arrays
    return {
        "singular_values": a["spectrum"][1:],
        "discarded": a["discarded"],
        "central_charge": a["central_charge"],
        "scaling_dimensions": a["dimensions"],
        "scaling_charges": a["charges"],
    }


def _cuts(rg: TensorRG, state: State) -> tuple[str, ...]:
    """Where chi would have cut a multiplet of equal singular values."""
    warnings = []
    dropped = state.arrays["dropped"][0]
    for sign, verb in ((1, "dropped"), (-1, "kept")):
        steps = np.flatnonzero(sign * dropped > 0)
        if len(steps):
            first, size = int(steps[0]), abs(int(dropped[steps[0]]))
            again = f", and at {len(steps) - 1} later steps" if len(steps) > 1 else ""
            warnings.append(
                f"{rg.scheme}({rg.setting.chi}): a multiplet of equal singular values "
                f"would have been cut and was {verb} whole: "
                f"{size} {'fewer' if sign > 0 else 'more'} than chi at step {first}{again}"
            )
    return tuple(warnings)


# -- criticality -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Critical:
    """What the fixed tensor says, nothing where the flow passes no critical one."""

    exponents: dict[str, Estimate] = field(default_factory=dict)
    eigenvalues: tuple[Eigenvalue, ...] = ()
    values: dict[str, Estimate] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


ONE_SECTOR = (
    "no symmetry of the Hamiltonian tells thermal from magnetic: the leading exponent of all "
    "operators stands among the eigenvalues, and is not called y_t"
)
NO_ORDER = (
    "an operator without charge is more relevant than all that have one, so that the symmetry of "
    "the Hamiltonian is not the one that is broken, and does not tell thermal from magnetic"
)


def critical(rg: TensorRG, state: State) -> Critical:
    """Exponents y = 2 - x and the central charge at the level that `RULE` chooses.

    The sectors follow from the charges of the fixed tensor's symmetry.
    """
    if not rg.setting.spectra:
        return Critical()
    a, order = state.arrays, int(np.prod(state.arrays["orders"]))
    seen = [
        _Seen(a["central_charge"][k], a["dimensions"][k], a["charges"][k])
        for k in range(len(rg.chis))
    ]
    sectors = {_name(order, charged): charged for charged in (False, True)[: 1 + (order > 1)]}
    level = plateau(_leading(seen, tuple(sectors.values())))
    if isinstance(level, str):
        return Critical({"y_t": Estimate(None, None, "truncated", note=level)})
    heads: list[Headline] = []
    eigenvalues: list[Eigenvalue] = []
    for sector, charged in sectors.items():
        x, error = _with_errors(seen, charged, level)
        heads.append(_headline(x, error, level))
        eigenvalues += _eigenvalues(x, error, sector, level, rg.setting.chi)
    c = _central_charge(seen, level)
    reason = _not_told(heads)
    if reason:
        unnamed = {"y_t": Estimate(None, None, "truncated", note=reason)}
        return Critical(unnamed, tuple(eigenvalues), {"central_charge": c}, (reason,))
    thermal, magnetic = heads[0], _noted(heads[1], rg)
    table = {"y_t": thermal, "y_h": magnetic} | derived(thermal, magnetic, 2)
    return Critical(
        {name: _estimate(headline) for name, headline in table.items()},
        tuple(eigenvalues),
        {"central_charge": c},
    )


def _not_told(heads: Sequence[Headline]) -> str:
    """Why the sectors do not tell thermal from magnetic operators, or nothing."""
    if len(heads) < 2:
        return ONE_SECTOR
    thermal, magnetic = (head.value or 0.0 for head in heads)
    return "" if magnetic > thermal else NO_ORDER  # it is NaN where nothing has a charge


def _leading(seen: Sequence[_Seen], sectors: Sequence[bool]) -> list[Floats]:
    """c and the leading dimension of each sector [level, 1 + sector], for each chi."""
    return [
        np.stack(
            [of_chi.central_charge, *(of_chi.of(charged)[:, 0] for charged in sectors)], axis=1
        )
        for of_chi in seen
    ]


def _headline(x: Floats, error: Floats, level: int) -> Headline:
    """y = 2 - x of the lowest dimension of a sector."""
    return Headline(
        value=float(2 - x[0]),
        statistical=0.0,
        systematic=float(error[0]),
        level=level,
        rule=RULE,
        resampled=np.full(2, 2 - x[0]),
    )


def _eigenvalues(
    x: Floats, error: Floats, sector: str, level: int, chi: int
) -> Iterator[Eigenvalue]:
    """All dimensions of a sector that are known, in their order."""
    for index, (value, wrong) in enumerate(zip(x, error, strict=True), 1):
        if np.isfinite(value):
            yield _eigenvalue(
                x=float(value), error=float(wrong), sector=sector, level=level, chi=chi, index=index
            )


def _noted(magnetic: Headline, rg: TensorRG) -> Headline:
    """The magnetic exponent, which says where its field alternates."""
    if not _alternating(rg):
        return magnetic
    note = "of the field that alternates with the order: a bond weight has a negative eigenvalue"
    return replace(magnetic, note=note)


def _central_charge(seen: Sequence[_Seen], level: int) -> Estimate:
    wrong = float(errors([of_chi.central_charge[:, None] for of_chi in seen], level)[0])
    value = float(seen[0].central_charge[level])
    return Estimate(value, wrong, "truncated", systematic=wrong, rule=RULE)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """Central charges [level], dimensions [level, n] rising and their charges, of one chi."""

    central_charge: Floats
    dimensions: Floats
    charges: NDArray[np.int64]

    def of(self, charged: bool) -> Floats:
        """The dimensions [level, n] of the operators that have a charge, or of those that have none
        but are not the identity.
        """
        rows = [
            row[(charges != 0) & np.isfinite(row)]
            if charged
            else row[(charges == 0) & np.isfinite(row)][1:]
            for row, charges in zip(self.dimensions, self.charges, strict=True)
        ]
        width = max(1, *(len(row) for row in rows))
        return np.array([[*row, *[np.nan] * (width - len(row))] for row in rows])


def _with_errors(seen: Sequence[_Seen], charged: bool, level: int) -> tuple[Floats, Floats]:
    """The dimensions [n] of a sector at the level, and their errors."""
    spectra = [of_chi.of(charged) for of_chi in seen]
    width = min(spectrum.shape[1] for spectrum in spectra)
    flows = [
        np.concatenate([of_chi.central_charge[:, None], spectrum[:, :width]], axis=1)
        for of_chi, spectrum in zip(seen, spectra, strict=True)
    ]
    return flows[0][level, 1:], errors(flows, level)[1:]


def _eigenvalue(
    *, x: float, error: float, sector: str, level: int, chi: int, index: int
) -> Eigenvalue:
    """2^y of a step that doubles the linear size."""
    value = 2.0 ** (2 - x)
    return Eigenvalue(
        value=value,
        imag=0.0,
        error=value * float(np.log(2)) * error,
        exponent=2 - x,
        exponent_error=error,
        sector=sector,
        level=level,
        operators=chi,
        index=index,
        kind="truncated",
    )


def _alternating(rg: TensorRG) -> bool:
    """Whether a bond weight has a negative eigenvalue, as an antiferromagnet has. Its order is not
    that of a uniform field.
    """
    weights = [
        np.exp(np.min(energies) - np.array(energies))
        for energies in (rg.setting.bonds.x, rg.setting.bonds.y)
    ]
    return any(
        float(np.linalg.eigvalsh((w + w.T) / 2)[0]) < -1e-12 * float(w.max()) for w in weights
    )


def _name(order: int, charged: bool) -> str:
    if order == 2:
        return "odd" if charged else "even"
    return "charged" if charged else "invariant"


def _estimate(headline: Headline) -> Estimate:
    return Estimate(
        headline.value,
        headline.error,
        "truncated",
        systematic=headline.systematic,
        rule=headline.chosen,
        note=headline.note,
    )
