"""The answer of a run: its data (`rgc.results.answer_data`) with its views as methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rgc.results.answer_data import AnswerData

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from xarray import Dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(AnswerData):
    """The data of a run (`AnswerData`), with the JSON document, the dataset, the figures and the
    page as methods.
    """

    def document(self) -> dict[str, Any]:
        """The JSON document that `rgc run --json` prints."""
        from rgc.results.document import document

        return document(self)

    def to_xarray(self) -> Dataset:
        """Every table of the result as one xarray dataset.

        A scan adds one dimension for each scanned parameter.
        """
        from rgc.results.dataset import dataset

        return dataset(self)

    def plot(self) -> dict[str, Figure]:
        """The figures by name, as far as the run has the numbers that they show.

        Their names are `configurations`, `exponents`, `autocorrelation`, `flow`, `scan` and
        `free_energy`.
        """
        from rgc.results.plots import figures

        return figures(self)

    def _repr_html_(self) -> str:
        from rgc.results.report import body

        return body(self.document(), {})
