"""Answers that are made up: of a run, of a scan, of free energies between bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import nan
from typing import Any

import numpy as np

from rgc.model.spec import Axis
from rgc.model.target import ExpectedValue, Tolerance
from rgc.results.answer import Answer
from rgc.results.answer_data import Point
from rgc.results.checks import check
from rgc.results.result import Eigenvalue, Estimate, FreeEnergy, Level, Result


def eigenvalues() -> tuple[Eigenvalue, ...]:
    """A made-up table: two sectors, four levels (the last one wraps), growing bases, two
    eigenvalues each.
    """
    made = []
    for sector, exponent, size in (("even", 1.0, 6), ("odd", 1.875, 4)):
        for level in (1, 2, 3, 4):
            for operators in range(1, size + 1):
                y = exponent - 0.05 / operators - 0.04 * 0.3**level
                for index, shift in ((1, 0.0), (2, 2.0)):
                    e = y - shift
                    made.append(
                        Eigenvalue(
                            value=2.0**e,
                            imag=0.0,
                            error=0.003,
                            exponent=e,
                            exponent_error=0.002 * level,
                            sector=sector,
                            level=level,
                            operators=operators,
                            index=index,
                            wrapped=level == 4,
                        )
                    )
    return tuple(made)


def mcrg() -> Result:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=2000)
    series = np.array([0.0] * 2000)
    for k in range(1, 2000):
        series[k] = 0.8 * series[k - 1] + noise[k]
    shapes = [(64, 64), (32, 32), (16, 16), (8, 8), (4, 4)]
    return Result(
        "mcrg",
        exponents={
            "y_t": Estimate(
                1.001,
                0.005,
                statistical=0.003,
                systematic=0.004,
                rule="last unwrapped level, full basis",
            ),
            "y_h": Estimate(1.87, None, note="fewer than two unwrapped levels"),
        },
        levels=tuple(
            Level(
                k,
                s,
                {"K": Estimate(0.44, 0, "exact")} if k == 0 else {},
                {"energy": Estimate(-0.6 + 0.01 * k, 0.001)},
            )
            for k, s in enumerate(shapes)
        ),
        eigenvalues=eigenvalues(),
        free_energy=(
            FreeEnergy("enumerate", -0.93, 0, "exact"),
            FreeEnergy("trg(16)", -0.92, None, "truncated"),
        ),
        averages={
            "energy": Estimate(-0.6232, 0.0002),
            "odd one": Estimate(nan, np.float64("inf")),
        },  # type: ignore[arg-type]
        series={"energy": series},
        configurations=tuple(
            rng.choice(np.array([-1, 1], dtype=np.int8), size=(*s, 1)) for s in shapes
        ),
        tables={"moments": np.arange(6.0).reshape(2, 3)},
        warnings=("thermalisation is short",),
        provenance={
            "update": "metropolis",
            "reproducibility": "L2",
            "acceptance": np.float64(0.25),
        },
    )


def expectation(target: str, value: float, *within: Tolerance, **options: Any) -> ExpectedValue:
    path = tuple(options.pop("path", target).split("."))
    relation = options.pop("relation", "=")
    return ExpectedValue(
        target=target, path=path, relation=relation, value=value, within=within, **options
    )


def answer(result: Result | None = None) -> Answer:
    made = Answer(
        title="a <title>",
        sha256="0" * 64,
        text='title "a <title>"\n',
        backend="numba",
        seed=7,
        points=(Point({}, result or mcrg()),),
    )
    checks = tuple(
        check(each, made.result)
        for each in (
            expectation("y_t", 1, Tolerance(0.01), source="Onsager 1944"),
            expectation("y_h", 1.875, Tolerance(0.01)),
        )
    )
    return replace(
        made,
        checks=checks,
        warnings=("thermalisation is short",),
        provenance={"versions": {"rgc": "0"}},
    )


def scanned(title: str, points: Sequence[Point], axes: tuple[Axis, ...]) -> Answer:
    return Answer(
        title=title,
        sha256="1" * 64,
        text="",
        backend="numba",
        seed=0,
        points=tuple(points),
        axes=axes,
    )


def scan_answer() -> Answer:
    """Straight Binder lines that cross at K = 0.44, a parabola with its top at 0.45, for three
    sizes.
    """
    values, sizes = (0.42, 0.43, 0.445, 0.46, 0.47), (8.0, 16.0, 32.0)
    points = []
    for k in values:
        for size in sizes:
            u = 0.6 + size * (k - 0.44)
            chi = size * (1 - (k - 0.45) ** 2)
            observables = {"U": Estimate(u, 0.01), "chi": Estimate(chi, 1e-6)}
            points.append(Point({"K": k, "L": size}, Result("sample", averages=observables)))
    axes = (Axis("K", values), Axis("L", sizes))
    return scanned("scan", points, axes)


def band_answer() -> Answer:
    """A scan with an exact free energy between two bounds."""
    points = []
    for k in (0.1, 0.2, 0.3):
        entries = (
            FreeEnergy("transfer", -k, 0.0, "exact"),
            FreeEnergy("mean_field", -k / 2, 0.0, "upper bound", note="<1>"),
            FreeEnergy("lower_bound", -2 * k, 0.0, "lower bound"),
        )
        found = Result("measure", free_energy=entries, values={"log_z": Estimate(k, 0.0, "exact")})
        points.append(Point({"K": k}, found))
    return scanned("band", points, (Axis("K", (0.1, 0.2, 0.3)),))
