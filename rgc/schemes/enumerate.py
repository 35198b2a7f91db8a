"""Enumeration of all states of a small lattice.

It gives exact numbers, and with a block map the exact renormalised Hamiltonian.
"""

from __future__ import annotations

from rgc.language.signatures import Field
from rgc.model.block_maps import LAWFUL
from rgc.schemes import checks, options, shares
from rgc.schemes.answers import AVERAGES, BLOCKED, DISCRETE, EVERY_RULE, FIXED_POINT, MODEL, SAMPLED
from rgc.schemes.costs import enumeration
from rgc.schemes.needs import blocks, couplings, disorder, gauge, lattice, learned, states
from rgc.schemes.scheme import Ready, Scheme

MEMORY = Field(
    "memory",
    "number",
    f"largest memory of the enumeration in GiB, at {states.STATE_BYTES} bytes a state",
    4,
    above=0,
    most=1024,
)

TEMPLATE = """\
title "Ising model on 4 x 4 sites, all states, and its block spins by majority"
parameters { K = 0.4 }
lattice square(4)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
block majority(2)
flow enumerate
expect { tau_defect below 1e-12 }
"""

SCHEME = Scheme(
    name="enumerate",
    doc="exact block-spin map of a small lattice, or without a block Z and all correlators",
    fields=(*options.EXACT_MAP, options.MINIMISE, options.DISORDER, options.SEED, MEMORY),
    lattice=lattice.FINITE,
    needs=MODEL,
    uses=("block", "data", "stack"),
    rules=EVERY_RULE,
    alphabets=DISCRETE,
    limits=(
        *couplings.NAMED,
        blocks.keep_the_alphabet,
        blocks.inside_edges,
        learned.maps,
        gauge.anchored_where_learned,
        states.studied_map,
        states.kept_terms,
        states.blocked_steps,
        states.free_parameters,
        disorder.drawn_couplings,
        states.memory,
        learned.joint_states,
        states.mapped_states,
        states.turned_spins,
        states.one_free_step,
    ),
    answers=(
        *FIXED_POINT,
        *AVERAGES,
        *BLOCKED,
        "generated",
        "correlation",
        "kl_reconstruction",
        "kl_uniform",
        "improved",
    ),
    ready=Ready(
        maker="rgc.flows.enumeration.enumerate:make_enumerate",
        kind="arrays",
        cost=enumeration.enumerate_states,
        shares=shares.of_realisations,
        checks=(checks.ENUMERATION, *checks.ARRAYS),
        alphabets=DISCRETE,
        rules=LAWFUL,
        free=True,
        measures=(*SAMPLED, "free_energy", "log_z", "dF", "kl", "tau_defect", "information"),
        lattices=("crystal", "complete", "graph"),
        disorder=True,
    ),
    template=TEMPLATE,
)
