"""Names of quantities as a figure shows them: `y_t` as a symbol, `specific_heat` in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from rgc.language.measures import IN_WORDS

GREEK = frozenset(
    re.findall(
        r"\w+",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
        "upsilon phi chi psi omega",
    )
)
SYMBOLS = {
    "binder": "Binder cumulant",
    "exchange": "exchanges accepted",
    "abs_m": r"$\langle|m|\rangle$",
    "susceptibility": r"$\chi$",
    "log_z": r"$\ln Z$",
    "dF": r"$\Delta F$",
    "kl": "KL divergence",
    "tau_defect": r"$\tau$ defect",
    "m2": r"$m^2$",
    "m^2": r"$m^2$",
    "m4": r"$m^4$",
}
"""Symbols of quantities whose names do not spell them."""

SYMBOL = re.compile(r"([A-Za-z]+)(?:_([0-9]+|[A-Za-z]{1,3})|([0-9]*))")
AFTER = "_extrapolated"
FREE = "free_energy."
"""What stands before the method in the name of a free energy."""


def label(name: str) -> str:
    """The name as mathematics where it is a symbol with an index, and otherwise as words.

    - `K`, `K2`, `y_t` and `K_max` are letters, `nu` and `beta_1` Greek ones.
    - `tau_energy` is the autocorrelation time of the energy, `critical.K` the critical K.
    - `free_energy.trg` is F/N by that method.
    - Names of operators, such as `k2_10`, stay as they are.
    """
    if name in SYMBOLS:
        return SYMBOLS[name]
    if name.startswith(FREE):
        return f"$F/N$ ({method_label(name.removeprefix(FREE))})"
    if name.startswith("critical."):
        return f"critical {label(name.removeprefix('critical.'))}"
    if name.endswith(AFTER):
        return f"{label(name.removesuffix(AFTER))} extrapolated"
    if name.startswith("tau_") and name != "tau_defect":
        return rf"$\tau$ of {label(name.removeprefix('tau_'))}"
    match = SYMBOL.fullmatch(name)
    if match and (match[1] in GREEK or len(match[1]) == 1):
        index = match[2] or match[3]
        symbol = f"\\{match[1]}" if match[1] in GREEK else match[1]
        return f"${symbol}_{{{_upright(index)}}}$" if index else f"${symbol}$"
    words = name if any(map(str.isdigit, name)) else name.replace("_", " ")
    return words.replace("$", r"\$")


def _upright(index: str) -> str:
    """An index of several letters is a word, not a product of letters."""
    return rf"\mathrm{{{index}}}" if len(index) > 1 and index.isalpha() else index


def method_label(method: str) -> str:
    """A method of a free energy in words, with its options: `TRG(16)`."""
    head = _head(method)
    return IN_WORDS.get(head, label(head)) + method.removeprefix(head)


def method_names(points: Sequence[Collection[str]]) -> Callable[[str], str]:
    """A function from a method of a free energy to the name of its column in a table of points, the
    methods of each of which are given.

    The name is the method with its options. It is the name of the method alone where an option
    differs from point to point and the name still distinguishes it from the others: `trg` in a scan
    of chi.
    """
    common = set(points[0]).intersection(*points[1:]) if points else set()
    rest = [[_head(method) for method in {*methods} - common] for methods in points]
    clear = all(len(names) == len(set(names)) for names in rest)
    taken = set(map(_head, common))
    return lambda method: (
        method if method in common or not clear or _head(method) in taken else _head(method)
    )


def _head(method: str) -> str:
    return method.partition("(")[0]
