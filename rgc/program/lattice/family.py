"""What the family of lattice programs declares."""

from __future__ import annotations

from rgc.program.family import Family
from rgc.program.lattice.arguments import ARGUMENTS
from rgc.program.lattice.needs import CAPABILITIES, needs
from rgc.program.lattice.program import Program
from rgc.program.lattice.show import show
from rgc.program.lattice.verify import verify

LATTICE = Family(
    name="lattice",
    programs=Program,
    states=("uint64",),
    arguments=ARGUMENTS,
    capabilities=CAPABILITIES,
    needs=needs,
    verify=verify,
    show=show,
    reference="reference",
    examples="rgc.conformance.lattice.examples:examples",
)
