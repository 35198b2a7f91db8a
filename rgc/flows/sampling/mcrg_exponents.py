"""Headline exponents of a Monte Carlo RG run, and whether its levels stay at a critical point."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from rgc.analysis.exponents import DERIVED, Headline, derived, no_critical_point
from rgc.analysis.free_map import FreeMap, Steps
from rgc.analysis.headline import extrapolate, headline
from rgc.analysis.level_spectra import (
    SEEN,
    Directions,
    LevelSpectrum,
    agree,
    chain,
    directions,
    may_be_logarithmic,
    second_relevant,
    settles,
)
from rgc.analysis.systematic import RESOLVED
from rgc.flows.sampling.levels import Levels
from rgc.results.result import Estimate

NO_HEADLINE = "there is no headline exponent"
UNSETTLED = "the flow does not settle at a fixed point"
HIDDEN = (
    f"{UNSETTLED}, and a map that is chosen to make levels agree hides how far that moves exponents"
)
SLOWLY = "corrections to scaling fall so slowly that they may be logarithms"
MIXED = "y_t is not told from the exponent of single spins"
SECOND = "the invariant sector has a second relevant exponent"
HAMILTONIAN = "no symmetry of the Hamiltonian tells thermal from magnetic"
BLOCK_MAP = "the block map keeps no symmetry of the Hamiltonian that tells thermal from magnetic"
"""What is lacking where there is no y_h."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Spectra:
    """The spectra from which headlines are taken, level by level.

    - `thermal` are those of the invariant sector, `magnetic` those of the sectors that couple to
      the field, None where there are none, each by the block map that it chose.
    - `dimension` is that of the lattice.
    - `single` says that the invariant sector holds single spins.
    """

    thermal: FreeMap
    magnetic: FreeMap | None
    dimension: int
    single: bool

    @property
    def maps(self) -> dict[str, FreeMap]:
        """The maps by the name of their exponent."""
        return {"y_t": self.thermal} | ({} if self.magnetic is None else {"y_h": self.magnetic})

    @property
    def named(self) -> dict[str, Steps]:
        """The spectra by the name of their exponent."""
        return {name: found.steps for name, found in self.maps.items()}

    @property
    def free(self) -> bool:
        """Whether block maps were chosen so that the last two levels agree."""
        return any(found.p is not None for found in self.maps.values())

    @property
    def agreeing(self) -> tuple[str, ...]:
        """The exponents whose last two levels are not seen to differ."""
        chains = {name: chain(steps) for name, steps in self.named.items()}
        return tuple(name for name, found in chains.items() if found is None or agree(found))

    def unsettled(self, seen: float = SEEN) -> tuple[str, ...]:
        """The exponents whose changes from level to level do not fall, by more than `seen` standard
        errors.
        """
        chains = {name: chain(steps) for name, steps in self.named.items()}
        return tuple(name for name, found in chains.items() if found and not settles(found, seen))


@dataclass(frozen=True, slots=True, eq=False)
class Exponents:
    """The headline `table`, the extrapolations beside it, and what is said about them."""

    table: dict[str, Estimate]
    extrapolated: dict[str, Estimate]
    warnings: tuple[str, ...]


def find_exponents(spectra: Spectra, averages: str) -> Exponents:
    """The headline exponents, or null with the reason where the levels run to a trivial fixed
    point. `averages` tells how an average changes from level to level.
    """
    relevant = headline(spectra.thermal.steps).value or 0.0
    growing, leaves = relevant if relevant > 0 else None, bool(spectra.unsettled(RESOLVED))
    flow = directions(spectra.thermal.steps, growing, leaves)
    heads = {
        name: headline(found.steps, flow, found.earlier) for name, found in spectra.maps.items()
    }
    if spectra.free and spectra.unsettled():
        heads |= {name: _hidden(heads[name]) for name in spectra.agreeing}
    thermal, magnetic = heads["y_t"], heads.get("y_h")
    single = thermal if spectra.single else magnetic
    reason = no_critical_point(thermal, single, spectra.dimension)
    if reason:
        return _nothing(spectra, f"the levels run to a trivial fixed point: {reason}", averages)
    if not spectra.single:
        heads |= derived(thermal, magnetic, spectra.dimension)
    limits = {name: extrapolate(steps) for name, steps in spectra.named.items()}
    table = {name: estimate(head) for name, head in heads.items()}
    if spectra.single:
        mixed = Estimate(None, None, note=MIXED)
        table |= dict.fromkeys(_following("t"), mixed)
    return Exponents(
        table,
        {f"{name}_extrapolated": estimate(limit) for name, limit in limits.items() if limit},
        (
            *_without_error(table),
            *_unsettled(spectra),
            *_slowly(spectra, flow),
            *_two_relevant(spectra),
        ),
    )


