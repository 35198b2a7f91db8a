"""What integration along a parameter asks of a spec and of its path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from rgc.errors import Problem
from rgc.language.values import Value
from rgc.model.lattice import Lattice
from rgc.model.spec import Method, Spec
from rgc.passes.local_energies import local_energies
from rgc.passes.wrapping import meets_itself

_ROUNDED = 1e-12


def path_of(options: Mapping[str, Value]) -> tuple[str, tuple[float, ...]] | None:
    """The parameter of a path and its values, None where a method runs along none or several."""
    paths = [(name, x) for name, x in options.items() if isinstance(x, tuple)]
    if len(paths) != 1:
        return None
    name, values = paths[0]
    return name, tuple(float(value) for value in values if isinstance(value, int | float))


def one_path(spec: Spec, method: Method) -> Iterator[Problem]:
    """Report paths of other than three values or more, in order, that end where the spec is."""
    found = path_of(method.options)
    if found is None:
        number = sum(isinstance(value, tuple) for value in method.options.values())
        message = f"'{method.name}' runs along one parameter, not {number}"
        hint = "write integrate(K=0:0.4:9), from where the spins are free to the value here"
        yield Problem("wrong-arity", message, method.span, hint=hint)
        return
    name, path = found
    rising = all(b > a for a, b in pairwise(path))
    falling = all(b < a for a, b in pairwise(path))
    if len(path) < 3 or not (rising or falling or len(set(path)) == 1):
        yield _refused(method, "a path has three values or more, all rising or all falling")
        return
    here = spec.parameters.get(name)
    if here is None or abs(path[-1] - here) > 1e-9 * max(1.0, abs(here)):
        where = "it is no single number" if here is None else f"it is {here:.10g}"
        message = f"the path ends at {name} = {path[-1]:.10g}, and here {where}"
        yield _refused(method, message, f"write {name}=0:{name}:{len(path)}")


def sampled(spec: Spec, method: Method) -> Iterator[Problem]:
    """Report lattices on which nothing is sampled."""
    lattice, terms = spec.lattice, spec.hamiltonian.terms if spec.hamiltonian is not None else ()
    if not isinstance(lattice, Lattice) or not lattice.finite:
        message = "integration samples a finite lattice with cells, and this is none"
        hint = "give the lattice a size"
        yield Problem("needs-finite-lattice", message, method.span, hint=hint)
        return
    small = next((term for term in terms if meets_itself(term, lattice)), None)
    if small is not None:
        message = "on this lattice the term meets itself around the boundary, and cannot be sampled"
        hint = "transfer takes such lattices"
        yield Problem("lattice-too-small", message, small.span, hint=hint)


def along(spec: Spec, method: Method) -> Iterator[Problem]:
    """Report a path at whose first value spins interact, and one along which H is not linear.

    The Hamiltonians of the path are those of the method.
    """
    found, path = path_of(method.options), method.path
    if found is None or len(path) != len(found[1]) or tuple(one_path(spec, method)):
        return
    name, values = found
    if any(len(table.spins) > 1 for table in local_energies(path[0], spec.species)):
        hint = "begin where every coupling but a field is 0"
        yield _refused(method, "at the first value of the path spins still interact", hint)
    length = values[-1] - values[0]
    first, *others = ({term.name: term.coefficient for term in h.terms} for h in path)
    last = others[-1]
    for value, there in zip(values[1:], others, strict=True):
        share = (value - values[0]) / length if length else 0.0
        if any(
            abs(x - first[key] - share * (last[key] - first[key])) > _ROUNDED * (1 + abs(x))
            for key, x in there.items()
        ):
            hint = "integrate along a parameter that multiplies a term"
            yield _refused(method, f"H is no linear function of {name}", hint)
            return


def _refused(method: Method, message: str, hint: str = "") -> Problem:
    return Problem("bad-path", message, method.span, hint=hint)
