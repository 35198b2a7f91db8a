"""From the terms as written to groups of products of signs, in which each product stands once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from rgc.errors import Problem, SpecError
from rgc.model.groups import Group, Merged, Reach
from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattice import Lattice
from rgc.model.operators import Product, Spin
from rgc.model.spins import Species
from rgc.passes.write_in_signs import write_in_signs

_Place = tuple[Product, Reach]
_Weights = dict[int, float]


def merge_terms(
    hamiltonian: Hamiltonian,
    lattice: Lattice,
    species: Sequence[Species],
    zero: Collection[str] = (),
) -> Merged[Group]:
    """The Hamiltonian as groups of products that share the same linear combination of coefficients.

    - Two-state spins become signs, a binary spin by v = (1 + s)/2.
    - Equal products of several terms are merged, and products whose weights cancel disappear.
    - Products of no spin are set apart as constants.
    - Terms named in `zero`, whose coupling is exactly 0 at every point of the run, are left out.

    The result depends on the structure of the terms, never on the values of their couplings.

    Raises `SpecError` for terms that are not sums of products of two-state spins with one
    coupling, and `ValueError` where two terms have the same name.
    """
    if len({term.name for term in hamiltonian.terms}) < len(hamiltonian.terms):
        raise ValueError("two terms of a Hamiltonian have the same name")
    terms = [term for term in hamiltonian.terms if term.name not in zero]
    _refuse(terms, species)
    weights: dict[_Place, _Weights] = defaultdict(lambda: defaultdict(float))
    for number, term in enumerate(terms):
        for weight, product in term.products:
            for part, spins in write_in_signs(weight, product, species):
                weights[_canonical(spins, product, lattice)][number] += part
    return _gather(terms, weights)


def _refuse(terms: Sequence[Term], species: Sequence[Species]) -> None:
    problems = []
    for term in terms:
        used = {spin.species for _, product in term.products for spin in product}
        other = sorted(species[k].alphabet for k in used if not species[k].two_states)
        if term.tables or other:
            what = f"{other[0]} spins" if other else "these spins"
            message = (
                f"the term '{term.name}' is no product of two-state spins: {what} cannot "
                "be sampled yet"
            )
            problems.append(Problem("not-yet", message, term.span))
        elif term.inhomogeneous is not None:
            message = (
                f"couplings that vary from place to place ('{term.inhomogeneous}') cannot be "
                "sampled yet"
            )
            problems.append(Problem("not-yet", message, term.span))
    if problems:
        raise SpecError(problems)


def _canonical(part: Sequence[Spin], whole: Product, lattice: Lattice) -> _Place:
    """The part moved to the origin, and the cells relative to it that must exist for `whole` to
    exist.
    """
    odd: set[Spin] = set()
    for spin in part:
        odd ^= {spin}
    base = min(odd).cell if odd else (0,) * lattice.dimension
    back = tuple(-x for x in base)
    reach = tuple(
        (
            min(spin.cell[k] for spin in whole) - base[k],
            max(spin.cell[k] for spin in whole) - base[k],
        )
        if edge == "open" and whole
        else (0, 0)
        for k, edge in enumerate(lattice.boundary)
    )
    return tuple(sorted(spin.shifted(back) for spin in odd)), reach


def _gather(terms: Sequence[Term], weights: dict[_Place, _Weights]) -> Merged[Group]:
    shared: dict[tuple[tuple[int, float], ...], list[_Place]] = defaultdict(list)
    for place, of_term in weights.items():
        combination = tuple(
            sorted((number, weight) for number, weight in of_term.items() if weight)
        )
        if combination:
            shared[combination].append(place)
    groups: list[Group] = []
    constants: list[Group] = []
    for combination in sorted(shared):
        named = tuple((terms[number].name, weight) for number, weight in combination)
        for places, into in (
            (sorted(place for place in shared[combination] if place[0]), groups),
            (sorted(place for place in shared[combination] if not place[0]), constants),
        ):
            if places:
                into.append(
                    Group(
                        named,
                        tuple(spins for spins, _ in places),
                        tuple(reach for _, reach in places),
                    )
                )
    return Merged(tuple(groups), tuple(constants))
