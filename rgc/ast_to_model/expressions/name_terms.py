"""Names of terms: the parameter that stands alone before one term, or what the spins say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rgc.ast_to_model.expressions.keys import Key
from rgc.ast_to_model.scope import names
from rgc.model.hamiltonian import Table, Term
from rgc.model.names import coupling_name
from rgc.syntax import ast

_OF_SPINS = re.compile(r"k\d+_\w+")
"""The form of names that spins give, such as `k2_10`."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A term without its name. `unit` says that its coefficient is +-1 times the key."""

    term: Term
    key: Key
    unit: bool
    tables: tuple[Table, ...] = ()


def name_terms(drafts: Sequence[Draft], species: Sequence[str]) -> tuple[Term, ...]:
    """The terms with names, each name once, in the order as written.

    A term is called by its parameter when its coefficient is that bare name up to sign and the name
    stands in one term only; a term whose only coefficient is a coupling that differs from place to
    place is called by that. Any other, and one whose parameter has the name of other spins, has the
    name of its spins (language.md section 7) and is written H = -k S: its sign is -1, whatever sign
    stands before it. Terms of the same products without a parameter's name are added.
    """
    uses = Counter(name for draft in drafts for name in _mentioned(draft.key))
    terms: dict[str, Term] = {}
    taken = {bare for draft in drafts if (bare := _bare(draft, uses, species)) is not None}
    for draft in drafts:
        term = replace(draft.term, tables=draft.tables)
        if not term.products and not term.tables:
            continue
        bare = _bare(draft, uses, species)
        name = bare or _by_spins(term, species)
        if bare is None:
            term = replace(
                term, coupling=-term.coefficient + 0.0, sign=-1
            )  # + 0.0: no negative zero
            if name in terms and _same_spins(terms[name], term):
                terms[name] = replace(terms[name], coupling=terms[name].coupling + term.coupling)
                continue
            name = _free(name, terms.keys() | taken)
        terms[name] = replace(term, name=name)
    return tuple(terms.values())


def _mentioned(key: Key) -> set[str]:
    parameters = {name for factor in key.factors for name, _ in names(factor)}
    return parameters | ({key.field} if key.field else set())


def _bare(draft: Draft, uses: Counter[str], species: Sequence[str]) -> str | None:
    """The parameter by which a term is called. One that has the name of other spins is none."""
    match draft.key if draft.unit else None:
        case Key((ast.Name(name),), _) if uses[name] == 1:
            pass
        case Key((), str(name)) if uses[name] == 1:
            pass
        case _:
            return None
    term = replace(draft.term, tables=draft.tables)
    return None if _OF_SPINS.fullmatch(name) and name != _by_spins(term, species) else name


def _by_spins(term: Term, species: Sequence[str]) -> str:
    products = [product for _, product in term.products if product] + [
        table.spins for table in term.tables
    ]
    products = products or [()]
    most = max(map(len, products))
    first, *others = (product for product in products if len(product) == most)
    return coupling_name(first, *others, species=species)


def _same_spins(a: Term, b: Term) -> bool:
    return (
        not a.tables
        and not b.tables
        and (a.products, a.inhomogeneous) == (b.products, b.inhomogeneous)
    )


def _free(name: str, taken: set[str]) -> str:
    """The name, or the name with the first free number behind it."""
    if name not in taken:
        return name
    return next(f"{name}_{k}" for k in range(2, len(taken) + 3) if f"{name}_{k}" not in taken)
