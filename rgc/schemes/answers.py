"""Words that several schemes share: sections, block maps, and what `expect` may name."""

from __future__ import annotations

from rgc.language.blocks import BLOCKS
from rgc.language.measures import MEASURES

MODEL = ("lattice", "spins", "hamiltonian")
"""The sections of a lattice model."""

EVERY_RULE = tuple(BLOCKS)
"""Every block map, hard or soft."""

RG = ("exponents", "eigenvalue", "couplings")
FIXED_POINT = (*RG, "fixed_point", "constant", "free_energy", "log_z")
TENSORS = ("exponents", "eigenvalue", "central_charge", "constant", "free_energy", "log_z")
AVERAGES = tuple(
    name for name, measure in MEASURES.items() if measure.of_spins and not measure.fields
)
"""The built-in measures without options that every scheme gives which has configurations."""
BLOCKED = ("dF", "kl", "tau_defect", "information", "block.p")

SAMPLED = tuple(name for name, measure in MEASURES.items() if measure.of_spins)
"""The built-in measures that sampling gives today."""
