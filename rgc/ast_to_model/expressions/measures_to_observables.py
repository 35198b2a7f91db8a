"""From the expression of a measure to an observable: names, sums over the lattice and averages.

`sum`, `prod` and `mean` belong to one configuration, and `avg` and `var` are thermal. A measure
without them is averaged. Measures may use one another by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rgc.ast_to_model.expressions.evaluate import integer
from rgc.ast_to_model.expressions.lattice_sums import lattice_sum
from rgc.ast_to_model.expressions.resolve import resolve
from rgc.ast_to_model.scope import Scope, Unknowable, problem
from rgc.errors import placed
from rgc.language.measures import MEASURES
from rgc.model.complete import cell_of
from rgc.model.expressions import Expression
from rgc.model.lattice import Complete, Geometry, Lattice
from rgc.model.lattices import AXES
from rgc.model.observables import Average, Known, Observable, averaged
from rgc.model.spins import Species
from rgc.passes.built_in import Option, built_in, variance
from rgc.syntax import ast
from rgc.syntax.print import print_expression


@dataclass(frozen=True, slots=True)
class Resolver:
    """What measures are resolved against: parameters, definitions of all measures, sites and spins.

    - `lattice` is None where no configuration can be written down. Sums over it, and observables
      made of them, then raise `Unknowable`.
    - `open` holds the measures whose definitions are being followed.
    """

    scope: Scope
    definitions: Mapping[str, ast.Expr]
    lattice: Lattice | None
    species: tuple[Species, ...]
    open: tuple[str, ...] = ()

    def observable(self, name: str, expr: ast.Expr) -> Observable:
        """The observable of a checked measure.

        Raises `SpecError` for what cannot be measured, and `Unknowable` where what it needs does
        not exist or has an error of its own.
        """
        text = print_expression(expr)
        expression = replace(self, open=(name,)).resolve(expr)
        return Observable(name, averaged(expression), "" if text == name else text)

    def resolve(self, expr: ast.Expr) -> Expression:
        """An expression of one configuration or of the ensemble."""
        return resolve(expr, self.scope, self._meaning)

    def _meaning(self, expr: ast.Expr) -> Expression | None:
        match expr:
            case ast.Reduction():
                return lattice_sum(expr, self._sites(), self.species, self.scope)
            case ast.Call("avg", (inner,)):
                return Average(self.resolve(inner))
            case ast.Call("var", (inner,)):
                return variance(self.resolve(inner))
            case ast.Name(name) if name in self.definitions and name not in self.open:
                return self._defined(expr, self.definitions[name])
            case ast.Name(name) | ast.Call(name) if name in MEASURES and not self._hidden(name):
                return self._built_in(expr)
        return None

    def _hidden(self, name: str) -> bool:
        """Whether a parameter has the name of a built-in measure."""
        return name in self.scope.parameters or name in self.scope.broken

    def _defined(self, expr: ast.Name, definition: ast.Expr) -> Expression:
        """Another measure of the spec."""
        if isinstance(definition, ast.Call) and definition.name == "free_energy":
            message = (
                f"'{expr.name}' is found after all averages, and cannot be measured inside "
                "another yet"
            )
            raise problem("not-yet", message, expr.span)
        return replace(self, open=(*self.open, expr.name)).resolve(definition)

    def _built_in(self, expr: ast.Name | ast.Call) -> Expression:
        if not MEASURES[expr.name].built_in:
            return Known(expr.name)
        with placed(expr.span):
            return built_in(expr.name, self._sites(), self.species, **self._options(expr))

    def _options(self, expr: ast.Name | ast.Call) -> dict[str, Option]:
        """The options of a built-in measure: whole numbers, words and names."""
        if isinstance(expr, ast.Name):
            return {}
        places = dict(zip(MEASURES[expr.name].positional, expr.arguments, strict=False))
        places |= {option.name: option.value for option in expr.options}
        return {name: self._option(place) for name, place in places.items()}

    def _option(self, place: ast.Expr) -> Option:
        if isinstance(place, ast.List):
            return tuple(item.name for item in place.items if isinstance(item, ast.Name))
        word = isinstance(place, ast.Name) and place.name in AXES
        return place.name if isinstance(place, ast.Name) and word else integer(place, self.scope)

    def _sites(self) -> Lattice:
        if self.lattice is None:
            raise Unknowable("lattice")
        return self.lattice


def sites_of(
    lattice: Geometry | None, species: Sequence[Species], lattices: Sequence[str]
) -> Lattice | None:
    """The finite lattice whose configurations are measured, or None where there is none.

    A complete graph is one cell. `lattices` are the kinds of lattices that the scheme runs on
    today.
    """
    if any(spin.states is None for spin in species) or not species:
        return None
    if isinstance(lattice, Complete) and "complete" in lattices:
        return cell_of(lattice)
    return lattice if isinstance(lattice, Lattice) and lattice.finite else None
