"""From one sum over the lattice to terms: summands are expanded and gathered by what multiplies
them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from math import isfinite
from typing import Any, Generic

from rgc.ast_to_model.expressions.domains import Summands, indices, summands
from rgc.ast_to_model.expressions.expand import Expander
from rgc.ast_to_model.expressions.keys import Key, key_value
from rgc.ast_to_model.expressions.name_terms import Draft
from rgc.ast_to_model.expressions.places_of_draws import check_places
from rgc.ast_to_model.expressions.polynomial import E, Polynomials, Ring, Tables
from rgc.ast_to_model.expressions.sites import Bound
from rgc.ast_to_model.expressions.sums import Part
from rgc.ast_to_model.scope import Scope, problem
from rgc.errors import SpecError
from rgc.model.hamiltonian import Table, Term
from rgc.model.lattice import Cell, Geometry, Lattice, Site
from rgc.model.operators import Product, Spin
from rgc.model.spins import Species
from rgc.syntax import ast

LARGEST_ENERGY = 1e100
"""The largest energy of a term in kT, whose powers and sums are still numbers."""


def drafts_of(
    part: Part, lattice: Geometry, species: tuple[Species, ...], scope: Scope
) -> list[Draft]:
    """The terms of one sum, without their names: products of two-state spins, tables of all others.

    Raises `SpecError` for sums that the lattice lacks, for alphabets without a Hamiltonian, and as
    `Expander.expand`.
    """
    used = {
        node.base.name
        for node in ast.walk(part.sum)
        if isinstance(node, ast.Index) and isinstance(node.base, ast.Name)
    }
    of_sum = [summed for summed in species if summed.name in used]
    for summed in of_sum:
        if not summed.kind.energies:
            message = f"a Hamiltonian of {summed.alphabet} spins is not supported yet"
            raise problem("not-yet", message, part.sum.span)
    domain = summands(part.sum.domain, lattice, scope)
    if all(summed.two_states for summed in of_sum):
        polynomials = Polynomials(species)
        gathered = _Gathered(part, Expander(polynomials, species, lattice, scope), polynomials)
        return gathered.product_drafts(domain)
    tables = Tables(species)
    return _Gathered(part, Expander(tables, species, lattice, scope), tables).table_drafts(domain)


@dataclass(frozen=True, slots=True)
class _Gathered(Generic[E]):
    """The summands of one part, expanded and gathered by what multiplies them."""

    part: Part
    expander: Expander[E]
    ring: Ring[E]

    def product_drafts(self: _Gathered[Any], domain: Summands) -> list[Draft]:
        """One draft for each key.

        Where the coefficient is no bare name, there is one for each weight and number of spins.
        """
        gathered: dict[tuple[Key, float, int], dict[Product, float]] = defaultdict(
            lambda: defaultdict(float)
        )
        for inner, polynomial in self._expanded(domain):
            key = inner.times(self.part.key)
            whole = not inner.factors and _is_bare(self.part)
            for monomial, weight in polynomial.items():
                size = 1.0 if whole else float(f"{abs(weight):.12g}")
                unit = (key, size, -1 if whole else len(monomial))
                gathered[unit][_canonical(monomial)] += weight / size
        return [self._draft(key, size, products) for (key, size, _), products in gathered.items()]

    def table_drafts(self: _Gathered[Any], domain: Summands) -> list[Draft]:
        """One draft for each key. Tables of the same spins are added."""
        gathered: dict[Key, dict[Product, tuple[float, ...]]] = defaultdict(dict)
        for inner, tabulated in self._expanded(domain):
            key = inner.times(self.part.key)
            for spins, values in tabulated.items():
                back = tuple(-x for x in spins[0].cell) if spins else ()
                home = tuple(spin.shifted(back) for spin in spins)
                before = gathered[key].get(home, (0.0,) * len(values))
                gathered[key][home] = tuple(a + b for a, b in zip(before, values, strict=True))
        drafts = []
        for key, tables in gathered.items():
            draft = self._draft(
                key, 1.0, {spins: values[0] for spins, values in tables.items() if not spins}
            )
            turned = -1.0 if (draft.term.sign < 0) != (self.part.weight < 0) else 1.0
            found = _tables(turned, tables)
            largest = max((abs(e) for table in found for e in table.energies), default=0.0)
            self._check_size(draft.term.coupling * largest)
            drafts.append(replace(draft, tables=found))
        return drafts

    def _draft(self, key: Key, size: float, products: dict[Product, float]) -> Draft:
        scope = self.expander.scope
        weights = {product: weight for product, weight in products.items() if weight}
        factor = self.part.weight * size
        if weights and all(weight < 0 for weight in weights.values()):
            factor, weights = -factor, {product: -weight for product, weight in weights.items()}
        try:
            value = abs(factor) * key_value(key, scope)
        except SpecError as error:
            raise SpecError(
                [
                    replace(reported, span=reported.span or self.part.sum.span)
                    for reported in error.problems
                ]
            ) from None
        sizes = [abs(size * weight) * abs(key_value(key, scope)) for weight in weights.values()]
        self._check_size(max([value, *sizes]))
        term = Term(
            "",
            value,
            -1 if factor < 0 else 1,
            tuple((weight, product) for product, weight in sorted(weights.items())),
            inhomogeneous=key.field,
            sites=0
            if isinstance(self.expander.lattice, Lattice)
            else len(indices(self.part.sum.domain)),
            every_pair=isinstance(self.expander.lattice, Lattice)
            and isinstance(self.part.sum.domain, ast.Ascending),
            span=self.part.sum.span,
        )
        return Draft(term, key, abs(factor) == 1)

    def _check_size(self, value: float) -> None:
        """Raise `SpecError` for an energy whose powers or sums would leave the range of float64."""
        if not isfinite(value):
            message = "the coefficient of this term is not finite"
            raise problem("not-finite", message, self.part.sum.span)
        if abs(value) > LARGEST_ENERGY:
            message = (
                f"a coefficient of this term is {value:.3g}; the limit is {LARGEST_ENERGY:g} kT"
            )
            raise problem("out-of-range", message, self.part.sum.span)

    def _expanded(self, domain: Summands) -> Iterator[tuple[Key, E]]:
        """The key and the function of every summand.

        Raises `SpecError` also where the order of exchangeable indices matters, and where parts of
        a summand that do not reach as far as the whole would survive beyond an open edge.
        """
        body = self.part.sum.body
        weights = domain.weights or (1.0,) * len(domain.bounds)
        for bound, weight in zip(domain.bounds, weights, strict=True):
            expansion = self.expander.expand(body, bound)
            for key, function in expansion.items():
                check_places(key, self.ring.supports(function))
            self._check_exchange(expansion, bound, domain)
            self._check_edges(expansion, bound)
            for key, function in expansion.items():
                found, share = replace(key, sites=None), self.ring.constant(weight)
                yield found, function if weight == 1 else self.ring.multiply(share, function)

    def _check_exchange(self, expansion: dict[Key, E], bound: Bound, domain: Summands) -> None:
        names = domain.exchangeable
        for first, second in pairwise(names):
            swapped = self.expander.expand(
                self.part.sum.body, {**bound, first: bound[second], second: bound[first]}
            )
            if not _same(expansion, swapped):
                message = (
                    f"{first} and {second} have no order, but this changes when they are exchanged"
                )
                hint = "give the direction: sum(i) ... s[i]*s[i+x]"
                raise problem("not-symmetric", message, self.part.sum.body.span, hint=hint)

    def _check_edges(self, expansion: dict[Key, E], bound: Bound) -> None:
        lattice = self.expander.lattice
        if not isinstance(lattice, Lattice) or "open" not in lattice.boundary:
            return
        axes = [k for k, edge in enumerate(lattice.boundary) if edge == "open"]
        cells = _cells(bound) | {
            spin.cell for spin in self.expander.spins(self.part.sum.body, bound)
        }
        for function in expansion.values():
            for support in self.ring.supports(function):
                if any(_extent(cells, k) > _extent({s.cell for s in support}, k) for k in axes):
                    message = (
                        "at an open edge this leaves a rest: it expands to terms of fewer spins "
                        "than the whole"
                    )
                    hint = "write the terms of different reach as sums of their own"
                    raise problem("open-edge", message, self.part.sum.span, hint=hint)


def _same(a: dict[Key, Any], b: dict[Key, Any]) -> bool:
    if a.keys() != b.keys():
        return False
    for key in a:
        if a[key].keys() != b[key].keys():
            return False
        for support, value in a[key].items():
            left = value if isinstance(value, tuple) else (value,)
            right = b[key][support] if isinstance(value, tuple) else (b[key][support],)
            if any(
                abs(x - y) > 1e-12 * (abs(x) + abs(y)) for x, y in zip(left, right, strict=True)
            ):
                return False
    return True


def _cells(bound: Bound) -> set[Cell]:
    sites = [
        site
        for place in bound.values()
        for site in ((place,) if isinstance(place, Site) else place.sites)
    ]
    return {site.cell for site in sites}


def _extent(cells: set[Cell], axis: int) -> int:
    along = [cell[axis] for cell in cells]
    return max(along) - min(along) if along else 0


def _is_bare(part: Part) -> bool:
    (factor,) = part.key.factors if len(part.key.factors) == 1 else (None,)
    return isinstance(factor, ast.Name) and abs(part.weight) == 1


def _canonical(monomial: frozenset[Spin]) -> Product:
    if not monomial:
        return ()
    back = tuple(-x for x in min(monomial).cell)
    return tuple(sorted(spin.shifted(back) for spin in monomial))


def _tables(sign: float, tables: dict[Product, tuple[float, ...]]) -> tuple[Table, ...]:
    return tuple(
        Table(spins, tuple(sign * v + 0.0 for v in values))
        for spins, values in sorted(tables.items())
        if spins
    )
