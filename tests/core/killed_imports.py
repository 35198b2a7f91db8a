"""What children of `killed.py` need, imported once in the process that they are forked from."""

from __future__ import annotations

from io import BytesIO

import rgc
import rgc.results.pages.report
from tests.core.killed import SPECS

for text in (text for kind, text in SPECS.items() if kind != "study"):  # it needs a folder
    answer = rgc.compile(text, backend="reference").run(checkpoints=False)
    answer.to_xarray().to_netcdf(BytesIO(), engine="h5netcdf")