def _hidden(head: Headline) -> Headline:
    """The headline of levels that were made to agree while the flow moves on."""
    return replace(head, systematic=None, note=HIDDEN)


def estimate(headline: Headline) -> Estimate:
    return Estimate(
        headline.value,
        headline.error,
        statistical=headline.statistical,
        systematic=headline.systematic,
        rule=headline.chosen,
        note=headline.note,
        resamples=tuple(map(float, headline.resampled)),
    )


def _nothing(spectra: Spectra, reason: str, averages: str) -> Exponents:
    """No exponent, for a reason."""
    follow = _following({name[-1] for name in spectra.named})
    null = Estimate(None, None, note=reason)
    limits = [f"{name}_extrapolated" for name, steps in spectra.named.items() if extrapolate(steps)]
    advice = "the couplings are not critical, or the block map does not keep the order"
    return Exponents(
        dict.fromkeys([*spectra.named, *follow], null),
        dict.fromkeys(limits, null),
        (f"{NO_HEADLINE}, since {reason}; {averages}: {advice}",),
    )


def _following(letters: Collection[str]) -> list[str]:
    """The exponents that follow from those of these letters."""
    return [name for name, (needs, _) in DERIVED.items() if set(letters).issuperset(needs)]


def _without_error(table: Mapping[str, Estimate]) -> Iterator[str]:
    for name in ("y_t", "y_h"):
        if name in table and table[name].error is None:
            yield f"{name} has no error: {table[name].note}"


def _unsettled(spectra: Spectra) -> Iterator[str]:
    unsettled = spectra.unsettled()
    if not unsettled:
        return
    changes = " and ".join(
        f"{name} changes by {_changes(spectra.named[name])}" for name in unsettled
    )
    yield (
        f"{UNSETTLED}: {changes} from level to level. The couplings are not quite critical, there "
        "are too few levels, or the last lattices are too small; the errors hold what that may "
        "be, as far as the changes show it"
    )


def _slowly(spectra: Spectra, flow: Directions) -> Iterator[str]:
    found = chain(spectra.thermal.steps)
    if found is None or flow.falling is None or not may_be_logarithmic(found, flow):
        return
    yield (
        f"{SLOWLY}: y_t changes by {_changes(spectra.thermal.steps)} from level to level, and the "
        f"second eigenvalue is b^{-flow.falling:.2g}. No exponent has converged: what is left may "
        "exceed the errors, and larger lattices help little"
    )


def _two_relevant(spectra: Spectra) -> Iterator[str]:
    found = chain(spectra.thermal.steps)
    second = None if found is None or spectra.single else second_relevant(found)
    if found is None or second is None:
        return
    first = float(found.last.full[0])
    yield (
        f"{SECOND}, {float(second[0]):.3g} beside {first:.3g} at level {found.last.level}: y_t is "
        "the larger one, and the other may be that of the temperature. Either the point is "
        "multicritical, or a symmetry of the Hamiltonian that sectors do not see changes some "
        "operators of this one and not others"
    )


def _changes(steps: Sequence[LevelSpectrum]) -> str:
    full = [float(level.full[0]) for level in steps if level.ranges]
    return ", ".join(f"{after - before:+.2g}" for before, after in pairwise(full))


def choose_magnetic(candidates: Sequence[FreeMap]) -> FreeMap | None:
    """The spectra with the largest headline."""

    def size(found: FreeMap) -> float:
        value = headline(found.steps).value
        return -np.inf if value is None else value

    return max(candidates, key=size, default=None)


def alike_by_value(levels: Levels) -> Iterator[str]:
    """A warning where species are equal only as the couplings have the same values here."""
    for first, second in levels.basis.alike:
        yield (
            f"{first} and {second} have the same couplings here, but terms of their own, so that "
            "sectors do not see that they can be exchanged: y_t may be the exponent of their "
            "difference. Write the terms of both in one sum, under one coupling"
        )


def lacking(levels: Levels) -> tuple[str, ...]:
    """A warning where there is no y_h."""
    if levels.basis.magnetic:
        return ()
    leading = f"y_t is the leading exponent of the sector {levels.basis.invariant}"
    if levels.basis.broken:
        return (f"{BLOCK_MAP}: {leading}. Take cells that do not mix the sublattices of the order",)
    return (f"{HAMILTONIAN}: {leading}",)
