"""Reading the arguments of a command: argparse, with mistakes as problems and suggestions."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from math import isfinite
from typing import NoReturn

from rgc.errors import Problem, SpecError, suggest
from rgc.memory import UNITS


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `SpecError`. Options are never abbreviated. Its help ends with
    an example.
    """

    def __init__(self, command: str, about: str, *, example: str) -> None:
        super().__init__(
            prog=f"rgc {command}",
            description=about,
            epilog=f"example: {example}",
            allow_abbrev=False,
        )

    @property
    def options(self) -> list[argparse.Action]:
        """The options, help among them."""
        return [action for action in self._actions if action.option_strings]

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """The parsed arguments. An unknown option gets a suggestion."""
        options, rest = self.parse_known_args(list(words))
        if rest:
            word = rest[0].split("=")[0]
            known = [name for action in self.options for name in action.option_strings]
            if word.startswith("-"):
                hint = _suggest_option(word, known) or f"{self.prog} --help lists the options"
                raise SpecError(
                    [Problem("unknown-option", f"{self.prog} has no option '{word}'", hint=hint)]
                )
            raise SpecError(
                [Problem("command-line", f"{self.prog} has no use for '{word}'", hint=self._how())]
            )
        return options

    def error(self, message: str) -> NoReturn:
        raise SpecError([Problem("command-line", f"{self.prog}: {message}", hint=self._how())])

    def _how(self) -> str:
        return " ".join(self.format_usage().split())


def _suggest_option(word: str, known: Sequence[str]) -> str:
    """The hint for an unknown option. The comparison leaves out the dashes, which would make all
    options look alike.
    """
    close = suggest(word.lstrip("-"), [name.lstrip("-") for name in known])
    return close.replace("'", "'--", 1) if close else ""


def at_least(smallest: int, largest: int | None = None) -> type[int]:
    """An argparse type: an integer that is at least `smallest`, and at most `largest`."""

    def integer(text: str) -> int:
        try:
            number = int(text.replace("_", ""))
        except ValueError:
            raise argparse.ArgumentTypeError(f"'{text}' is not an integer") from None
        if number < smallest:
            raise argparse.ArgumentTypeError(f"{number} is below {smallest}")
        if largest is not None and number > largest:
            raise argparse.ArgumentTypeError(f"{number} is above {largest}")
        return number

    return integer  # type: ignore[return-value]


def named(text: str) -> str:
    """An argparse type: the name of a file or folder, which is not empty."""
    if not text.strip():
        raise argparse.ArgumentTypeError("a name is needed here, and this is empty")
    return text


def amount(text: str) -> float:
    """An argparse type: an amount of memory in bytes, such as `800M`, `16G`, `1.5T`."""
    unit = UNITS.get(text.upper().removesuffix("IB").removesuffix("B")[-1:], 1.0)
    number = text.upper().removesuffix("IB").removesuffix("B").rstrip("".join(UNITS))
    try:
        value = float(number) * unit
    except ValueError:
        value = -1.0
    if not (isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"'{text}' is no amount of memory; write 800M, 16G or 1T")
    return value


def add_max_memory(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--max-memory",
        type=amount,
        metavar="SIZE",
        help="refuse what takes more, e.g. 800M, 16G or 1T (default: what the machine has free)",
    )


def seconds(text: str) -> float:
    """An argparse type: a duration such as `90`, `90s`, `15m`, `12h`."""
    unit = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(text[-1:], 0.0)
    try:
        value = float(text[:-1]) * unit if unit else float(text)
    except ValueError:
        value = -1.0
    if not (isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"'{text}' is no duration; write 90, 15m or 12h")
    return value
