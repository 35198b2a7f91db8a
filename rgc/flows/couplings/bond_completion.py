"""The functions of a bond that complete the terms of a spec for spins of more than two states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rgc.analysis.permutations import Integers, generators, orbits_of_pairs
from rgc.analysis.recursion import Floats
from rgc.passes.bonds import MOST_LISTED_PAIRS, BondModel

SMALL = 1e-12
"""The share of a function below which a difference is rounding."""

_SPANNED = 1e-9
DIGITS = 14
"""Decimals of these functions, so that equal values are written together."""

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Completing:
    """A function [q, q] with its `name`, and the `term` of the language that it multiplies."""

    name: str
    function: Floats
    term: str


def completion(model: BondModel, chosen: Sequence[Floats]) -> Iterator[Completing]:
    """Functions that together with the `chosen` ones, which begin with a constant, span every
    symmetric function of a bond.

    Each is ln W(a, b) of a pair of states, with what the functions before it span of it taken away,
    in the scalar product sum_ab f(a, b) g(a, b) over all pairs, and 1 where it is largest. So the
    couplings of the spec do not depend on what completes them: they are those of the Hamiltonian
    that is nearest in the mean square over all states. ln W of pairs that a symmetry relates is
    taken together, first of pairs that all symmetries relate, then of those that the symmetry of
    the `chosen` functions relates, then of single pairs. Symmetries permute states, and leave all
    `chosen` functions as they are, or change them to their negatives as s -> -s does.

    Of many states there are only the functions that have the symmetry of the chosen ones and of
    state 0. A map that commutes with permutations closes on them, and they hold the leading
    direction of every field on one state.
    """
    q = model.states
    span = _orthonormal(chosen)
    kept = generators(_generic(chosen), SMALL)
    turned = _turned(model, chosen)
    last = () if q <= MOST_LISTED_PAIRS else generators(_generic(chosen, fixed=0), SMALL)
    used: set[Pair] = set()
    for symmetry in (kept + turned, kept, last):
        for pairs in _orbits(q, symmetry):
            function = np.zeros((q, q))
            for a, b in pairs:
                function[a, b] = function[b, a] = 1.0
            rest = _rest(function, span)
            if pairs[0] in used or np.linalg.norm(rest) <= _SPANNED:
                continue
            used.add(pairs[0])
            span.append(rest / np.linalg.norm(rest))
            scaled = np.round(rest / rest.ravel()[np.abs(rest).round(DIGITS).argmax()], DIGITS)
            name = "lnW_{}_{}".format(*pairs[0])
            yield Completing(name, scaled, f"sum(<i,j>) ({_written(model, scaled)})")


def _orthonormal(functions: Sequence[Floats]) -> list[Floats]:
    span: list[Floats] = []
    for function in functions:
        rest = _rest(function / np.linalg.norm(function), span)
        span.append(rest / np.linalg.norm(rest))
    return span


def _rest(function: Floats, span: Sequence[Floats]) -> Floats:
    """What orthonormal functions leave of another, taken away twice because of rounding."""
    for _ in range(2):
        for unit in span:
            function = function - np.sum(unit * function) * unit
    return function


def _generic(functions: Sequence[Floats], fixed: int | None = None) -> Floats:
    """A function with no more symmetry than all of them have together, and with that of a state
    which stays in place.
    """
    weight = sum(np.sqrt(k) * f / np.abs(f).max() for k, f in enumerate(functions, 2))
    out = np.array(weight, dtype=np.float64)
    if fixed is not None:
        out[fixed, fixed] += np.pi * len(functions) ** 2
    return out


def _turned(model: BondModel, functions: Sequence[Floats]) -> tuple[Integers, ...]:
    """The permutation s -> -s of the states, where it takes every function to itself or to its
    negative.
    """
    values = list(model.species.values)
    if any(-value not in values for value in values):
        return ()
    image = np.array([values.index(-value) for value in values])
    moved = [function[np.ix_(image, image)] for function in functions]
    same = all(
        min(np.abs(one - sign * other).max() for sign in (1, -1)) <= SMALL * np.abs(one).max()
        for one, other in zip(functions, moved, strict=True)
    )
    return (image,) if same else ()


def _orbits(q: int, symmetry: tuple[Integers, ...]) -> list[list[Pair]]:
    """Pairs of states a <= b, those that permutations relate together."""
    orbit = orbits_of_pairs(q, symmetry)
    found: dict[int, list[Pair]] = {}
    for a in range(q):
        for b in range(a, q):
            found.setdefault(min(int(orbit[a, b]), int(orbit[b, a])), []).append((a, b))
    return list(found.values())


def _written(model: BondModel, function: Floats) -> str:
    """A function of a bond in the language, pairs of one value together."""
    together: dict[float, list[Pair]] = {}
    for a in range(model.states):
        for b in range(a, model.states):
            if function[a, b]:
                together.setdefault(float(function[a, b]), []).append((a, b))
    text = ""
    for value in sorted(together, reverse=True):  # the largest, 1, is the first
        both = " + ".join(_of_pair(model, a, b) for a, b in together[value])
        text += f" {'-' if value < 0 else '+'} {abs(value)!r}*({both})" if text else both
    return text


def _of_pair(model: BondModel, a: int, b: int) -> str:
    """What is 1 on a bond with the states a and b at its ends, in either order, in the language."""
    s, (x, y) = model.species.name, (model.species.values[state] for state in (a, b))
    both = f"delta({s}[i], {x})*delta({s}[j], {y})"
    return both + (f" + delta({s}[i], {y})*delta({s}[j], {x})" if a != b else "")
