"""The checks that `rgc verify` makes, by name. Each scheme says which of them it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Part = Literal["a", "b", "c", "d", "e"]
"""Part of a certificate: energies, the Markov chain, bit identity, floating point, averages."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a certificate.

    `find` is where it is made, `module:function`: a function from a `Subject` to findings.
    """

    part: Part
    name: str
    find: str


PROGRAMS = (
    Check("a", "energies", "rgc.verification.energies:check_energies"),
    Check("a", "energy differences", "rgc.verification.differences:check_differences"),
    Check("a", "pairs", "rgc.verification.pairs:check_pairs"),
    Check("a", "operators", "rgc.verification.operators:check_operators"),
    Check("a", "block maps", "rgc.verification.operators:check_blocks"),
    Check("a", "block rules", "rgc.verification.block_rules:check_block_rules"),
    Check("a", "measures", "rgc.verification.operators:check_measures"),
    Check("b", "programs", "rgc.verification.matrix:check_programs"),
    Check("b", "balance", "rgc.verification.matrix:check_balance"),
    Check("b", "clusters", "rgc.verification.turns:check_turns"),
    Check("b", "clusters of copies", "rgc.verification.copies:check_copies"),
    Check("b", "exchange", "rgc.verification.exchanges:check_exchanges"),
    Check("c", "bit identity", "rgc.verification.bits:check_bits"),
    Check("d", "floats", "rgc.verification.floats:check_floats"),
    Check("e", "sampled averages", "rgc.verification.sampled:check_sampled"),
)
"""The checks of a flow that samples spins by lattice programs."""

ENUMERATION = Check("a", "enumeration", "rgc.verification.arrays:check_enumeration")

ARRAYS = (
    Check("a", "block rules", "rgc.verification.block_rules:check_block_rules"),
    Check("a", "jacobian", "rgc.verification.arrays:check_jacobian"),
    Check("a", "ledger", "rgc.verification.arrays:check_ledger"),
    Check("d", "agreement", "rgc.verification.arrays:check_agreement"),
)
"""The checks of a flow that computes with arrays."""

MAPS = (
    Check("a", "map", "rgc.verification.maps:check_map"),
    Check("a", "jacobian", "rgc.verification.maps:check_slopes"),
    Check("a", "ledger", "rgc.verification.maps:check_sum"),
    Check("a", "powers", "rgc.verification.complex_powers:check_powers"),
    Check("a", "matrix", "rgc.verification.matrix_maps:check_matrix"),
    Check("d", "orbits", "rgc.verification.maps:check_kernels"),
    Check("d", "agreement", "rgc.verification.arrays:check_agreement"),
)
"""The checks of a map that a spec writes or makes of data."""

FIT = Check("a", "fit", "rgc.verification.fits:check_fit")

BIASED = (
    Check("a", "block rules", "rgc.verification.block_rules:check_block_rules"),
    Check("a", "joint weights", "rgc.verification.biased:check_joint"),
    Check("b", "schedule", "rgc.verification.biased:check_sweeps"),
    Check("b", "turning", "rgc.verification.following:check_turning"),
    Check("c", "bit identity", "rgc.verification.biased:check_biased_bits"),
    Check("e", "uniform block spins", "rgc.verification.biased:check_uniform"),
)
"""The checks of a flow that samples block spins under a bias."""

TRAINING = (
    Check("a", "energies", "rgc.verification.machine_energies:check_machine_energies"),
    Check("a", "couplings", "rgc.verification.machine_energies:check_machine_couplings"),
    Check("b", "chances", "rgc.verification.unit_chances:check_unit_chances"),
    Check("b", "balance", "rgc.verification.unit_chances:check_sweep"),
    Check("c", "bit identity", "rgc.verification.training_bits:check_training_bits"),
    Check("c", "passes", "rgc.verification.machine_passes:check_passes"),
    Check("e", "gradient", "rgc.verification.gradients:check_gradient"),
    Check("e", "update rules", "rgc.verification.update_rules:check_update_rules"),
    Check("e", "persistent chains", "rgc.verification.persistent:check_persistent"),
    Check("e", "annealing", "rgc.verification.gradients:check_annealing"),
)
"""The checks of a flow that trains machines by dense programs."""
