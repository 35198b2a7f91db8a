"""What the family of dense programs declares."""

from __future__ import annotations

from rgc.program.dense.arguments import ARGUMENTS
from rgc.program.dense.needs import CAPABILITIES, needs
from rgc.program.dense.program import Dense
from rgc.program.dense.show import show
from rgc.program.dense.verify import verify
from rgc.program.family import Family

DENSE = Family(
    name="dense",
    programs=Dense,
    states=("uint64", "int32", "int64"),
    arguments=ARGUMENTS,
    capabilities=CAPABILITIES,
    needs=needs,
    verify=verify,
    show=show,
    reference="reference",
    examples="rgc.conformance.dense.examples:examples",
)
