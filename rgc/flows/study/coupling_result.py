"""From the state of a study of couplings to its answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.analysis.exponents import DERIVED, ORDERED, Formula, not_derivable
from rgc.analysis.folded import cycle_of
from rgc.analysis.linearised_map import (
    SectorSpectrum,
    field_on_the_way,
    leading_charged,
    linearise,
)
from rgc.flows.study.coupling_tables import labels_of, tables_of
from rgc.flows.study.studied_point import StudiedPoint
from rgc.results.result import Eigenvalue, Estimate, FixedPoint, FreeEnergy, Kind, Level, Result

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
NOISE = 1e-14
"""A coupling below this, or below this part of the largest one, is rounding: at a fixed point, and
where a step ends of a map whose couplings are logarithms.
"""

NO_DIGIT = 1e-13
"""An exponent below this is a difference of numbers of order 1 that rounding makes."""

FAR = "it is beyond the largest number"
ROUNDING = "the eigenvalue is rounding: it has no exponent"
NO_SCALE = "the map has no ratio of lattice constants: give it scale=b"
NO_DIMENSION = "the dimension of the map is not known: give it sites=n and scale=b"


def coupling_result(study: Study, state: State, provenance: Mapping[str, Any]) -> Result:
    """The answer of a study: levels, free energy, fixed point, spectrum, exponents, and tables of
    what is drawn.

    The headline belongs to a critical fixed point, which is also the first in the tables. Where
    none is critical, or the spec's couplings never are, exponents are null with the reason, and
    fixed point and spectrum are those of the first point.
    """
    arrays, why = state.arrays, state.values["why"]
    points = _points(study, arrays)
    reason = _no_headline(study, points)
    spectra = points[0].spectra if points else _spectra(study)
    tables = tables_of(study, arrays, points, spectra)
    return Result(
        study.scheme,
        exponents=_exponents(study, points[0], reason) if points else _frozen(study),
        fixed_point=_fixed_point(study, points),
        fixed_points=tuple(_found(study, point) for point in points),
        levels=tuple(_levels(study, arrays)),
        eigenvalues=tuple(one for spectrum in spectra for one in _eigenvalues(study, spectrum)),
        free_energy=_free_energy(study, arrays),
        values=_values(study, arrays),
        critical=_critical(study, arrays),
        tables=tables,
        labels=labels_of(study, tables),
        terms=study.terms,
        kept=study.kept,
        warnings=tuple(_warnings(study, arrays, why, points)),
        provenance={**provenance, "couplings": list(study.recursion.names), **_plane(study)},
    )


def _points(study: Study, arrays: Mapping[str, NDArray[Any]]) -> tuple[StudiedPoint, ...]:
    """The fixed points with that of the headline first, the others in the order in which they were
    found.
    """
    points = [
        StudiedPoint(point, linearise(study.judging(point), point), study.beyond(point))
        for point in arrays.get("fixed_points", ())
    ]
    candidates = [k for k, point in enumerate(points) if point.critical]
    if candidates:
        to = arrays.get("nearest", study.start)
        points.insert(0, points.pop(min(candidates, key=lambda k: _rank(points[k], to))))
    return tuple(points)


def _rank(point: StudiedPoint, to: Floats) -> tuple[float, ...]:
    """The order of critical points, which does not depend on where the search began: first the one
    nearest to where the critical flow of the spec's couplings goes.
    """
    with np.errstate(over="ignore"):
        distance = float(np.linalg.norm(point.couplings - to))
    return (round(distance, 8), *map(float, point.couplings))


def _no_headline(study: Study, points: Sequence[StudiedPoint]) -> str:
    """Why no exponent is the headline, or nothing where one is. A fixed point without a field is
    one of other couplings than those of a spec with one.
    """
    if not points:
        return ""
    if points[0].critical:
        return "" if study.around(points[0].couplings) else study.excluded
    beyond = [point.beyond for point in points if point.beyond and point.kind == "critical"]
    kinds = ", ".join(dict.fromkeys(point.kind for point in points))
    return next(iter(beyond), f"none of the fixed points found is critical ({kinds})")


def _fixed_point(study: Study, points: Sequence[StudiedPoint]) -> dict[str, Estimate]:
    """The couplings of the first point, and what belongs to it."""
    named = _fixed(study, points[0].couplings) if points else {}
    return {**named, **_block(study, points)}


def _found(study: Study, point: StudiedPoint) -> FixedPoint:
    return FixedPoint(
        couplings=_fixed(study, point.couplings),
        kind=point.kind,
        eigenvalues=tuple(
            one for spectrum in point.spectra for one in _eigenvalues(study, spectrum)
        ),
        note=point.beyond,
        period=study.period,
        cycle=_cycle(study, point.couplings) if study.period > 1 else (),
    )


def _cycle(study: Study, point: Floats) -> tuple[Mapping[str, Estimate], ...]:
    points = cycle_of(study.recursion, point, study.period)
    return tuple(_fixed(study, each) for each in points)


def _spectra(study: Study) -> tuple[SectorSpectrum, ...]:
    return linearise(study.returning, study.start) if study.linearise else ()


def _named(study: Study, couplings: Floats, kind: Kind) -> dict[str, Estimate]:
    """Couplings by name. A fixed point is an exact number of the map, even if the map approximates
    the lattice.
    """
    return {
        name: Estimate(value, 0.0, kind)
        if isfinite(value)
        else Estimate(None, None, kind, note=FAR)
        for name, value in zip(study.recursion.names, map(float, couplings), strict=True)
    }


def _fixed(study: Study, point: Floats) -> dict[str, Estimate]:
    """The couplings of a fixed point by name, 0 where no more than rounding is left of one."""
    return _named(study, _without_noise(point, point), "exact")


def _without_noise(couplings: Floats, made_of: Floats) -> Floats:
    """The couplings, with 0 for those in which those they are made of leave only rounding."""
    noise = NOISE * max(1.0, float(np.abs(made_of).max(initial=0.0)))
    return np.where(np.abs(couplings) <= noise, 0.0, couplings)


def _block(study: Study, points: Sequence[StudiedPoint]) -> dict[str, Estimate]:
    """`block.p` where all steps have the same p, and what the scheme adds about the fixed point."""
    one = {"block.p": study.p[0]} if len(study.p) == 1 else {}
    more = (
        study.at_fixed_point(points[0].couplings)
        if study.at_fixed_point is not None and points
        else {}
    )
    return {**one, **{name: Estimate(float(value), 0.0, "exact") for name, value in more.items()}}


def _levels(study: Study, arrays: Mapping[str, NDArray[Any]]) -> Iterator[Level]:
    for number, (couplings, constant) in enumerate(
        zip(arrays["couplings"], arrays["constants"], strict=True)
    ):
        if not np.isfinite(couplings).all():
            return
        if number and study.logarithms:
            couplings = _without_noise(couplings, arrays["couplings"][number - 1])
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
    """The critical couplings on the line of the spec's, of every coupling that is not 0 there. They
    are null where the map does not hold, and where the spec's couplings are never critical.
    """
    if "critical" not in arrays:
        return {}
    couplings = arrays["critical"][1:]
    beyond = study.beyond(couplings) or study.excluded
    named = zip(study.recursion.names, couplings, study.start, strict=True)
    return {
        name: Estimate(None, None, study.exponents, note=beyond)
        if beyond
        else Estimate(float(value), 0.0, study.exponents)
        for name, value, at in named
        if at
    }


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
            note="" if isfinite(exponent) else _no_exponent(study),
        )


def _no_exponent(study: Study) -> str:
    return ROUNDING if isfinite(study.recursion.scale) else NO_SCALE


def _exponents(study: Study, point: StudiedPoint, reason: str) -> dict[str, Estimate]:
    """y_t of the invariant sector, y_h the largest of the others, and what follows from them. All
    are null if there is a `reason` against it, and there are none without a ratio of lattice
    constants.
    """
    if not isfinite(study.recursion.scale):
        return {}
    values = {"y_t": float(point.spectra[0].exponents[0])}
    if not np.isneginf(charged := leading_charged(point.spectra)):
        values["y_h"] = charged
    if reason:
        letters = {name[-1] for name in values}
        names = (name for name, (needs, _) in DERIVED.items() if letters.issuperset(needs))
        return {name: _null(study, reason) for name in (*values, *names)}
    enough = study.dimension - ORDERED
    moving = study.around(point.couplings) or study.recursion
    ordered = field_on_the_way(moving, point.couplings, enough) if "y_h" in values else np.inf
    return _derived(study, values, RULE + study.space, ordered)


def _frozen(study: Study) -> dict[str, Estimate]:
    """The exponents at zero temperature, where those are the only ones."""
    if study.find != "fixed_point" or study.frozen is None:
        return {}
    return _derived(study, dict(study.frozen()), FROZEN_RULE)


def _derived(
    study: Study, values: Mapping[str, float], rule: str, ordered: float = np.inf
) -> dict[str, Estimate]:
    """The exponents with those that follow by scaling and hyperscaling in d dimensions, null where
    that does not hold, as y_h is where its field is not that of the order.
    """
    letters = {name[-1]: value for name, value in values.items()}
    refused = not_derivable(letters.get("t"), letters.get("h"), study.dimension, ordered)
    out = {
        name: Estimate(value, 0.0, study.exponents, rule=rule)
        if isfinite(value)
        else _null(study, ROUNDING)
        for name, value in values.items()
    }
    if "h" in refused:
        out["y_h"] = _null(study, refused["h"])
    for name, (needs, formula) in DERIVED.items():
        if all(letter in letters for letter in needs):
            reason = next((refused[letter] for letter in needs if letter in refused), "")
            out[name] = (
                _null(study, reason)
                if reason
                else _exponent(study, formula, [letters[letter] for letter in needs])
            )
    return out


def _exponent(study: Study, formula: Formula, parts: Sequence[float]) -> Estimate:
    with np.errstate(all="ignore"):
        value = float(formula(study.dimension, *map(np.float64, parts)))
    if np.isnan(value) and np.isnan(study.dimension):
        return _null(study, NO_DIMENSION)
    if not abs(value) < DIVERGES:
        return _null(study, "it diverges")
    return Estimate(0.0 if abs(value) < NO_DIGIT else value, 0.0, study.exponents)


def _null(study: Study, reason: str) -> Estimate:
    return Estimate(None, None, study.exponents, note=reason)


def _plane(study: Study) -> dict[str, Any]:
    return {} if study.plane is None else {"plane": list(study.plane)}


def _warnings(
    study: Study,
    arrays: Mapping[str, NDArray[Any]],
    why: Mapping[str, str],
    points: Sequence[StudiedPoint],
) -> Iterator[str]:
    yield from study.warnings
    yield from _beyond_bounds(study, arrays)
    if study.find and study.line and "critical" in why and not _frozen(study):
        yield f"no critical point was found: {why['critical']}"
    reason = _no_headline(study, points)
    if reason and isfinite(study.recursion.scale):
        yield f"there is no headline exponent: {reason}"
    if study.find == "fixed_point" and not points and not _frozen(study):
        yield f"no fixed point was found: {why.get('fixed_point', why.get('critical', ''))}"


def _beyond_bounds(study: Study, arrays: Mapping[str, NDArray[Any]]) -> Iterator[str]:
    """Warnings about couplings at which the map does not hold, and about a truncated free energy
    that is impossible: F lies between the bounds of any lattice with these couplings.
    """
    beyond = study.beyond(study.start)
    if beyond:
        yield beyond
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
