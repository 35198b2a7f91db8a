"""The schemes, one a file.

A file says what the options, needs, limits and answers of its scheme are, what of it runs, which
checks it has and where its flow is made. A new scheme is a file here, its line in `SCHEMES`, and
its flow in a folder of `rgc/flows/`. Everything else reads this table.
"""

from __future__ import annotations

from collections.abc import Mapping

from rgc.language.signatures import table
from rgc.schemes import (
    cumulant,
    drive,
    enumerate,
    exact,
    hotrg,
    iterate,
    lower_bound,
    mcrg,
    migdal_kadanoff,
    recall,
    sample,
    train,
    trg,
    variational_mcrg,
)
from rgc.schemes.scheme import Scheme

SCHEMES: Mapping[str, Scheme] = table(
    (
        sample.SCHEME,
        mcrg.SCHEME,
        variational_mcrg.SCHEME,
        enumerate.SCHEME,
        exact.SCHEME,
        migdal_kadanoff.SCHEME,
        cumulant.SCHEME,
        lower_bound.SCHEME,
        trg.SCHEME,
        hotrg.SCHEME,
        train.SCHEME,
        recall.SCHEME,
        iterate.SCHEME,
        drive.SCHEME,
    )
)
"""The schemes by name, in the order of the documentation."""
