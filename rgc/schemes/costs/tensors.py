"""The cost of tensor renormalisation, from chi and the number of steps."""

from __future__ import annotations

from math import log2, prod

from rgc.model.lattice import Lattice
from rgc.model.options import Options
from rgc.model.spec import Spec
from rgc.schemes.cost import FLOPS, NUMBER, Cost

COMPANIONS = 0.75, 0.5
"""The shares of chi that runs beside the first one keep."""

TRG_ARRAYS, HOTRG_ARRAYS = 9.0, 5.5
"""Arrays of chi^4 and of chi^5 numbers that a step has at one time, measured."""

TRG_WORK, HOTRG_WORK = 0.6, 1.2
"""Products in a step, in units of chi^6 and of chi^7, measured."""


def trg(spec: Spec, options: Options) -> Cost:
    """O(chi^4) numbers and O(chi^6) products a step; both bonds grow in every step."""
    return _steps(spec, options, 1, (4, TRG_ARRAYS), (6, TRG_WORK))


def hotrg(spec: Spec, options: Options) -> Cost:
    """O(chi^5) numbers and O(chi^7) products a step; a bond grows in every second step."""
    return _steps(spec, options, 2, (5, HOTRG_ARRAYS), (7, HOTRG_WORK))


def _steps(
    spec: Spec,
    options: Options,
    turns: int,
    arrays: tuple[int, float],
    work: tuple[int, float],
) -> Cost:
    """`arrays` and `work` are a power of the number of states of a bond, and what multiplies it.

    The bonds of the first tensor have the states of a site, and a step squares their number, in
    one of `turns` directions after the other, until it is chi.
    """
    first, most = log2(_states(spec)), log2(options.number("chi"))
    grown = [min(most, first * 2.0 ** (n // turns)) for n in range(1, 1 + _number(spec, options))]
    (power, copies), (exponent, products) = arrays, work
    others = 1 + sum(share**exponent for share in COMPANIONS)
    done = sum(2.0 ** (exponent * bond) for bond in grown)
    memory = copies * 2.0 ** (power * max([first, *grown])) * NUMBER
    return Cost(memory, products * others * done / FLOPS)


def _states(spec: Spec) -> float:
    """The joint states of the spins of a site."""
    return float(prod(species.states or 1 for species in spec.species))


def _number(spec: Spec, options: Options) -> int:
    """Steps that join all tensors of a torus, or those that are asked for."""
    lattice = spec.lattice
    if isinstance(lattice, Lattice) and lattice.finite:
        return round(log2(lattice.sites))
    return options.integer("steps")
