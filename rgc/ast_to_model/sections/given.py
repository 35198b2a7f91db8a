"""Couplings that files hold, as far as their headers say."""

from __future__ import annotations

from collections.abc import Sequence

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.scope import Inhomogeneous, Unknowable, problem
from rgc.ast_to_model.sections.data import check_path
from rgc.model.draw import Given
from rgc.model.graphs import Column, column, columns_of
from rgc.model.hamiltonian import Term
from rgc.model.lattice import Complete, Geometry, Lattice
from rgc.passes.check_file import one_array
from rgc.syntax import ast


def given_couplings(
    terms: Sequence[Term], lattice: Geometry | None, context: Context
) -> dict[str, Given | Column]:
    """The files of the couplings of some terms, by their names, and columns of a graph.

    Raises `SpecError` for a file outside the folder of the spec, not there, not readable, or whose
    array has another shape than one axis of all sites for each site that a coupling joins.
    """
    found: dict[str, Given | Column] = {}
    for term in terms:
        if isinstance(lattice, Lattice) and term.inhomogeneous in columns_of(lattice):
            found[str(term.inhomogeneous)] = column(lattice, str(term.inhomogeneous))
            continue
        value = context.scope.parameters.get(term.inhomogeneous or "")
        if not isinstance(value, Inhomogeneous) or value.source.name != "file":
            continue
        if isinstance(lattice, Lattice) and not lattice.finite:
            continue
        if not isinstance(lattice, Lattice | Complete):
            continue
        (text,) = value.source.arguments
        given = _file(text, context)
        joined = max(len({(spin.cell, spin.letter) for spin in spins}) for spins in term.supports)
        _, header = one_array(given.folder, given.path, None, given.span)
        shape = (int(lattice.sites),) * joined
        listed = header.shape == (*shape, 1) and not header.dtype  # of a table of text
        if header.shape != shape and not listed:
            has, needs = (" x ".join(map(str, each)) or "1" for each in (header.shape, shape))
            message = f"'{given.path}' is an array of {has}, and these couplings need {needs}"
            hint = "one axis for each site that a coupling joins, sites row by row"
            raise problem("wrong-shape", message, given.span, hint=hint)
        found[str(term.inhomogeneous)] = given
    return found


def _file(text: ast.Expr, context: Context) -> Given:
    path = text.value if isinstance(text, ast.Text) else ""
    if not check_path(path, text.span, context.problems):
        raise Unknowable(path)
    if context.folder is None:
        message = "this text is no file, so it has no folder to read files from"
        raise problem("file-without-folder", message, text.span)
    return Given(path, context.folder, text.span)
