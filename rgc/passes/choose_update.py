"""The update of single spins that `update=local` means at given couplings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from rgc.errors import Problem, SpecError
from rgc.passes.choose_acceptance import MOST_FIELDS, Acceptance
from rgc.text import Span

PERIODIC_BELOW = Fraction(1, 10)
"""In kT. Where no flip of a site changes the energy by as much, Metropolis flips it almost always,
and a sweep has nearly period 2.
"""

Asked = Literal["local", "metropolis", "heat_bath", "houdayer", "wolff", "swendsen_wang"]
Update = Literal["metropolis", "heat_bath", "lazy"]


@dataclass(frozen=True, slots=True)
class UpdateChoice:
    """The update of a run. `lazy` means Metropolis with the acceptance 7/8 min(1, exp(-dE))."""

    update: Update
    reason: str


def no_heat_bath(span: Span | None) -> Problem:
    """The error for a star that has too many classes for heat bath."""
    message = (
        "heat bath needs a threshold for every local field, and here there are more than "
        f"{MOST_FIELDS}"
    )
    return Problem("no-heat-bath", message, span, hint="use update=metropolis or update=local")


def choose_update(
    couplings: Sequence[Fraction],
    acceptances: Sequence[Acceptance],
    asked: Asked = "local",
    span: Span | None = None,
) -> UpdateChoice:
    """The update at one point, from the coefficients of the groups (`couplings`) and the
    acceptances of every star. Of cluster updates it is that of single spins.

    `local` is Metropolis, unless some site would be flipped almost always (max |dE| < 0.1 there).
    In that case it is heat bath where every star offers it, and else lazy Metropolis. Metropolis
    that is asked for is lazy in the same case. Raises `SpecError` if heat bath is asked for and a
    star has too many classes.
    """
    offered = all(acceptance.heat_bath for acceptance in acceptances)
    if asked == "heat_bath":
        if not offered:
            raise SpecError([no_heat_bath(span)])
        return UpdateChoice("heat_bath", "asked for")
    least = min(
        (largest_change(couplings, acceptance) for acceptance in acceptances),
        default=PERIODIC_BELOW,
    )
    if least >= PERIODIC_BELOW:
        return UpdateChoice(
            "metropolis", "asked for" if asked == "metropolis" else "shortest autocorrelation"
        )
    why = f"a flip changes H by at most {float(least):.3g} kT, where Metropolis is nearly periodic"
    if asked == "local" and offered:
        return UpdateChoice("heat_bath", why)
    return UpdateChoice("lazy", why)


def largest_change(couplings: Sequence[Fraction], acceptance: Acceptance) -> Fraction:
    """max |dE| of a flip or move in kT, over the classes that occur, or over every combination of
    counts where these are not listed.
    """
    listed = acceptance.field if acceptance.field is not None else acceptance.flip
    if listed is not None:
        return max(abs(energy_change(couplings, acceptance, counts)) for counts in listed)
    sizes = zip(couplings, acceptance.sizes, acceptance.by_group, strict=True)
    return abs(acceptance.scale) * sum(
        (abs(c) * max(abs(n - 2 * k) for k in counts) for c, n, counts in sizes), Fraction(0)
    )


def energy_change(
    couplings: Sequence[Fraction], acceptance: Acceptance, counts: Sequence[int]
) -> Fraction:
    """dE = scale * sum_g c_g (n_g - 2 k_g) of a flip or move, exactly."""
    terms = zip(couplings, acceptance.sizes, counts, strict=True)
    return acceptance.scale * sum((c * (n - 2 * k) for c, n, k in terms), Fraction(0))
