"""Trained layers to dense programs that sample them: annealing, and passes up a stack and down."""

from __future__ import annotations

from rgc.model.stack import Rbm
from rgc.model_to_program.training_update import units_of
from rgc.program.dense import Affine, Dense, Energy, Put, Read, Scale, Take, Tally, Units
from rgc.program.dense.writer import Writer

ANNEALED = ("old", "new", "rest of old", "rest of new")
"""The scales of an annealing program: the inverse temperatures before and after a step, and what is
missing to 1 of each.
"""


def independent(units: Units, chains: int) -> Dense:
    """Draws the chains of a field from independent units with given biases."""
    writer = Writer()
    field, base = writer.field("chains", units, chains), writer.vector("base", units)
    fields = writer.add(Affine(None, None, base, chains=chains))
    writer.add(Put(field, writer.drawn(fields, units)))
    return writer.program("independent units")


def annealing(layer: Rbm, chains: int) -> Dense:
    """One step of annealed importance sampling (Neal 2001; Salakhutdinov and Murray 2008).

    The distributions are

        p_beta(v) ~ exp((1 - beta) a.v + beta b.v) prod_j Tr_h exp(beta x_j(v) h_j)

    with x_j = c_j + (vW)_j: independent units with biases a at beta = 0, and the machine at 1. A
    step leaves the energies -ln p of the chains at the old and at the new beta, up to ln Z, and
    then moves the chains by one sweep at the new one.
    """
    visible, hidden = units_of(layer.visible), units_of(layer.hidden)
    writer = Writer()
    add = writer.add
    weights = writer.matrix("weights", visible, hidden)
    b, c = writer.vector("visible", visible), writer.vector("hidden", hidden)
    a, kept = writer.vector("base", visible), writer.field("chains", visible, chains)
    old, new, old_rest, new_rest = map(writer.scale, ANNEALED)
    v = add(Read(kept))
    x = add(Affine(v, weights, c))
    own, first = (add(Affine(None, None, each, chains=chains)) for each in (b, a))
    for beta, rest in ((old, old_rest), (new, new_rest)):
        fields = add(Scale(own, beta, add(Scale(first, rest))))
        energy = add(Energy(((v, fields),), ((add(Scale(x, beta)), hidden),)))
        add(Tally("whole", energy))
    h = writer.drawn(add(Scale(x, new)), hidden)
    down = Scale(add(Affine(h, weights, b, turned=True)), new, add(Scale(first, new_rest)))
    add(Put(kept, writer.drawn(add(down), visible)))
    return writer.program("annealing")


def ascent(layer: Rbm, chains: int, rows: int) -> Dense:
    """Rows of data to states of the hidden units, left in a field."""
    return _passed(layer, chains, rows, again=False)


def reconstruction(layer: Rbm, chains: int, rows: int) -> Dense:
    """Rows of data up and down again. It leaves the states of the visible units in a field, and
    tallies how many of them differ from the rows.
    """
    return _passed(layer, chains, rows, again=True)


def _passed(layer: Rbm, chains: int, rows: int, *, again: bool) -> Dense:
    visible, hidden = units_of(layer.visible), units_of(layer.hidden)
    writer = Writer(rows=chains)
    weights = writer.matrix("weights", visible, hidden)
    biases = layer.biases
    b = writer.vector("visible", visible) if biases else None
    c = writer.vector("hidden", hidden) if biases else None
    v = writer.add(Take(writer.field("data", visible, rows), 0, chains))
    states = writer.sampled(v, weights, c, hidden)
    if again:
        states = writer.sampled(states, weights, b, visible, turned=True)
        writer.add(Tally("mismatches", v, states))
    writer.add(Put(writer.field("states", visible if again else hidden, chains), states))
    return writer.program("reconstruction" if again else "ascent")
