"""What names mean inside a measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.calls import name_span
from rgc.ast_to_model.expressions.sites import Bound
from rgc.ast_to_model.scope import CONSTANTS, Scope, problem
from rgc.errors import SpecError
from rgc.language.measures import MEASURES
from rgc.model.graphs import pairs_without_places
from rgc.model.lattice import Complete, Geometry, Lattice
from rgc.model.spec import Spec
from rgc.model.supercells import sizes_as_written
from rgc.schemes import SCHEMES
from rgc.syntax import ast

OF_ANY_SCHEME = ("free_energy", "log_z")
"""Measures for which methods stand in where a scheme does not give them."""


@dataclass(frozen=True, slots=True)
class Words:
    """What names mean inside a measure.

    - `given` holds the built-in measures of the scheme.
    - `bound` says what the indices of the surrounding sums stand for.
    - `averaged` says whether this is inside avg or var.
    - `open` holds the measures whose definitions are being followed.
    """

    scope: Scope
    species: frozenset[str]
    measures: Mapping[str, ast.Expr]
    lattice: Geometry | None = None
    bound: Bound = field(default_factory=dict)
    averaged: bool = False
    open: tuple[str, ...] = field(default=())
    scheme: str = ""
    given: tuple[str, ...] = tuple(MEASURES)

    @staticmethod
    def of(spec: Spec, context: Context, measures: Mapping[str, ast.Expr]) -> Words:
        section = context.section("spins")
        entries = section.body if section is not None and isinstance(section.body, tuple) else ()
        written = [entry.target for entry in entries if isinstance(entry, ast.Entry)]
        species = frozenset(target.name for target in written if isinstance(target, ast.Name))
        words = Words(context.scope, species, measures, spec.lattice)
        if spec.flow is None:
            return words
        answers = (*SCHEMES[spec.flow.scheme].answers, *OF_ANY_SCHEME)
        given = tuple(name for name in MEASURES if name in answers)
        return replace(words, scheme=spec.flow.scheme, given=given)

    def refusal(self, name: str, expr: ast.Expr) -> SpecError | None:
        """The error of a built-in measure that the scheme or the lattice does not give."""
        if name in self.given and name == "correlation_length" and not _has_waves(self.lattice):
            pairs = pairs_without_places(self.lattice)
            by_name = f"measure pairs by name: mean({pairs}) s[i]*s[j]"
            hint = by_name if pairs else "correlation(1) needs none"
            message = "a correlation length needs a periodic axis"
            return problem("not-possible", message, name_span(expr), hint=hint)
        if name in self.given or name not in MEASURES:
            return None
        message = f"'{self.scheme}' gives no '{name}'"
        hint = f"it gives {', '.join(self.given)}"
        return problem("unknown-measure", message, name_span(expr), hint=hint)

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that a bare name may be."""
        return (
            *self.bound,
            *self.scope.parameters,
            *self.scope.broken,
            *CONSTANTS,
            *self.measures,
            *self.given,
        )


def _has_waves(lattice: Geometry | None) -> bool:
    """Whether a wave fits, which needs a periodic axis of more than one cell.

    Diamond lattices are not judged.
    """
    if not isinstance(lattice, Lattice):
        return not isinstance(lattice, Complete)
    return any(
        edge == "periodic" and size != 1
        for edge, size in zip(lattice.boundary, sizes_as_written(lattice), strict=True)
    )
