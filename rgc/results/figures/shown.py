"""Figures that a notebook shows."""

from __future__ import annotations

from io import BytesIO

from matplotlib.figure import Figure

DOTS = 150
"""Dots of an inch on the screen."""


class ShownFigure(Figure):
    """A figure that a notebook shows as it is, also where pyplot was never imported."""

    def _repr_png_(self) -> bytes:
        memory = BytesIO()
        self.savefig(memory, format="png", dpi=DOTS)
        return memory.getvalue()
