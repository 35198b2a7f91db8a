"""From the state of a study of couplings to its answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.analysis.exponents import DERIVED
from rgc.analysis.linearised_map import SectorSpectrum, linearise
from rgc.analysis.manifolds import renormalised_trajectory
from rgc.results.result import Eigenvalue, Estimate, FreeEnergy, Kind, Level, Result

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.analysis.recursion import Floats
    from rgc.flows.flow import State
    from rgc.flows.study.study import Study

DIVERGES = 1e9
"""An exponent beyond this is the inverse of a rounding error."""

RULE = "leading eigenvalue of the linearised map in its sector, at the fixed point"
FROZEN_RULE = (
    "at the fixed point of zero temperature, y_t in the weight of unequal neighbours, exp(-2K) "
    "for Ising spins"
)


def coupling_result(study: Study, state: State, provenance: Mapping[str, Any]) -> Result:
    """The answer of a study: levels, free energy, fixed point, spectrum, exponents, and tables of
    what is drawn.

    The first fixed point is that of the headline.
    """
    arrays, why = state.arrays, state.values["why"]
    points = arrays.get("fixed_points")
    spectra = _spectra(study, points)
    exponents = _exponents(study, spectra) if points is not None else _frozen(study)
    return Result(
        study.scheme,
        exponents=exponents,
        fixed_point={
            **(_named(study, points[0], "exact") if points is not None else {}),
            **_block(study, points),
        },
        levels=tuple(_levels(study, arrays)),
        eigenvalues=tuple(one for spectrum in spectra for one in _eigenvalues(study, spectrum)),
        free_energy=_free_energy(study, arrays),
        values=_values(study, arrays),
        critical=_critical(study, arrays),
        tables=_tables(study, arrays, points, spectra),
        terms=study.terms,
        warnings=tuple(_warnings(study, arrays, why, points)),
        provenance={**provenance, "couplings": list(study.recursion.names), **_plane(study)},
    )


def _spectra(study: Study, points: Floats | None) -> tuple[SectorSpectrum, ...]:
    if points is not None:
        return linearise(study.recursion, points[0])
    return linearise(study.recursion, study.start) if study.linearise else ()


def _named(study: Study, couplings: Floats, kind: Kind) -> dict[str, Estimate]:
    """Couplings by name. A fixed point is an exact number of the map, even if the map approximates
    the lattice.
    """
    pairs = zip(study.recursion.names, map(float, couplings), strict=True)
    return {name: Estimate(value if isfinite(value) else None, 0.0, kind) for name, value in pairs}


def _block(study: Study, points: Floats | None) -> dict[str, Estimate]:
    """`block.p` where all steps have the same p, and what the scheme adds about the fixed point."""
    one = {"block.p": study.p[0]} if len(study.p) == 1 else {}
    more = (
        study.at_fixed_point(points[0])
        if study.at_fixed_point is not None and points is not None
        else {}
    )
    return {**one, **{name: Estimate(float(value), 0.0, "exact") for name, value in more.items()}}


def _levels(study: Study, arrays: Mapping[str, NDArray[Any]]) -> Iterator[Level]:
    for number, (couplings, constant) in enumerate(
        zip(arrays["couplings"], arrays["constants"], strict=True)
    ):
        if not np.isfinite(couplings).all():
            return
        named = _named(study, couplings, "exact" if number == 0 else study.exponents)
        told = {"constant": Estimate(float(constant), 0.0, study.kind)} if study.accumulates else {}
        if number and len(study.p) > 1:
            told["block.p"] = study.p[(number - 1) % len(study.p)]
        yield Level(number, (), named, values=told)


def _free_energy(study: Study, arrays: Mapping[str, NDArray[Any]]) -> tuple[FreeEnergy, ...]:
    if "free_energy" not in arrays:
        return ()
    value, error = map(float, arrays["free_energy"])
    return (FreeEnergy(study.scheme, value, error, study.kind, per=study.per),)


def _critical(study: Study, arrays: Mapping[str, NDArray[Any]]) -> dict[str, Estimate]:
    """The critical couplings on the line of the spec's, of every coupling that is not 0 there."""
    if "critical" not in arrays:
        return {}
    named = zip(study.recursion.names, arrays["critical"][1:], study.start, strict=True)
    return {name: Estimate(float(value), 0.0, study.exponents) for name, value, at in named if at}


def _values(study: Study, arrays: Mapping[str, NDArray[Any]]) -> dict[str, Estimate]:
    """`log_z` of a finite lattice."""
    if "log_z" not in arrays:
        return {}
    value, error = map(float, arrays["log_z"])
    return {"log_z": Estimate(value, error, study.kind)}


