"""Words that several schemes share: sections, alphabets, block maps, and what `expect` may name."""

from __future__ import annotations

from rgc.language.alphabets import ALPHABETS
from rgc.language.measures import MEASURES
from rgc.model.block_maps import BLOCKS

MODEL = ("lattice", "spins", "hamiltonian")
"""The sections of a lattice model."""

DISCRETE = tuple(
    alphabet.name for alphabet in ALPHABETS.values() if alphabet.energies and not alphabet.real
)
"""Alphabets with a number of states."""

TWO_STATES = tuple(alphabet.name for alphabet in ALPHABETS.values() if alphabet.two_states)

SPINS = (*DISCRETE, *(alphabet.name for alphabet in ALPHABETS.values() if alphabet.real))
"""Alphabets of spins with a number of states, or real ones."""

EVERY_RULE = tuple(BLOCKS)
"""Every block map, hard or soft."""

RG = ("exponents", "eigenvalue", "couplings")
FIXED_POINT = (*RG, "fixed_point", "constant", "free_energy", "log_z")
TENSORS = ("exponents", "eigenvalue", "central_charge", "constant", "free_energy", "log_z")
AVERAGES = tuple(
    name for name, measure in MEASURES.items() if measure.of_spins and not measure.fields
)
"""The built-in measures without options that every scheme with configurations gives."""
BLOCKED = ("dF", "kl", "tau_defect", "information", "block.p")

COPIES = tuple(name for name, measure in MEASURES.items() if measure.of_copies)
"""The built-in measures of two copies of the spins."""

SAMPLED = tuple(name for name, measure in MEASURES.items() if measure.of_spins)
"""The built-in measures that sampling gives today."""
