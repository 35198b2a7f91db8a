"""Drawings as images of a page: nothing in them runs, and on a telephone they can be read."""

from __future__ import annotations

import re
from base64 import b64encode

from rgc.portrait.markup import escape

SMALLEST = 0.7
"""The part of its own width below which a drawing is not made smaller: letters of 9 points are as
large as 6 then."""

NARROW = 356.0
"""The width of a page on a telephone, in pixels. What is wider than that is moved sideways."""

POINT = 4 / 3
"""Pixels of a point."""

WIDTH = re.compile(r'<svg\b[^>]*?\swidth="(\d+(?:\.\d+)?)(pt|px)?"')


def figure(drawing: str, alt: str, caption: str, *, plot: bool = True) -> str:
    """An SVG text as an image with its caption, as wide as the page, but never below `SMALLEST`.
    `plot`: it knows nothing of dark pages, where its colours are turned.
    """
    data = b64encode(drawing.encode("utf-8")).decode("ascii")
    kind, least = ' class="plot"' if plot else "", SMALLEST * _width(drawing)
    size = f' style="min-width:{least:.0f}px"' if least > NARROW else ""
    image = f'<img{kind}{size} alt="{escape(alt)}" src="data:image/svg+xml;base64,{data}">'
    if size:
        image = f'<div class="wide" tabindex="0">{image}</div>'
    return f"<figure>{image}<figcaption>{escape(caption)}</figcaption></figure>"


def _width(drawing: str) -> float:
    """The width of a drawing in pixels, 0 where it names none."""
    found = WIDTH.search(drawing)
    return float(found[1]) * (POINT if found[2] == "pt" else 1.0) if found else 0.0
