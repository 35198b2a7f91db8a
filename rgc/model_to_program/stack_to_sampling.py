"""Trained layers to dense programs that sample them: annealing, and passes up a stack and down."""

from __future__ import annotations

from rgc.model.stack import Rbm
from rgc.model_to_program.training_update import units_of
from rgc.program.dense import (
    Affine,
    Dense,
    Energy,
    Put,
    Read,
    Scale,
    Take,
    Tally,
    Unit,
    Units,
    Value,
)
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


def ascent(layer: Rbm, chains: int, rows: int, *, fractional: bool = False) -> Dense:
    """Rows of data, which are means where they are `fractional`, to states of the hidden units,
    left in a field.
    """
    made = _Pass(layer, chains, rows, fractional)
    return made.left(made.writer.drawn(made.up, made.hidden), made.hidden, "ascent")


def ascent_of_means(layer: Rbm, chains: int, rows: int, *, fractional: bool = False) -> Dense:
    """Rows of data to means of the hidden units, left in a field."""
    made = _Pass(layer, chains, rows, fractional)
    means = made.writer.add(Unit(made.up, made.hidden, None))
    return made.left(means, made.hidden, "ascent of means", means=True)


def reconstruction(layer: Rbm, chains: int, rows: int, *, fractional: bool = False) -> Dense:
    """Rows of data up and down again, which leaves the visible units in a field. Where they have
    states, it tallies how many of them differ from the rows.
    """
    made = _Pass(layer, chains, rows, fractional)
    states = made.writer.sampled(
        made.writer.drawn(made.up, made.hidden), made.weights, made.b, made.visible, turned=True
    )
    if not fractional and made.visible.kind != "gaussian":
        made.writer.add(Tally("mismatches", made.v, states))
    return made.left(states, made.visible, "reconstruction")


class _Pass:
    """A program in the making that takes rows of data and knows the fields of the hidden units."""

    def __init__(self, layer: Rbm, chains: int, rows: int, fractional: bool) -> None:
        self.chains, self.writer = chains, Writer(rows=chains)
        self.visible, self.hidden = units_of(layer.visible), units_of(layer.hidden)
        self.weights = self.writer.matrix("weights", self.visible, self.hidden)
        biases = layer.biases
        self.b = self.writer.vector("visible", self.visible) if biases else None
        c = self.writer.vector("hidden", self.hidden) if biases else None
        data = self.writer.field("data", self.visible, rows, means=fractional)
        self.v = self.writer.add(Take(data, 0, chains))
        self.up = self.writer.add(Affine(self.v, self.weights, c))

    def left(self, x: Value, units: Units, name: str, *, means: bool = False) -> Dense:
        """The program that leaves a value in a field."""
        field = self.writer.field("states", units, self.chains, means=means)
        self.writer.add(Put(field, x))
        return self.writer.program(name)
