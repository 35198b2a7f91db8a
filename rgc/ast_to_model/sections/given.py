"""Couplings that files hold, as far as their headers say, and those that a spec writes out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.scope import Inhomogeneous, Unknowable, problem
from rgc.ast_to_model.sections.data import check_path
from rgc.model.draw import Given, Written
from rgc.model.graphs import Column, column, columns_of
from rgc.model.hamiltonian import Term
from rgc.model.lattice import Complete, Geometry, Lattice
from rgc.passes.check_file import one_array
from rgc.syntax import ast


def given_couplings(
    terms: Sequence[Term], lattice: Geometry | None, context: Context
) -> dict[str, Given | Written | Column]:
    """The files and the lists of the couplings of some terms, by their names, and columns of a
    graph.

    Raises `SpecError` for a file outside the folder of the spec, not there, not readable, for an
    array or a list of another shape than one axis of all sites for each site that a coupling joins,
    and for a list that depends on the order of these.
    """
    found: dict[str, Given | Written | Column] = {}
    for term in terms:
        if isinstance(lattice, Lattice) and term.inhomogeneous in columns_of(lattice):
            found[str(term.inhomogeneous)] = column(lattice, str(term.inhomogeneous))
            continue
        value = context.scope.parameters.get(term.inhomogeneous or "")
        if isinstance(lattice, Lattice) and not lattice.finite:
            continue
        if not isinstance(lattice, Lattice | Complete):
            continue
        joined = max(len({(spin.cell, spin.letter) for spin in spins}) for spins in term.supports)
        if isinstance(value, tuple):
            found[str(term.inhomogeneous)] = _written(value, int(lattice.sites), joined, term)
            continue
        if not isinstance(value, Inhomogeneous) or value.source.name != "file":
            continue
        (text,) = value.source.arguments
        given = _file(text, context)
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


def _written(entries: tuple[Any, ...], sites: int, joined: int, term: Term) -> Written:
    """A list of as many axes as a coupling joins sites, each of all sites. Raises `SpecError`."""
    name, has = term.inhomogeneous, _shape(entries)
    if has != (sites,) * joined:
        are, need = (" x ".join(map(str, shape)) for shape in (has, (sites,) * joined))
        message = f"'{name}' is a list of {are}, and these couplings need {need}"
        hint = "one axis for each site that a coupling joins, sites row by row"
        raise problem("wrong-shape", message, term.span, hint=hint)
    for place in product(range(sites), repeat=joined):
        here, there = (_entry(entries, each) for each in (place, sorted(place)))
        if here != there:
            message = (
                f"'{name}' holds {here:g} at {place} and {there:g} at {tuple(sorted(place))}: "
                "J[i,j] is J[j,i]"
            )
            hint = "take the mean of the matrix and its transpose"
            raise problem("not-symmetric", message, term.span, hint=hint)
    return Written(entries)


def _shape(entries: Any) -> tuple[int, ...]:
    """The shape of a list of lists of one size."""
    return (len(entries), *_shape(entries[0])) if isinstance(entries, tuple) else ()


def _entry(entries: Any, place: Sequence[int]) -> Any:
    for k in place:
        entries = entries[k]
    return entries


def _file(text: ast.Expr, context: Context) -> Given:
    path = text.value if isinstance(text, ast.Text) else ""
    if not check_path(path, text.span, context.problems):
        raise Unknowable(path)
    if context.folder is None:
        message = "this text is no file, so it has no folder to read files from"
        raise problem("file-without-folder", message, text.span)
    return Given(path, context.folder, text.span)
