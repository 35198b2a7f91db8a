"""Greedy training of a stack of layers."""

from __future__ import annotations

from rgc.language.signatures import Field
from rgc.schemes import options
from rgc.schemes.answers import EVERY_RULE
from rgc.schemes.checks import TRAINING
from rgc.schemes.costs import training
from rgc.schemes.needs import gauge, hidden, lattice, machines
from rgc.schemes.scheme import Ready, Scheme

FIELDS = (
    Field(
        "receptive_fields", "flag", "report the weights of every hidden unit as maps", default=True
    ),
    Field("reconstruct", "integer", "samples to reconstruct through the stack", default=0, least=0),
    Field(
        "iterate",
        "integer",
        "steps of chains up and down the stack, with two thermometers",
        default=0,
        least=0,
        most=10_000,
    ),
    Field(
        "temperatures",
        "numbers",
        "temperatures at which the Hamiltonian is sampled for further chains, that of the spec 1",
    ),
    Field(
        "monitors",
        "names",
        "what is followed while training",
        choices=(
            "kl",
            "gap",
            "reconstruction",
            "dF",
            "tau_defect",
            "pseudo_likelihood",
            "log_likelihood",
        ),
    ),
    options.COUPLINGS,
    options.HIDDEN_BASIS,
    options.MINIMISE,
    options.SEED,
    options.GENERATOR,
)

TEMPLATE = """\
title "A restricted Boltzmann machine learns a 3 x 3 Ising model"
parameters { K = 0.4 }
lattice square(3)
spins s: ising(symmetric)
hamiltonian - K * sum(<i,j>) s[i]*s[j]
data samples(5000)
stack { rbm(hidden=9, train=cd(k=1, epochs=50, batch=100, rate=[0.05, 0.05, 0])) }
flow train(monitors=[kl, reconstruction])
expect { kl[layer=1] below 0.05 }
"""

SCHEME = Scheme(
    name="train",
    doc="greedy training of a stack of layers",
    fields=FIELDS,
    lattice=lattice.OPTIONAL,
    needs=("spins", "data", "stack"),
    uses=("lattice", "hamiltonian", "block"),
    rules=EVERY_RULE,
    limits=(gauge.anchored, machines.monitored, machines.iterated, hidden.couplings),
    ready=Ready(
        maker="rgc.flows.machines.train:make_train",
        kind="dense",
        cost=training.train,
        checks=TRAINING,
        alphabets=("ising", "binary", "potts", "gaussian"),
    ),
    answers=(
        "kl",
        "dF",
        "tau_defect",
        "effective_rows",
        "log_z",
        "log_likelihood_train",
        "log_likelihood_validation",
        "bound_train",
        "bound_validation",
        "information",
        "autocorrelation_time",
        "dropout_kl",
        "network_kl",
        "minima",
        "rows_mass",
        "visible",
        "hidden_operators",
        "half_length",
        "participation",
        "visible_hidden",
        "centres",
        "chains_z",
        "gap",
        "reconstruction",
        *machines.THERMOMETERS,
    ),
    template=TEMPLATE,
)
