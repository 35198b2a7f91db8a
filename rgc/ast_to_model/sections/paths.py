"""What needs the Hamiltonian at other values of a parameter: methods of a free energy that run
along a path, and samples with parameter values.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from rgc.errors import Problem, Problems, SpecError
from rgc.language.measures import METHODS
from rgc.model.data import Control, Data, Samples, source_of
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.spec import Measure, Method, Spec
from rgc.schemes.needs.paths import along

HamiltonianAt = Callable[[Mapping[str, float]], Hamiltonian | None]


def add_paths(spec: Spec, at: HamiltonianAt, shaping: Collection[str], problems: Problems) -> Spec:
    """The spec with the Hamiltonians `at` the values of every path and of every set of samples.

    Reports what is refused there, with the value in the message, paths along which nothing can be
    integrated, and sets of samples by a parameter
    on which the lattice or the spins depend, which are `shaping`.
    """
    measures = tuple(_with_paths(measure, at, problems) for measure in spec.measures)
    for method in (each for measure in measures for each in measure.methods):
        problems.extend(along(spec, method))
    data = spec.data
    if data is not None:
        try:
            data = _with_sets(data, at, shaping)
        except SpecError as error:
            problems.extend(error.problems)
    return replace(spec, measures=measures, data=data)


def _with_sets(data: Data, at: HamiltonianAt, shaping: Collection[str]) -> Data:
    samples = source_of(data)
    if not isinstance(samples, Samples) or not samples.sets:
        return data
    for name, _ in samples.sets:
        if name in shaping:
            message = (
                f"the lattice or the spins depend on '{name}', and samples have them all alike"
            )
            hint = "take a parameter that only the Hamiltonian depends on"
            raise SpecError([Problem("structural-parameter", message, samples.span, hint=hint)])
    found = [_at(point, at) for point in samples.points]
    made = tuple(hamiltonian for hamiltonian in found if hamiltonian is not None)
    samples = replace(samples, hamiltonians=made)
    return replace(data, source=samples) if isinstance(data, Control) else samples


def _with_paths(measure: Measure, at: HamiltonianAt, problems: Problems) -> Measure:
    methods = []
    for method in measure.methods:
        try:
            methods.append(_with_path(method, at))
        except SpecError as error:
            problems.extend(error.problems)
    return replace(measure, methods=tuple(methods))


def _with_path(method: Method, at: HamiltonianAt) -> Method:
    if METHODS[method.name].free != "parameter":
        return method
    (name, values), *_ = (
        (key, value) for key, value in method.options.items() if isinstance(value, tuple)
    )
    path = [_at({name: float(value)}, at) for value in values if isinstance(value, int | float)]
    return replace(method, path=tuple(point for point in path if point is not None))


def _at(point: Mapping[str, float], at: HamiltonianAt) -> Hamiltonian | None:
    try:
        return at(point)
    except SpecError as error:
        values = ", ".join(f"{name} = {value:.10g}" for name, value in point.items())
        raise SpecError(
            [
                replace(problem, message=f"{problem.message} (at {values})")
                for problem in error.problems
            ]
        ) from None
