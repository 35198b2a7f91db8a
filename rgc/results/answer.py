"""The answer of a run: its data (`rgc.results.answer_data`) with its views as methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rgc.results.answer_data import AnswerData

if TYPE_CHECKING:
    from pandas import DataFrame
    from xarray import Dataset

    from rgc.results.figures.plots import Figures


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Answer(AnswerData):
    """The data of a run (`AnswerData`), with the JSON document, the dataset, the figures and the
    page as methods. A notebook shows its tables and figures.
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

    def to_dataframe(self) -> DataFrame:
        """Exponents, averages and other values as a pandas table.

        It has a row for each point of the scan, or one row without a scan, with the scanned
        parameters as its index. A quantity has two columns, such as `energy` and `energy_error`.
        """
        from rgc.results.dataset import dataframe

        return dataframe(self)

    def plot(self) -> Figures:
        """The figures by name, as far as the run has the numbers that they show.

        A notebook shows them; `answer.plot()["exponents"]` is a figure of matplotlib.
        """
        from rgc.results.figures.plots import figures

        return figures(self)

    def _repr_html_(self) -> str:
        from rgc.results.figures.plots import svg
        from rgc.results.pages.report import body

        return body(self.document(), {name: svg(each) for name, each in self.plot().items()})
