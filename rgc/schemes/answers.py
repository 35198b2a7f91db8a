"""Words that several schemes share: sections, alphabets, block maps, and what `expect` may name."""

from __future__ import annotations

from rgc.language.blocks import BLOCKS

MODEL = ("lattice", "spins", "hamiltonian")
"""The sections of a lattice model."""

DISCRETE = ("ising", "binary", "potts", "clock", "spin")
"""Alphabets with a number of states."""

TWO_STATES = ("ising", "binary")

EVERY_RULE = tuple(BLOCKS)
"""Every block map, hard or soft."""

RG = ("exponents", "eigenvalue", "couplings")
FIXED_POINT = (*RG, "fixed_point", "constant", "free_energy", "log_z")
TENSORS = ("exponents", "eigenvalue", "central_charge", "constant", "free_energy", "log_z")
AVERAGES = (
    "energy",
    "m",
    "abs_m",
    "susceptibility",
    "specific_heat",
    "binder",
    "correlation_length",
)
BLOCKED = ("dF", "kl", "tau_defect", "information", "block.p")

SAMPLED = (*AVERAGES, "correlation")
"""The built-in measures that sampling gives today."""
