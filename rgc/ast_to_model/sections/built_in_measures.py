"""Built-in measures as the section `measure` calls them: `m`, `correlation(3)`,
`f = free_energy(transfer)`.
"""

from __future__ import annotations

from collections.abc import Sequence

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.measure_words import Words
from rgc.ast_to_model.expressions.options import Reading, read_call
from rgc.language.measures import MEASURES, METHODS, SCAN_MEASURES
from rgc.language.values import CallValue
from rgc.model.graphs import pairs_without_places
from rgc.model.lattice import Lattice
from rgc.model.lattices import AXES
from rgc.model.spec import Measure, Method, Spec
from rgc.model.supercells import sizes_as_written
from rgc.schemes.free_energies import FREE_ENERGIES
from rgc.syntax import ast


def built_in(expr: ast.Expr, spec: Spec, words: Words, context: Context) -> Measure | None:
    """A measure that stands for itself, with what it is asked for; None where that is refused.

    Reports unknown measures and options, what the scheme or the lattice does not give, and what a
    method of a free energy cannot do.
    """
    reading = read_call(expr, {**MEASURES, **SCAN_MEASURES}, "measure", context)
    if reading is None:
        return None
    _check_quantity(reading.signature.name, expr, words, context)
    _check_distance(reading, spec, context)
    methods = _methods(reading)
    _check_methods(methods, spec, context)
    return Measure(_called(reading), methods=methods)


def named_built_in(
    name: str, called: str, value: ast.Expr, *, spec: Spec, words: Words, context: Context
) -> Measure | None:
    """`c3 = correlation(3)`, `f = free_energy(transfer)`: one number under a name of its own."""
    _check_quantity(called, value, words, context)
    reading = read_call(value, MEASURES, "measure", context)
    if reading is None:
        return None
    _check_distance(reading, spec, context)
    methods = _methods(reading)
    if len(methods) > 1:
        message = f"'{name}' is one number, and these are {len(methods)} methods"
        hint = "without a name of its own a free_energy takes several"
        context.problems.error("wrong-arity", message, reading.places["methods"].span, hint=hint)
    _check_methods(methods, spec, context)
    return Measure(name, methods=methods)


def _called(reading: Reading) -> str:
    """The name of a measure that stands for itself, with what it is asked for."""
    name, r, along = reading.signature.name, reading.values.get("r"), reading.values.get("along")
    if r is None:
        return name
    letters = reading.values.get("letters")
    told = [str(r)] + ([f"along={along}"] if along not in (None, "x") else [])
    told += [f"letters=[{', '.join(map(str, letters))}]"] if isinstance(letters, tuple) else []
    return f"{name}({', '.join(told)})"


def _methods(reading: Reading) -> tuple[Method, ...]:
    """The methods of a free energy, each with its place."""
    values, place = reading.values.get("methods"), reading.places.get("methods")
    items = place.items if isinstance(place, ast.List) else (place,)
    methods = []
    for value, item in zip(values if isinstance(values, tuple) else (), items, strict=False):
        name = value.name if isinstance(value, CallValue) else str(value)
        given = dict(value.options) if isinstance(value, CallValue) else {}
        span = item.span if item is not None else None
        methods.append(Method(name, {**METHODS[name].defaults, **given}, span=span))
    return tuple(methods)


def _check_methods(methods: Sequence[Method], spec: Spec, context: Context) -> None:
    """Report what a method cannot do."""
    if context.failed & {"hamiltonian", "lattice", "spins"}:
        return
    for method in methods:
        for limit in FREE_ENERGIES[method.name].limits:
            context.problems.extend(limit(spec, method))


def _check_quantity(name: str, expr: ast.Expr, words: Words, context: Context) -> None:
    energetic = ("energy", "specific_heat", "free_energy", "log_z")
    refusal = words.refusal(name, expr)
    if refusal is not None:
        context.problems.extend(refusal.problems)
    elif name in energetic and context.section("hamiltonian") is None:
        message = f"'{name}' belongs to a hamiltonian, and this spec has none"
        context.problems.error("missing-section", message, expr.span)


def _check_distance(reading: Reading, spec: Spec, context: Context) -> None:
    """Some two sites must be as far apart along a vector as `correlation(r)` asks; on a ring they
    are no farther apart than half of it.
    """
    r, along = reading.values.get("r"), str(reading.values.get("along", "x"))
    if reading.signature.name != "correlation" or not isinstance(r, int):
        return
    if pairs := pairs_without_places(spec.lattice):
        hint = f"measure pairs by name: mean({pairs}) s[i]*s[j]"
        message = "this lattice has no distances"
        context.problems.error("wrong-lattice", message, reading.places["r"].span, hint=hint)
        return
    if not isinstance(spec.lattice, Lattice) or along not in AXES[: spec.lattice.dimension]:
        return
    axis = AXES.index(along)
    length, edge = sizes_as_written(spec.lattice)[axis], spec.lattice.boundary[axis]
    if edge == "open" and length is not None and r >= length:
        message = f"no two of {length} sites in an open row are {r} apart"
        context.problems.error(
            "out-of-range", message, reading.places["r"].span, hint=f"r is at most {length - 1}"
        )
    elif edge != "open" and length is not None:
        _warn_of_ring(r, length, reading, context)


def _warn_of_ring(r: int, length: int, reading: Reading, context: Context) -> None:
    """Warn of a distance that is another one around a ring: that of r - length, or its opposite."""
    nearest = min(r % length, -r % length)
    if r >= length or (r > nearest and "letters" not in reading.places):
        message = f"in a ring of {length} sites, sites {r} apart are {nearest} apart the other way"
        if nearest == 0:
            message = f"in a ring of {length} sites, sites {r} apart are the same"
        context.problems.warning(
            "around-the-ring", message, reading.places["r"].span, hint=f"r is at most {length // 2}"
        )
