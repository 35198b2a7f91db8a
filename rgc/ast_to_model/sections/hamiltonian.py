"""The section `hamiltonian`: from sums over the lattice to named terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.gather_terms import drafts_of
from rgc.ast_to_model.expressions.name_terms import Draft, name_terms
from rgc.ast_to_model.expressions.periods import with_supercells
from rgc.ast_to_model.expressions.references import References
from rgc.ast_to_model.expressions.sums import parts_of
from rgc.ast_to_model.scope import Inhomogeneous, Unknowable
from rgc.ast_to_model.sections.given import given_couplings
from rgc.ast_to_model.sections.lattice import word_of_lattice
from rgc.errors import Problems, SpecError
from rgc.model.draw import Distribution
from rgc.model.graphs import GRAPH
from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattice import Lattice
from rgc.model.spec import Spec
from rgc.syntax import ast


def check_hamiltonian(spec: Spec, context: Context) -> Spec:
    """The spec with its Hamiltonian, each term of which is checked by itself.

    Its problems are described in section 9 of `docs/language.md`.
    """
    section = context.section("hamiltonian")
    if section is None or isinstance(section.body, str | tuple):
        return spec
    here = section.name_span or section.span
    for needed in ("lattice", "spins"):
        if context.section(needed) is None:
            context.problems.error(
                "missing-section", f"a hamiltonian needs the section {needed}", here
            )
            context.failed.add(needed)
    if "spins" in context.failed:
        context.failed.add("hamiltonian")
        return spec
    addends = [
        (sign, expr) for sign, expr in ast.addends(section.body) if _readable(expr, spec, context)
    ]
    drafts: list[Draft] = []
    with context.failing("hamiltonian"):
        spec = _with_supercells(spec, [expr for _, expr in addends], context)
        for sign, expr in addends:
            drafts += _addend(-1.0 if sign == "-" else 1.0, expr, spec, context)
    if "hamiltonian" in context.failed or spec.lattice is None:
        context.failed.add("hamiltonian")
        return spec
    terms = name_terms(drafts, [species.name for species in spec.species])
    _check_terms(terms, spec, context)
    spec = replace(spec, hamiltonian=Hamiltonian(terms), draws=_draws(context))
    with context.failing("hamiltonian"):
        spec = replace(spec, given=given_couplings(terms, spec.lattice, context))
    return spec


def _draws(context: Context) -> dict[str, Distribution]:
    parameters = context.scope.parameters.items()
    return {
        name: value.draw
        for name, value in parameters
        if isinstance(value, Inhomogeneous) and value.draw
    }


def _readable(expr: ast.Expr, spec: Spec, context: Context) -> bool:
    """Whether every name of an addend has a meaning; problems go into the context."""
    problems = Problems()
    unread = spec.lattice is None and word_of_lattice(context) == GRAPH
    References(spec.species, spec.lattice, context.scope, problems, any_column=unread).check(expr)
    if problems.errors:
        context.fail("hamiltonian", SpecError(problems.errors))
    return not problems.errors


def _with_supercells(spec: Spec, addends: Sequence[ast.Expr], context: Context) -> Spec:
    """The spec on a lattice in whose cells every coefficient repeats. Raises `SpecError`."""
    if not isinstance(spec.lattice, Lattice):
        return spec
    return replace(
        spec, lattice=with_supercells(addends, spec.lattice, spec.species, context.scope)
    )


def _addend(sign: float, expr: ast.Expr, spec: Spec, context: Context) -> list[Draft]:
    """The drafts of one addend; its problems go into the context."""
    try:
        parts = list(parts_of(sign, expr, context.scope))
        if spec.lattice is None:
            return []
        return [
            draft
            for part in parts
            for draft in drafts_of(part, spec.lattice, spec.species, context.scope)
        ]
    except SpecError as error:
        if not any(problem.span for problem in error.problems):
            error = SpecError([replace(problem, span=expr.span) for problem in error.problems])
        context.fail("hamiltonian", error)
    except Unknowable:
        context.failed.add("hamiltonian")
    return []


def _check_terms(terms: tuple[Term, ...], spec: Spec, context: Context) -> None:
    for term in terms:
        for number, species in enumerate(spec.species):
            if species.symmetric and term.coupling and _odd(term, number):
                message = (
                    f"the spins '{species.name}' are declared symmetric, but this term changes "
                    "sign with them"
                )
                hint = f"declare {species.name}: {species.alphabet}"
                context.problems.error("broken-symmetry", message, term.span, hint=hint)


def _odd(term: Term, species: int) -> bool:
    return any(sum(spin.species == species for spin in product) % 2 for _, product in term.products)