def _eigenvalues(study: Study, spectrum: SectorSpectrum) -> Iterator[Eigenvalue]:
    count = len(spectrum.values)
    for k, value in enumerate(spectrum.values):
        exponent = float(spectrum.exponents[k])
        yield Eigenvalue(
            value=float(value.real),
            imag=float(value.imag),
            error=0.0,
            exponent=exponent,
            exponent_error=0.0,
            sector=spectrum.sector,
            level=1,
            operators=count,
            index=k + 1,
            kind=study.exponents,
        )


def _exponents(study: Study, spectra: tuple[SectorSpectrum, ...]) -> dict[str, Estimate]:
    """y_t of the invariant sector, y_h the largest of the others, and what follows from them."""
    leading = [float(spectrum.exponents[0]) for spectrum in spectra]
    values = {"y_t": leading[0]} if leading else {}
    if len(leading) > 1:
        values["y_h"] = max(leading[1:])
    return _derived(study, values, RULE + study.space)


def _frozen(study: Study) -> dict[str, Estimate]:
    """The exponents at zero temperature, where those are the only ones."""
    if study.find != "fixed_point" or study.frozen is None:
        return {}
    return _derived(study, dict(study.frozen()), FROZEN_RULE)


def _derived(study: Study, values: dict[str, float], rule: str) -> dict[str, Estimate]:
    """The exponents with those that follow by scaling and hyperscaling in d dimensions."""
    letters = {name[-1]: value for name, value in values.items()}
    for name, (needs, formula) in DERIVED.items():
        if all(letter in letters for letter in needs):
            with np.errstate(all="ignore"):
                values[name] = float(
                    formula(study.dimension, *(np.float64(letters[letter]) for letter in needs))
                )
    return {name: _exponent(study, name, value, rule) for name, value in values.items()}


def _exponent(study: Study, name: str, value: float, rule: str) -> Estimate:
    if not abs(value) < DIVERGES:
        return Estimate(None, None, study.exponents, note="it diverges")
    return Estimate(value, 0.0, study.exponents, rule=rule if name[:2] == "y_" else "")


def _tables(
    study: Study,
    arrays: Mapping[str, NDArray[Any]],
    points: Floats | None,
    spectra: tuple[SectorSpectrum, ...],
) -> dict[str, NDArray[Any]]:
    """The tables of the study.

    They are `right_<sector>` and `left_<sector>` as [part, row, column] (part 0 real, 1 imaginary),
    `fixed_points`, `paths`, and of a flow diagram `diagram`, `critical_line` and, where one
    direction is relevant, `renormalised_trajectory`.
    """
    out: dict[str, NDArray[Any]] = {}
    for spectrum in spectra:
        out[f"right_{spectrum.sector}"] = np.stack([spectrum.right.real, spectrum.right.imag])
        out[f"left_{spectrum.sector}"] = np.stack([spectrum.left.real, spectrum.left.imag])
    if points is not None:
        out["fixed_points"] = points
    paths = [arrays[name] for name in arrays if name.startswith("paths_")]
    if paths:
        out["paths"] = np.array(paths)
    if study.plane is None:
        return out
    rows = [arrays[name] for name in arrays if name.startswith("diagram_")]
    out |= {"diagram": np.concatenate(rows), "critical_line": arrays["critical_line"]}
    if points is not None and _relevant(spectra[0]) == 1:
        leading = spectra[0]
        out["renormalised_trajectory"] = renormalised_trajectory(
            study.recursion, points[0], leading.leading, float(leading.values[0].real)
        )
    return out


def _plane(study: Study) -> dict[str, Any]:
    return {} if study.plane is None else {"plane": list(study.plane)}


def _relevant(spectrum: SectorSpectrum) -> int:
    return int((np.abs(spectrum.values) > 1).sum())


def _warnings(
    study: Study, arrays: Mapping[str, NDArray[Any]], why: Mapping[str, str], points: Floats | None
) -> Iterator[str]:
    yield from study.warnings
    yield from _beyond_bounds(study, arrays)
    if study.find and "critical" in why and not _frozen(study):
        yield f"no critical point was found: {why['critical']}"
    if study.find == "fixed_point" and points is None and not _frozen(study):
        yield f"no fixed point was found: {why.get('fixed_point', why.get('critical', ''))}"


def _beyond_bounds(study: Study, arrays: Mapping[str, NDArray[Any]]) -> Iterator[str]:
    """A warning about a truncated free energy that is impossible: F lies between the bounds of any
    lattice with these couplings.
    """
    if study.kind != "truncated" or "free_energy" not in arrays:
        return
    low, high = study.recursion.bounds(study.start)
    value, error = (float(x) for x in arrays["free_energy"] - np.array([study.constant, 0.0]))
    if not low - error <= value <= high + error:
        told = (
            f"F lies between {low:.6g} and {high:.6g} for these couplings, and the truncated map "
            f"makes it {value:.6g}"
        )
        yield f"{told}: the expansion does not hold here"
