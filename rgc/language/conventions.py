"""How files of weights write the energy of a machine: a row says all that is known about one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """A way to write the energy.

    - `weights`, `visible` and `hidden` are the names of the arrays of a file; `numbered` says that
      the number of the layer stands behind them, as in `weights_1`.
    - `sign` is that of every term of E.
    - `binary` says that two-state units are 0 and 1, whatever they are in the spec.
    """

    name: str
    doc: str
    weights: str
    visible: str
    hidden: str
    sign: int = -1
    binary: bool = True
    numbered: bool = False

    def arrays(self, layer: int, update: int | None = None) -> tuple[str, str, str]:
        """The names of W and of the biases of visible and hidden units in a file, as they were
        after an update of training, or at its end.
        """
        behind = self._behind(layer)
        if update is not None:
            behind += f"{AT}{update}"
        return f"{self.weights}{behind}", f"{self.visible}{behind}", f"{self.hidden}{behind}"

    def updates(self, layer: int, names: Iterable[str]) -> tuple[int, ...]:
        """The updates, rising, whose models are among the arrays of these names."""
        before = f"{self.weights}{self._behind(layer)}{AT}"
        found = (name.removeprefix(before) for name in names if name.startswith(before))
        return tuple(sorted(int(each) for each in found if each.isdecimal()))

    def precisions(self, layer: int) -> tuple[str, str]:
        """The names of the precisions of real units, g in g x^2 / 2, visible and hidden."""
        behind = self._behind(layer)
        return f"visible_precision{behind}", f"hidden_precision{behind}"

    def _behind(self, layer: int) -> str:
        return f"_{layer}" if self.numbered else ""


AT = "_at_"
"""What stands between the name of an array and the update after which it was kept."""

CONVENTIONS = {
    row.name: row
    for row in (
        Convention(
            name="rgc",
            doc="E = - sum b_i v_i - sum c_j h_j - sum v_i W_ij h_j, units as in the spec",
            weights="weights",
            visible="visible",
            hidden="hidden",
            binary=False,
            numbered=True,
        ),
        Convention(
            name="binary",
            doc="the same with units of 0 and 1",
            weights="W",
            visible="b",
            hidden="c",
        ),
        Convention(
            name="mehta_schwab",
            doc="E = sum b_j h_j + sum v_i w_ij h_j + sum c_i v_i, units of 0 and 1 (Mehta and "
            "Schwab 2014, Eq. 10)",
            weights="W",
            visible="c",
            hidden="b",
            sign=1,
        ),
        Convention(
            name="hinton",
            doc="E = - sum a_i v_i - sum b_j h_j - sum v_i h_j w_ij, units of 0 and 1 (Hinton)",
            weights="W",
            visible="a",
            hidden="b",
        ),
    )
}
