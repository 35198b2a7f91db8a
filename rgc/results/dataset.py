"""The answer of a run as one xarray dataset, which is also the NetCDF file."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rgc.results.document import document
from rgc.results.figures.labels import FREE, method_names

if TYPE_CHECKING:
    from pandas import DataFrame
    from xarray import Dataset

    from rgc.results.answer_data import AnswerData, Point
    from rgc.results.result import Estimate, Result

Variables = dict[str, Any]
POINT = "the points"
"""The dimension along which points are joined. No parameter has a name of two words."""

TABLES = ("exponents", "fixed_point", "observables")
EIGENVALUE = (
    "value",
    "imag",
    "error",
    "exponent",
    "exponent_error",
    "sector",
    "level",
    "operators",
    "index",
    "wrapped",
    "kind",
)


def dataset(answer: AnswerData) -> Dataset:
    """Every table of the answer.

    - The numbers of `TABLES` are `exponents_value(exponents)`, `exponents_error`,
      `exponents_statistical`, `exponents_systematic`, `exponents_kind`, and so on.
    - Each exponent and observable is also a variable by its own name, such as `energy` and
      `energy_error`, or `value_level` where the dataset has something else of the name `level`.
    - Free energies are `free_energy(method)`, with `_error` and `_kind`; in a scan of an option,
      such as chi, the method is named without it.
    - What belongs to a level is `coupling_value(level, coupling)` and
      `average_value(level, average)`, with `_error`.

    A run without a scan also has `eigenvalue_<column>(eigenvalue)`, time series
    `series_<name>(record_<length>)`, spins `configuration_<level>(cell0_<level>, ...,
    letter_<level>)`, `table_<name>`, and what `save` and `series` keep,
    `configurations_<species>(replica, saved, ...)` and `replicas_<name>(replica, record)`. A scan
    has one more dimension for each scanned parameter (`parameter_names`), and leaves out these
    arrays, whose shapes may differ between points.
    """
    import xarray as xr

    attributes = {
        "title": _without_nul(answer.title),
        "spec": _without_nul(answer.text),
        "spec_sha256": answer.sha256,
        "backend": answer.backend,
        "seed": str(answer.seed),
        "provenance": json.dumps(document(answer)["provenance"]),
    }
    if not answer.axes:
        tables = _named(answer.result) | _levels(answer.result) | _whole(answer.result)
        return xr.Dataset(_with_scalars(tables, answer.result), attrs=attributes)
    column = _columns(answer)
    parts = [
        xr.Dataset(
            _with_scalars(_named(point.result, column) | _levels(point.result), point.result)
        )
        for point in answer.points
    ]
    called = parameter_names(
        [axis.name for axis in answer.axes],
        {str(name) for part in parts for name in part.variables},
    )
    joined = xr.concat(
        [_placed(part, point, called) for part, point in zip(parts, answer.points, strict=True)],
        dim=POINT,
        join="outer",
        data_vars="all",
        coords="minimal",
        compat="equals",
    )
    names = list(called.values())
    several = len(names) > 1
    indexes: dict[Any, Any] = {POINT: names}
    grid = (
        joined.set_index(indexes).unstack(POINT) if several else joined.swap_dims({POINT: names[0]})
    )
    grid.attrs = attributes
    return grid


def dataframe(answer: AnswerData) -> DataFrame:
    """Exponents, observables and free energies, a row for each point with its parameters as index.

    A quantity has the columns `energy` and `energy_error`, a free energy `free_energy.transfer`.
    In a scan of an option, such as chi, that of all points is one column, `free_energy.trg`.
    """
    import pandas as pd

    column = _columns(answer)
    rows = [
        {**_scalars(point.result), **_free_energies(point.result, column)}
        for point in answer.points
    ]
    if not answer.axes:
        return pd.DataFrame(rows)
    names = [axis.name for axis in answer.axes]
    values = [tuple(point.parameters[name] for name in names) for point in answer.points]
    return pd.DataFrame(rows, index=pd.MultiIndex.from_tuples(values, names=names))


def _with_scalars(tables: Variables, result: Result) -> Variables:
    """The tables, and every number with a name as a variable of its own."""
    taken = {*tables, *(str(name) for array in tables.values() for name in array.dims)}
    return tables | {
        f"value_{name}" if name in taken else name: _array([], number)
        for name, number in _scalars(result).items()
    }


def _scalars(result: Result) -> dict[str, float]:
    """The exponents and observables by name, each with its error behind it."""
    return {
        key: _number(number)
        for name, estimate in {**result.exponents, **result.observables}.items()
        for key, number in ((name, estimate.value), (f"{name}_error", estimate.error))
    }


def _columns(answer: AnswerData) -> Callable[[str], str]:
    """From a method of a free energy to its name in a table of all points."""
    return method_names([[row.method for row in p.result.free_energy] for p in answer.points])


def _free_energies(result: Result, column: Callable[[str], str]) -> dict[str, float]:
    return {
        key: _number(number)
        for row in result.free_energy
        for key, number in (
            (f"{FREE}{column(row.method)}", row.value),
            (f"{FREE}{column(row.method)}_error", row.error),
        )
    }


def parameter_names(parameters: Sequence[str], taken: Collection[str]) -> dict[str, str]:
    """What scanned parameters are called in the dataset: their own names, or `scan_level` where the
    dataset has something else of the name `level`.
    """
    called: dict[str, str] = {}
    for name in parameters:
        label = name
        while label in taken or label in called.values() or (label != name and label in parameters):
            label = f"scan_{label}"
        called[name] = label
    return called


def _placed(part: Dataset, point: Point, called: Mapping[str, str]) -> Dataset:
    """The tables of a point with its parameters as coordinates."""
    return part.expand_dims(POINT).assign_coords(
        {called[name]: (POINT, [value]) for name, value in point.parameters.items()}
    )


def _without_nul(text: str) -> str:
    """A text that a file of this kind can hold: none may have the character 0."""
    return text.replace("\0", "\\u0000")


def _named(result: Result, column: Callable[[str], str] = str) -> Variables:
    out: Variables = {}
    for table in TABLES:
        out |= _table(table, getattr(result, table))
    if result.free_energy:
        methods = [column(entry.method) for entry in result.free_energy]
        out["free_energy"] = _array(
            ["method"], [entry.value for entry in result.free_energy], {"method": methods}
        )
        out["free_energy_error"] = _array(
            ["method"], [_number(entry.error) for entry in result.free_energy], {"method": methods}
        )
        out["free_energy_kind"] = _array(
            ["method"], [entry.kind for entry in result.free_energy], {"method": methods}
        )
    return out


def _table(name: str, estimates: Mapping[str, Estimate]) -> Variables:
    if not estimates:
        return {}
    coordinates, rows = {name: list(estimates)}, list(estimates.values())
    columns = ("error", "statistical", "systematic")
    numbers = {
        f"{name}_{column}": [_number(getattr(row, column)) for row in rows] for column in columns
    }
    arrays = {key: _array([name], column, coordinates) for key, column in numbers.items()}
    values = _array([name], [_number(row.value) for row in rows], coordinates)
    return {
        f"{name}_value": values,
        **arrays,
        f"{name}_kind": _array([name], [row.kind for row in rows], coordinates),
    }


def _levels(result: Result) -> Variables:
    out: Variables = {}
    coordinates: dict[str, Any] = {"level": [level.level for level in result.levels]}
    for kind, attribute in (("coupling", "couplings"), ("average", "observables")):
        tables = [getattr(level, attribute) for level in result.levels]
        names = list(dict.fromkeys(name for table in tables for name in table))
        if names:
            here = coordinates | {kind: names}
            out[f"{kind}_value"] = _array(["level", kind], _grid(tables, names, "value"), here)
            out[f"{kind}_error"] = _array(["level", kind], _grid(tables, names, "error"), here)
    return out


def _grid(
    tables: Sequence[Mapping[str, Estimate]], names: Sequence[str], column: str
) -> list[list[float]]:
    return [
        [_number(getattr(table[name], column)) if name in table else float("nan") for name in names]
        for table in tables
    ]


def _whole(result: Result) -> Variables:
    """The variables that only a run without a scan has: eigenvalues, time series, configurations
    and tables of the scheme.
    """
    out: Variables = {}
    for column in EIGENVALUE if result.eigenvalues else ():
        values = [getattr(eigenvalue, column) for eigenvalue in result.eigenvalues]
        numeric = column not in ("sector", "kind")
        out[f"eigenvalue_{column}"] = _array(
            ["eigenvalue"], [_number(v) for v in values] if numeric else values
        )
    for name, series in result.series.items():
        out[f"series_{name}"] = _array([f"record_{len(series)}"], series)
    for level, spins in enumerate(result.configurations):
        dimensions = [f"cell{axis}_{level}" for axis in range(spins.ndim - 1)] + [f"letter_{level}"]
        out[f"configuration_{level}"] = _array(dimensions, spins)
    for name, kept in result.saved.configurations.items():
        cells = [f"{name}_cell{axis}" for axis in range(kept.ndim - 3)]
        dimensions = ["replica", "saved", *cells, f"{name}_letter"]
        out[f"configurations_{name}"] = _array(dimensions, kept)
    for name, kept in result.saved.series.items():
        out[f"replicas_{name}"] = _array(["replica", "record"], kept)
    for name, table in result.tables.items():
        out[f"table_{name}"] = _array([f"{name}_{axis}" for axis in range(table.ndim)], table)
        for axis, labels in result.labels.get(name, {}).items():
            out[f"{name}_{axis}"] = _array([f"{name}_{axis}"], list(labels))
    return out


def _number(value: float | int | None) -> float:
    return float("nan") if value is None else float(value)


def _array(
    dimensions: Sequence[str], values: Any, coordinates: Mapping[str, Any] | None = None
) -> Any:
    import xarray as xr

    here = {name: list(coordinates[name]) for name in dimensions} if coordinates else None
    return xr.DataArray(values, dims=list(dimensions), coords=here)
