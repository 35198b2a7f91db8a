"""What complex powers ask of the map and of the options."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem
from rgc.model.map import FlowMap, RecursionMap
from rgc.schemes.needs.maps import first_kink
from rgc.schemes.scheme import Asked


def one_quantity(asked: Asked) -> Iterator[Problem]:
    """Report `oscillations` and `range` of what is no recursion of one quantity with a constant."""
    option = next((name for name in ("oscillations", "range") if name in asked.places), "")
    if not option or not asked.spec.map or not asked.read("map"):
        return
    missing = _missing(asked.spec.map)
    if missing:
        message = f"'{option}' is asked of F(x) = g(x) + F(x')/sites, and {missing}"
        hint = "write recursion(x = ..., constant=..., sites=...), or scale(...)"
        yield Problem("wrong-map", message, asked.place(option), hint=hint)


def _missing(maps: tuple[FlowMap, ...]) -> str:
    """What the maps lack of a scale equation; empty where they are one."""
    first = maps[0]
    if not isinstance(first, RecursionMap):
        return f"'{first.name}' has no constant"
    if len(maps) > 1:
        return "several maps take turns"
    if len(first.updates) > 1:
        return "the map has several quantities"
    return "" if first.constant is not None else "the map has no constant"


def a_fixed_point(asked: Asked) -> Iterator[Problem]:
    """Report amplitudes without a fixed point, and of a cycle."""
    if "oscillations" not in asked.places:
        return
    if asked.options.get("find") != "fixed_point":
        message = "amplitudes belong to a fixed point, and none is looked for"
        place, hint = asked.place("oscillations"), "add find=fixed_point, starts=[...]"
        yield Problem("missing-option", message, place, hint=hint)
    elif asked.options.get("cycle", 1) != 1:
        message = "amplitudes belong to a fixed point, not to a cycle"
        yield Problem("unused-option", message, asked.place("oscillations"), hint="leave cycle out")


def analytic(asked: Asked) -> Iterator[Problem]:
    """Report functions without a power series in a map whose amplitudes are asked for."""
    maps = asked.spec.map
    if "oscillations" not in asked.places or not maps or not asked.read("map") or _missing(maps):
        return
    first = maps[0]
    assert isinstance(first, RecursionMap)  # noqa: S101  (nothing is missing)
    changes = [change for _, change in first.updates]
    constant = () if first.constant is None else (first.constant,)
    kink = first_kink((*changes, *constant), first.quantities)
    if kink is not None:
        message = f"{kink}, and 'oscillations' asks for power series of the map"
        yield Problem("no-derivative", message, kink.part.span, hint="leave oscillations out")


def a_range(asked: Asked) -> Iterator[Problem]:
    """Report a range that is not two rising numbers."""
    ends = asked.options.get("range")
    if not isinstance(ends, tuple):
        return
    numbers = [x for x in ends if isinstance(x, int | float)]
    if len(numbers) != 2 or not numbers[0] < numbers[1]:
        message = "'range' holds two numbers, the lower one first"
        yield Problem("out-of-range", message, asked.place("range"), hint="write range=[0.1, 2]")


LIMITS = (one_quantity, a_fixed_point, analytic, a_range)
"""The limits of complex powers."""
