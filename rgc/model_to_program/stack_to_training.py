"""A layer and its trainer to the dense program of one update.

Contrastive divergence with k sweeps compares rows of data with what k sweeps of the machine make of
them (Hinton 2002). With persistent chains, or chains at several temperatures, the machine is
sampled by itself (Tieleman 2008; Desjardins et al. 2010). Each phase is averaged over its own
number of chains. Rows may be means of the units of the layer below, which enter as they are, while
those of the model are states. With x the features of the visible and y those of the hidden units,

    dW = rate (<x y>_data - <x y>_model),  db = rate (<x>_data - <x>_model),  dc likewise.

With centring x and y are counted from centres, and the biases follow the weights, so that a change
of W does not move the fields of these (Montavon and Mueller 2012). Centres are averages of states
drawn in fields of their own, in which visible units have the averages of all rows, and hidden ones
those over the rows of the last updates. They do not depend on the rows of the update itself, whose
averages would take 2/N off the correlations of N rows. Real units have none.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from rgc.model_to_program.gradient_writer import GradientWriter, Phase
from rgc.model_to_program.training_update import Training, Update, units_of
from rgc.program.dense import (
    Affine,
    Energy,
    Exchange,
    Put,
    Read,
    Scale,
    Take,
    Unit,
    Units,
    Value,
)
from rgc.program.dense.writer import Writer


def stack_to_training(update: Update) -> Training:
    """The program of an update."""
    return _Writing(
        update, units_of(update.layer.visible), units_of(update.layer.hidden)
    ).training()


@dataclass(slots=True)
class _Writing:
    """The program in the making, with its parameters by name: the states of both phases."""

    update: Update
    visible: Units
    hidden: Units
    writer: Writer = field(default_factory=Writer)
    parameters: dict[str, int] = field(default_factory=dict)

    def training(self) -> Training:
        writer, update = self.writer, self.update
        self.parameters["weights"] = writer.matrix("weights", self.visible, self.hidden)
        if update.layer.biases:
            self.parameters["visible"] = writer.vector("visible", self.visible)
            self.parameters["hidden"] = writer.vector("hidden", self.hidden)
        if update.trainer.centring:
            for name, units in (("visible centre", self.visible), ("hidden centre", self.hidden)):
                if units.kind != "gaussian":
                    self.parameters[name] = writer.vector(name, units)
        writer.rows = update.batch
        rows = writer.field("data", self.visible, update.rows, means=update.fractional)
        v = writer.add(Take(rows, 0, update.batch))
        x, mask = self._up(v), self._mask(update.batch)
        data = Phase(v, self._entering(x, mask), update.batch)
        if update.trainer.chains is None:
            start = writer.drawn(x, self.hidden, mask) if update.means else data.y
            model, kind = self._from_rows(start, mask), "cd"
        elif update.temperatures == 1:
            model, kind = self._persistent(update.trainer.chains), "pcd"
        else:
            model, kind = self._tempered(update.trainer.chains), "tempering"
        gradient = GradientWriter(update, writer, self.parameters, self.visible, self.hidden)
        gradient.write(data, model)
        writer.numbers = [f"{number.quantity} {number.factor}" for number in gradient.numbers]
        return Training(writer.program(f"{kind}-{update.k}"), tuple(gradient.numbers))

    # -- states of the model

    def _from_rows(self, hidden: Value, mask: Value | None) -> Phase:
        for sweep in range(1, self.update.k + 1):
            v = self._down(hidden)
            x = self._up(v)
            if sweep < self.update.k:
                hidden = self.writer.drawn(x, self.hidden, mask)
        return Phase(v, self._entering(x, mask), self.update.batch)

    def _persistent(self, chains: int) -> Phase:
        """Chains keep their hidden units, from which every update goes on."""
        kept = self.writer.field("chains", self.hidden, chains)
        hidden, mask = self.writer.add(Read(kept)), self._mask(chains)
        for _ in range(self.update.k):
            v = self._down(hidden)
            x = self._up(v)
            hidden = self.writer.drawn(x, self.hidden, mask)
        self.writer.add(Put(kept, hidden))
        entering = self._entering(x, mask) if self.update.means else hidden
        return Phase(v, entering, chains)

    def _tempered(self, chains: int) -> Phase:
        """The first group of chains is the model's. The others are at smaller inverse temperatures,
        and after the sweeps neighbouring ones change places.
        """
        writer, add, temperatures = self.writer, self.writer.add, self.update.temperatures
        kept, beta = writer.field("chains", self.hidden, chains), writer.scale("beta")
        hidden, mask = add(Read(kept)), self._mask(chains)
        for _ in range(self.update.k):
            down = add(Scale(self._fields(hidden, turned=True), beta))
            v = writer.drawn(down, self.visible)
            x = self._up(v)
            hidden = writer.drawn(add(Scale(x, beta)), self.hidden, mask)
        entering = self._entering(x, mask) if self.update.means else hidden
        model = Phase(v, entering, self.update.averaged)
        energies, moved = add(Energy(self._products(v, hidden, x, chains))), hidden
        for first in (0, 1):
            exchange = Exchange(moved, energies, beta, writer.draws, temperatures, first)
            moved = add(exchange)
            if first == 0:  # after the second exchange no energies are asked for
                energies = add(replace(exchange, x=energies))
            writer.draws += 1
        add(Put(kept, moved))
        return model

    def _products(
        self, v: Value, h: Value, x: Value, chains: int
    ) -> tuple[tuple[Value, Value], ...]:
        """The pairs of states and fields whose products add up to -E(v, h), x being the fields of
        the hidden units.
        """
        if not self.update.layer.biases:
            return ((h, x),)
        own = self.writer.add(Affine(None, None, self.parameters["visible"], chains=chains))
        return (h, x), (v, own)

    # -- layers

    def _fields(self, x: Value, *, turned: bool) -> Value:
        bias = self.parameters.get("visible" if turned else "hidden")
        return self.writer.add(Affine(x, self.parameters["weights"], bias, turned))

    def _up(self, v: Value) -> Value:
        return self._fields(v, turned=False)

    def _down(self, h: Value) -> Value:
        return self.writer.drawn(self._fields(h, turned=True), self.visible)

    def _mask(self, chains: int) -> Value | None:
        """Which hidden units are kept in each chain; None where all are."""
        if not self.update.trainer.dropout:
            return None
        if "keep" not in self.parameters:
            self.parameters["keep"] = self.writer.vector("keep", self.hidden)
        fields = self.writer.add(Affine(None, None, self.parameters["keep"], chains=chains))
        return self.writer.drawn(fields, self.hidden)

    def _entering(self, x: Value, mask: Value | None) -> Value:
        """Hidden units as they enter the gradient, given their fields."""
        if self.update.means:
            return self.writer.add(Unit(x, self.hidden, None, mask))
        return self.writer.drawn(x, self.hidden, mask)
