"""Methods of a free energy that run along a parameter: the Hamiltonians along their paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from rgc.errors import Problems, SpecError
from rgc.language.measures import METHODS
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.spec import Measure, Method, Spec

HamiltonianAt = Callable[[Mapping[str, float]], Hamiltonian | None]


def add_paths(spec: Spec, at: HamiltonianAt, problems: Problems) -> Spec:
    """The spec with the Hamiltonians `at` the values of every path.

    Reports what is refused there, with the value in the message.
    """
    return replace(
        spec, measures=tuple(_with_paths(measure, at, problems) for measure in spec.measures)
    )


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
    path = [_at(name, float(value), at) for value in values if isinstance(value, int | float)]
    return replace(method, path=tuple(point for point in path if point is not None))


def _at(name: str, value: float, at: HamiltonianAt) -> Hamiltonian | None:
    try:
        return at({name: value})
    except SpecError as error:
        where = f" (at {name} = {value:.10g})"
        raise SpecError(
            [replace(problem, message=problem.message + where) for problem in error.problems]
        ) from None
