"""Numbers in the notation of physicists: `0.9973(31)`."""

from __future__ import annotations

from math import floor, isfinite, log10

DIGITS = 10  # significant digits of a number without an error


def with_error(value: float | None, error: float | None) -> str:
    """The value with two digits of its error in parentheses: (1.0012, 0.0031) becomes `1.0012(31)`.

    An error of 0 is left out, and so is one of rounding, which is below 1e-15 and the last digit
    shown. An unknown one is written `(?)`.
    """
    if value is None or not isfinite(value):
        return "-"
    if error is None or not isfinite(error):
        return f"{value:.5g}(?)"
    if error == 0:
        return f"{value:.{DIGITS}g}"
    places = 1 - floor(log10(error))
    if places <= 16 and round(error * 10.0**places) >= 100:  # 0.0996 rounds to 0.10
        places -= 1
    if places < 0:
        return f"{value:.6g} +- {error:.3g}"
    if places > 15 and error < abs(value) * 10.0**-DIGITS:
        return f"{value:.{DIGITS}g}"
    if places > 15:
        return f"{value:.{DIGITS}g} +- {error:.2g}"
    digits = f"{error * 10.0**places:.0f}" if error < 1 else f"{error:.{places}f}"
    return f"{value:.{places}f}({digits})"


def with_kind(value: float | None, error: float | None, kind: str) -> str:
    """The same, behind `<` where it is an upper bound and behind `>` where it is a lower one, for
    tables in which kinds have no column.
    """
    sign = {"upper bound": "< ", "lower bound": "> "}.get(kind, "") if value is not None else ""
    return sign + with_error(value, error)


def eigenvalue(value: float, imag: float, error: float | None) -> str:
    """A real eigenvalue with its error, or a complex one."""
    if not imag:
        return with_error(value, error)
    return f"{with_error(value, error)}{'+' if imag > 0 else '-'}{abs(imag):.{DIGITS}g}i"
