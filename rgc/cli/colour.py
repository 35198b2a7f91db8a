"""Problems in colours, where they are read on a terminal that has them."""

from __future__ import annotations

import os
from typing import TextIO

STYLES = {
    r"error\[[a-z-]+\]|^hint(?=:)": "bold",
    r"(?<=: )error\[[a-z-]+\]": "bold red",
    r"^error\[[a-z-]+\]": "bold red",
    r"warning\[[a-z-]+\]|^warning(?=:)": "bold yellow",
    r"^ *\| +(\^+.*)$": "red",
}


def coloured(stream: TextIO) -> bool:
    """Whether a stream is a terminal with colours, and nobody asked for none (NO_COLOR)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def write(text: str, stream: TextIO) -> None:
    """Print the text of problems, in colours where there are any."""
    if not coloured(stream):
        print(text, file=stream, flush=True)
        return
    from rich.console import Console
    from rich.text import Text

    shown = Text(text)
    for pattern, style in STYLES.items():
        shown.highlight_regex(f"(?m){pattern}", style)
    Console(file=stream, soft_wrap=True, highlight=False).print(shown)
