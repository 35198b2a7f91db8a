"""The section `hamiltonian`: from sums over the lattice to named terms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expand import Key, factorised
from rgc.ast_to_model.gather_terms import Part, drafts_of
from rgc.ast_to_model.name_terms import Draft, name_terms
from rgc.ast_to_model.references import References
from rgc.ast_to_model.scope import Scope, Unknowable, problem, walk
from rgc.errors import Problems, SpecError
from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattice import Lattice
from rgc.model.spec import Spec
from rgc.model.wrapping import meets_itself
from rgc.syntax import ast

SAMPLING = ("sample", "mcrg", "variational_mcrg")


def check_hamiltonian(spec: Spec, context: Context) -> Spec:
    """The spec with its Hamiltonian. Problems: see `language.md` section 9; each term is judged by itself."""
    section = context.section("hamiltonian")
    if section is None or isinstance(section.body, str | tuple):
        return spec
    here = section.name_span or section.span
    for needed in ("lattice", "spins"):
        if context.section(needed) is None:
            context.problems.error("missing-section", f"a hamiltonian needs the section {needed}", here)
            context.failed.add(needed)
    if "spins" in context.failed:
        context.failed.add("hamiltonian")
        return spec
    drafts: list[Draft] = []
    for sign, expr in ast.addends(section.body):
        drafts += _addend(-1.0 if sign == "-" else 1.0, expr, spec, context)
    if "hamiltonian" in context.failed or spec.lattice is None:
        context.failed.add("hamiltonian")
        return spec
    terms = name_terms(drafts, [each.name for each in spec.species])
    _check_terms(terms, spec, context)
    return replace(spec, hamiltonian=Hamiltonian(terms))


def _addend(sign: float, expr: ast.Expr, spec: Spec, context: Context) -> list[Draft]:
    """The drafts of one addend; its problems go into the context."""
    found = Problems()
    References(spec.species, spec.lattice, context.scope, found).check(expr)
    if found.errors:
        context.fail("hamiltonian", SpecError(found.errors))
        return []
    try:
        parts = list(_parts(sign, expr, context.scope))
        if spec.lattice is None:
            return []
        return [
            draft for part in parts for draft in drafts_of(part, spec.lattice, spec.species, context.scope)
        ]
    except SpecError as error:
        if not any(each.span for each in error.problems):
            error = SpecError([replace(each, span=expr.span) for each in error.problems])
        context.fail("hamiltonian", error)
    except Unknowable:
        context.failed.add("hamiltonian")
    return []


def _parts(weight: float, expr: ast.Expr, scope: Scope) -> Iterator[Part]:
    """Coefficients multiplied out, down to single sums over the lattice."""
    match expr:
        case ast.Reduction("sum"):
            yield Part(weight, Key(), expr)
        case ast.Reduction(kind):
            hint = "a mean belongs in a measure" if kind == "mean" else "an energy is a sum of local terms"
            what = "mean" if kind == "mean" else "product"
            raise problem("not-a-sum", f"a {what} over the lattice is no energy", expr.span, hint=hint)
        case ast.Negate(operand):
            yield from _parts(-weight, operand, scope)
        case ast.Binary("+" | "-", left, right) if _has_sum(expr):
            yield from _parts(weight, left, scope)
            yield from _parts(-weight if expr.op == "-" else weight, right, scope)
        case ast.Binary("*", left, right) if _has_sum(left) and _has_sum(right):
            message = "a product of two sums over the lattice couples every spin with every other"
            raise problem("product-of-sums", message, expr.span)
        case ast.Binary("*", left, right) if _has_sum(expr):
            scalar, rest = (right, left) if _has_sum(left) else (left, right)
            yield from _scaled(scalar, rest, weight, scope)
        case ast.Binary("/", left, right) if _has_sum(left) and not _has_sum(right):
            one = ast.Number("1", span=right.span)
            yield from _scaled(ast.Binary("/", one, right, span=right.span), left, weight, scope)
        case _ if _has_sum(expr):
            message = "a sum over the lattice stands inside a function or a power"
            raise problem("product-of-sums", message, expr.span)
        case _:
            hint = "a constant per site is sum(i) c"
            raise problem(
                "no-sum", "every term of a hamiltonian is a sum over the lattice", expr.span, hint=hint
            )


def _scaled(scalar: ast.Expr, rest: ast.Expr, weight: float, scope: Scope) -> Iterator[Part]:
    number, key = factorised(scalar, scope)
    for part in _parts(weight, rest, scope):
        yield Part(number * part.weight, key.times(part.key), part.sum)


def _has_sum(expr: ast.Expr) -> bool:
    return any(isinstance(node, ast.Reduction) for node in walk(expr))


def _check_terms(terms: tuple[Term, ...], spec: Spec, context: Context) -> None:
    for term in terms:
        for number, species in enumerate(spec.species):
            if species.symmetric and term.coupling and _odd(term, number):
                message = (
                    f"the spins '{species.name}' are declared symmetric, but this term changes sign with them"
                )
                hint = f"declare {species.name}: {species.alphabet}"
                context.problems.error("broken-symmetry", message, term.span, hint=hint)
        if (
            isinstance(spec.lattice, Lattice)
            and context.scheme in SAMPLING
            and meets_itself(term, spec.lattice)
        ):
            shape = " x ".join("infinite" if size is None else str(size) for size in spec.lattice.shape)
            message = f"on a lattice of {shape} cells this term meets itself around the boundary"
            hint = "take a larger lattice or open boundaries; enumerate counts such bonds with their multiplicity"
            context.problems.error("lattice-too-small", message, term.span, hint=hint)


def _odd(term: Term, species: int) -> bool:
    return any(sum(spin.species == species for spin in product) % 2 for _, product in term.products)
