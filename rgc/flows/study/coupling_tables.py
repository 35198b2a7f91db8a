"""The tables of a study of couplings: spectra, fixed points, paths and the flow diagram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.analysis.linearised_map import SectorSpectrum
from rgc.analysis.manifolds import renormalised_trajectory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.analysis.recursion import Floats
    from rgc.flows.study.studied_point import StudiedPoint
    from rgc.flows.study.study import Study


def tables_of(
    study: Study,
    arrays: Mapping[str, NDArray[Any]],
    points: Sequence[StudiedPoint],
    spectra: tuple[SectorSpectrum, ...],
) -> dict[str, NDArray[Any]]:
    """The tables of the study.

    They are `right_<sector>` and `left_<sector>` as [part, row, column] (part 0 real, 1 imaginary),
    `fixed_points` with the numbers `fixed_points_relevant` of their relevant directions in the
    invariant sector, where there is only this sector also their eigenvectors
    `fixed_points_directions` [point, quantity, k] and the moduli `fixed_points_sizes` [point, k] of
    their eigenvalues, `paths`, and of a flow diagram `diagram`, `critical_line` and, where one
    direction is relevant, `renormalised_trajectory`.
    """
    out: dict[str, NDArray[Any]] = {}
    for spectrum in spectra:
        out[f"right_{spectrum.sector}"] = np.stack([spectrum.right.real, spectrum.right.imag])
        out[f"left_{spectrum.sector}"] = np.stack([spectrum.left.real, spectrum.left.imag])
    if points:
        out["fixed_points"] = np.array([point.couplings for point in points])
        out["fixed_points_relevant"] = np.array([point.spectra[0].relevant for point in points])
        if all(len(point.spectra) == 1 for point in points):
            spectra_of = [point.spectra[0] for point in points]
            out["fixed_points_directions"] = np.array([_real(each.right) for each in spectra_of])
            out["fixed_points_sizes"] = np.array([np.abs(each.values) for each in spectra_of])
    paths = [arrays[name] for name in arrays if name.startswith("paths_")]
    if paths:
        out["paths"] = np.array(paths)
    if study.plane is None:
        return out
    rows = [arrays[name] for name in arrays if name.startswith("diagram_")]
    out["diagram"] = np.concatenate(rows)
    if "critical_line" in arrays:
        out["critical_line"] = arrays["critical_line"]
    if points and points[0].critical:
        leading = spectra[0]
        out["renormalised_trajectory"] = renormalised_trajectory(
            study.judging(points[0].couplings),
            points[0].couplings,
            leading.leading,
            float(leading.values[0].real),
        )
    return out


def labels_of(study: Study, tables: Mapping[str, Any]) -> dict[str, dict[int, Sequence[str]]]:
    """The couplings along axes of the tables."""
    names = study.recursion.names
    axes = {"fixed_points": 1, "fixed_points_directions": 1, "paths": 2}
    labels: dict[str, dict[int, Sequence[str]]] = {
        name: {axis: names} for name, axis in axes.items() if name in tables
    }
    if study.plane is not None:
        labels["diagram"] = {2: [names[k] for k in study.plane]}
    return labels


def _real(vectors: NDArray[Any]) -> Floats:
    """Real eigenvectors as they are, and NaN for complex ones."""
    return np.where(np.abs(vectors.imag).max(axis=0) < 1e-12, vectors.real, np.nan)
