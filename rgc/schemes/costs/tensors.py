"""The cost of tensor renormalisation, from chi and the number of steps."""

from __future__ import annotations

from collections.abc import Mapping
from math import log2, prod

from rgc.model.lattice import Lattice
from rgc.model.options import Options
from rgc.model.spec import Spec
from rgc.schemes.cost import ELEMENTS, FLOPS, NUMBER, Cost

COMPANIONS = 0.75, 0.5
"""The shares of chi that runs beside the first one keep."""

TRG_ARRAYS, HOTRG_ARRAYS = 9.0, 5.5
"""Arrays of chi^4 and of chi^5 numbers that a step has at one time, measured."""

TRG_WORK, HOTRG_WORK = 0.6, 0.25
"""Products in a step, in units of chi^6 and of chi^7, measured."""

HOTRG_MOVED = 14.0
"""Numbers that a step of hotrg turns and copies, in units of chi^5, measured at chi = 12 to 28."""


def trg(spec: Spec, options: Options) -> Cost:
    """O(chi^4) numbers and O(chi^6) products a step; both bonds grow in every step."""
    return _steps(spec, options, 1, (4, TRG_ARRAYS), {6: TRG_WORK / FLOPS})


def hotrg(spec: Spec, options: Options) -> Cost:
    """O(chi^5) numbers and O(chi^7) products a step; a bond grows in every second step."""
    seconds = {7: HOTRG_WORK / FLOPS, 5: HOTRG_MOVED / ELEMENTS}
    return _steps(spec, options, 2, (5, HOTRG_ARRAYS), seconds)


def _steps(
    spec: Spec,
    options: Options,
    turns: int,
    arrays: tuple[int, float],
    seconds: Mapping[int, float],
) -> Cost:
    """`arrays` are a power of the number of states of a bond, and what multiplies it, and so are
    the `seconds` of a step, for each of their powers.

    The bonds of the first tensor have the states of a site, and a step squares their number, in
    one of `turns` directions after the other, until it is chi.
    """
    first, most = log2(_states(spec)), log2(options.number("chi"))
    grown = [min(most, first * 2.0 ** (n // turns)) for n in range(1, 1 + _number(spec, options))]
    power, copies = arrays
    memory = copies * 2.0 ** (power * max([first, *grown])) * NUMBER
    work = 0.0
    for exponent, each in seconds.items():
        others = 1 + sum(share**exponent for share in COMPANIONS)
        work += each * others * sum(2.0 ** (exponent * bond) for bond in grown)
    return Cost(memory, work)


def _states(spec: Spec) -> float:
    """The joint states of the spins of a site."""
    return float(prod(species.states or 1 for species in spec.species))


def _number(spec: Spec, options: Options) -> int:
    """Steps that join all tensors of a torus, or those that are asked for."""
    lattice = spec.lattice
    if isinstance(lattice, Lattice) and lattice.finite:
        return round(log2(lattice.sites))
    return options.integer("steps")
