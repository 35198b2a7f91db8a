"""Running flows without files or terminal, and judging agreement over seeds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from scipy.stats import chi2

from rgc import backend as backends
from rgc.backend import Backend
from rgc.flows.flow import Flow
from rgc.flows.request import Request
from rgc.kernel_cache import KernelCache
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Lattice
from rgc.model.options import Options
from rgc.model.spec import Spec
from rgc.results.result import Estimate, Result
from rgc.runner import run
from rgc.schemes import SCHEMES

SEEDS = range(10)


@lru_cache(maxsize=4)
def machine(name: str) -> KernelCache:
    return KernelCache(backends.load(name), general=True)


def request(
    spec: Spec,
    backend: Backend,
    *,
    seed: int = 0,
    point: Mapping[str, float] | None = None,
    zero: Collection[str] | None = None,
) -> Request:
    """What a maker is handed; by default the terms that are 0 in this spec are left out."""
    if zero is None:
        zero = spec.hamiltonian.zero if spec.hamiltonian is not None else ()
    return Request(spec=spec, backend=backend, seed=seed, point=point or {}, zero=tuple(zero))


MANY_SWEEPS = 600
MANY_UPDATES = 3e7
"""Sweeps and updates of a spin that take the reference backend as long as it takes numba to compile
a kernel.
"""


def suited(spec: Spec) -> str:
    """The backend that is through first; the bits are the same."""
    assert spec.flow is not None
    options, lattice = Options(spec.flow.options), spec.lattice
    if "sweeps" not in options or not isinstance(lattice, Lattice):
        return "reference"
    sweeps = options.integer("sweeps") + options.integer("thermalise")
    updates = sweeps * lattice.sites * options.integer("replicas")
    return "numba" if sweeps > MANY_SWEEPS or updates > MANY_UPDATES else "reference"


def answer(spec: Spec, *, seed: int = 0, backend: str | None = None) -> Result:
    """The result of a spec at its one point, by default on the backend that suits it."""
    assert spec.flow is not None
    kernels = machine(backend or suited(spec))
    made: Flow = SCHEMES[spec.flow.scheme].maker(request(spec, kernels, seed=seed))
    return run(made)


def p_value(found: Sequence[Estimate], exact: float) -> float:
    """Of chi^2 = sum (value - exact)^2 / mean(error^2) over independent runs. The errors are
    pooled, because each by itself is known to 13 % only and would widen the distribution.
    """
    values = np.array([each.value for each in found], dtype=float)
    errors = np.array([each.error for each in found], dtype=float)
    square = np.sum((values - exact) ** 2) / np.mean(errors**2)
    return float(chi2.sf(square, len(values)))


def agrees(found: Sequence[Estimate], exact: float) -> bool:
    return 1e-3 < p_value(found, exact) < 1 - 1e-3


def table(found: Sequence[Estimate], exact: float) -> str:
    """All seeds, for the message of a test that fails."""
    rows = (
        f"{each.value:.6f} +- {each.error:.6f} ({(each.value - exact) / each.error:+.2f})"
        for each in found
    )  # type: ignore[operator]
    return f"exact {exact:.6f}, p = {p_value(found, exact):.2g}\n" + "\n".join(rows)


def seeds(spec: Spec, backend: str = "numba", over: Iterable[int] = SEEDS) -> list[Result]:
    return [answer(spec, seed=seed, backend=backend) for seed in over]


def scaled(spec: Spec, name: str, factor: float) -> Spec:
    """The spec with one coupling multiplied by a factor."""
    assert spec.hamiltonian is not None
    terms = (
        replace(each, coupling=each.coupling * factor) if each.name == name else each
        for each in spec.hamiltonian.terms
    )
    return replace(spec, hamiltonian=Hamiltonian(tuple(terms)))
