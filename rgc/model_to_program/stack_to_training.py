"""A layer and its trainer to the dense program of one update.

Contrastive divergence with k sweeps compares rows of data with what k sweeps of the machine make of
them (Hinton 2002). With persistent chains, or chains at several temperatures, the machine is
sampled by itself (Tieleman 2008; Desjardins et al. 2010). Each phase is averaged over its own
number of chains. With x the features of the visible and y those of the hidden units,

    dW = rate (<x y>_data - <x y>_model),  db = rate (<x>_data - <x>_model),  dc likewise.

With centring x and y are counted from their averages over the rows, in states, and the biases
follow the weights, so that a change of W does not move the fields of average states (Montavon and
Mueller 2012).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

from rgc.model.stack import Rbm, Side
from rgc.model.trainer import Knots, Trainer
from rgc.program.dense import (
    Affine,
    Apply,
    Change,
    Dense,
    Energy,
    Exchange,
    Pairs,
    Put,
    Read,
    Scale,
    Take,
    Tally,
    Term,
    Total,
    Unit,
    Units,
    Value,
)
from rgc.program.dense.program import BIAS_LIMIT, KT, WEIGHT_LIMIT
from rgc.program.dense.writer import Writer
from rgc.program.units import MEAN

FINE, FINE_MEANS = 20, 22
"""Bits of a gradient below the unit of parameters, of states and of means: as many as leave sums of
counts times numbers within 63 bits.
"""

SCALE, NORM, SHARE = 1 << 16, 1 << 16, 1 << 32
"""1 in the units of momentum and inverse temperatures, of norms, and of decay."""

Quantity = Literal["one", "rate", "momentum"]


@dataclass(frozen=True, slots=True)
class Number:
    """A number that every update is handed: `factor` times a quantity of the schedule."""

    quantity: Quantity
    factor: Fraction

    def __truediv__(self, places: int) -> Number:
        return Number(self.quantity, self.factor / places)


@dataclass(frozen=True, slots=True)
class Shared:
    """An array of parameters of which many entries are one: how many different ones there are, and
    how many entries each of them is. Its gradient is averaged over these places.
    """

    classes: int
    places: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What an update is made for: `batch` of `rows`, by the trainer of a layer.

    `shared` says which of the arrays "weights", "visible" and "hidden" are shared, and `sparse`
    whether some pairs of units are not connected.
    """

    layer: Rbm
    trainer: Trainer
    batch: int
    rows: int
    sparse: bool = False
    shared: Mapping[str, Shared] = field(default_factory=dict)

    @property
    def temperatures(self) -> int:
        return len(self.trainer.betas or (1.0,))

    @property
    def averaged(self) -> int:
        """The chains of the model that are averaged over."""
        chains = self.trainer.chains
        return self.batch if chains is None else chains // self.temperatures

    @property
    def k(self) -> int:
        """Gibbs sweeps of the model."""
        return self.trainer.k or 1

    @property
    def momentum(self) -> bool:
        """Whether there is momentum at any time."""
        return self.trainer.momentum != Knots((0.0,))

    @property
    def means(self) -> bool:
        """Whether means of hidden units enter the gradient, and not their states."""
        return self.trainer.gradient == "means"


@dataclass(frozen=True, slots=True)
class Training:
    """The program of an update, and what its numbers are, slot by slot.

    Its first field is the data, its second, where there are persistent chains, their hidden units.
    Its first parameters are the weights and, where there are biases, the visible and the hidden
    ones. Slot 0 of the scales are the inverse temperatures.
    """

    program: Dense
    numbers: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class _Phase:
    """The visible and the hidden side of one phase of the gradient, as states, means or totals, of
    which the first `chains` are averaged over.
    """

    x: Value
    y: Value
    chains: int


@dataclass(frozen=True, slots=True)
class _Term:
    """A number and what it multiplies."""

    number: Number
    counts: Value | None


def units_of(side: Side) -> Units:
    """The units of a side in programs. Raises `ValueError` for real ones."""
    kind = side.unit
    if kind == "gaussian" or side.spins.states is None:
        raise ValueError("programs have no real units")
    return Units(side.count, kind, int(side.spins.states))


def stack_to_training(update: Update) -> Training:
    """The program of an update. Raises `ValueError` for layers of real units."""
    return _Writing(
        update, units_of(update.layer.visible), units_of(update.layer.hidden)
    ).training()


@dataclass(slots=True)
class _Writing:
    """The program in the making, with its parameters by name."""

    update: Update
    visible: Units
    hidden: Units
    writer: Writer = field(default_factory=Writer)
    parameters: dict[str, int] = field(default_factory=dict)
    numbers: dict[Number, int] = field(default_factory=dict)

    def training(self) -> Training:
        writer, update = self.writer, self.update
        self.parameters["weights"] = writer.matrix("weights", self.visible, self.hidden)
        if update.layer.biases:
            self.parameters["visible"] = writer.vector("visible", self.visible)
            self.parameters["hidden"] = writer.vector("hidden", self.hidden)
        writer.rows = update.batch
        v = writer.add(Take(writer.field("data", self.visible, update.rows), 0, update.batch))
        x, mask = self._up(v), self._mask(update.batch)
        data = _Phase(v, self._entering(x, mask), update.batch)
        start = data.y
        if update.means and (update.trainer.centring or update.trainer.chains is None):
            start = writer.drawn(x, self.hidden, mask)
        if update.trainer.chains is None:
            model, kind = self._from_rows(start, mask), "cd"
        elif update.temperatures == 1:
            model, kind = self._persistent(update.trainer.chains), "pcd"
        else:
            model, kind = self._tempered(update.trainer.chains), "tempering"
        self._gradient(data, model, start)
        writer.numbers = [f"{number.quantity} {number.factor}" for number in self.numbers]
        return Training(writer.program(f"{kind}-{update.k}"), tuple(self.numbers))

    # -- states of the model

    def _from_rows(self, hidden: Value, mask: Value | None) -> _Phase:
        for sweep in range(1, self.update.k + 1):
            v = self._down(hidden)
            x = self._up(v)
            if sweep < self.update.k:
                hidden = self.writer.drawn(x, self.hidden, mask)
        return _Phase(v, self._entering(x, mask), self.update.batch)

    def _persistent(self, chains: int) -> _Phase:
        """Chains keep their hidden units, from which every update goes on."""
        kept = self.writer.field("chains", self.hidden, chains)
        hidden, mask = self.writer.add(Read(kept)), self._mask(chains)
        for _ in range(self.update.k):
            v = self._down(hidden)
            x = self._up(v)
            hidden = self.writer.drawn(x, self.hidden, mask)
        self.writer.add(Put(kept, hidden))
        entering = self._entering(x, mask) if self.update.means else hidden
        return _Phase(v, entering, chains)

    def _tempered(self, chains: int) -> _Phase:
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
        model = _Phase(v, entering, self.update.averaged)
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

    # -- the gradient

    def _gradient(self, data: _Phase, model: _Phase, drawn: Value) -> None:
        """The changes of all parameters. `drawn` are states of hidden units given the rows."""
        add, seen = self.writer.add, self._seen
        first = model.chains if self.update.temperatures > 1 else None
        b, c = Fraction(1, data.chains), Fraction(1, model.chains)
        terms = [
            self._term("rate", b * KT, add(Pairs(data.x, data.y)), seen),
            self._term("rate", -c * KT, add(Pairs(model.x, model.y, first)), seen),
        ]
        if not self.update.layer.biases:
            add(Tally("largest", self._change("weights", terms)))
            return
        of_data = _Phase(add(Total(data.x)), add(Total(data.y)), data.chains)
        of_model = _Phase(add(Total(model.x, first)), add(Total(model.y, first)), model.chains)
        centre = of_data.y if drawn == data.y else add(Total(drawn))
        if self.update.trainer.centring:
            for factor, x, y, bits in (
                (-b * b, of_data.x, of_data.y, seen),
                (b * c, of_data.x, of_model.y, seen),
                (-b * b, of_data.x, centre, 0),
                (b * c, of_model.x, centre, 0),
            ):
                terms.append(self._term("rate", factor * KT, add(Pairs(x, y)), bits))
        step = self._change("weights", terms)
        self._visible_bias(of_data, of_model, step, centre)
        self._hidden_bias(of_data, of_model, step)
        add(Tally("largest", step))

    def _visible_bias(self, data: _Phase, model: _Phase, step: Value, centre: Value) -> None:
        terms = [
            self._term("rate", Fraction(KT, data.chains), data.x),
            self._term("rate", -Fraction(KT, model.chains), model.x),
        ]
        if self.update.trainer.centring:
            follow = self.writer.add(Apply(step, centre))
            terms.append(self._term("one", -Fraction(1, data.chains), follow))
        self._change("visible", terms)

    def _hidden_bias(self, data: _Phase, model: _Phase, step: Value) -> None:
        trainer = self.update.trainer
        terms = [
            self._term("rate", Fraction(KT, data.chains), data.y, self._seen),
            self._term("rate", -Fraction(KT, model.chains), model.y, self._seen),
        ]
        if self.update.trainer.centring:
            follow = self.writer.add(Apply(step, data.x, turned=True))
            terms.append(self._term("one", -Fraction(1, data.chains), follow))
        if trainer.sparsity is not None:
            low = -1 if self.hidden.kind == "ising" else 0
            target = low + (1 - low) * Fraction(trainer.sparsity)
            cost = Fraction(trainer.sparsity_cost or 0) * KT
            terms.append(self._term("rate", cost * target, None))
            terms.append(self._term("rate", -cost / data.chains, data.y, self._seen))
        self._change("hidden", terms)

    @property
    def _seen(self) -> int:
        """The bits that means of hidden units bring into counts."""
        return MEAN.bit_length() - 1 if self.update.means else 0

    @property
    def _shift(self) -> int:
        return FINE_MEANS if self.update.means else FINE

    def _term(
        self, quantity: Quantity, factor: Fraction, counts: Value | None, bits: int = 0
    ) -> _Term:
        return _Term(Number(quantity, factor * 2 ** (self._shift - bits)), counts)

    def _change(self, name: str, terms: list[_Term]) -> Value:
        writer, trainer, weights = self.writer, self.update.trainer, name == "weights"
        parameter, shared = self.parameters[name], self.update.shared.get(name)
        options: dict[str, int] = {}
        if self.update.momentum:
            options["velocity"] = writer.like(f"velocity of {name}", parameter)
            options["momentum"] = self._slot(Number("momentum", Fraction(SCALE)))
            if trainer.nesterov:
                options["ahead"] = options["momentum"]
        if weights and trainer.l2:
            options["decay"] = self._slot(Number("rate", Fraction(trainer.l2) * SHARE))
        if weights and trainer.l1:
            options["shrink"] = self._slot(Number("rate", Fraction(trainer.l1) * KT))
        if weights and trainer.max_norm is not None:
            options["norm"] = self._slot(Number("one", Fraction(trainer.max_norm) * NORM))
        if weights and self.update.sparse:
            options["mask"] = writer.like("connected", parameter, "int32")
        if shared is not None:
            options |= {"classes": shared.classes}
            options["ties"] = writer.like(f"classes of {name}", parameter, "int32")
        places = 1 if shared is None else shared.places
        return writer.add(
            Change(
                parameter,
                tuple(Term(self._slot(each.number / places), each.counts) for each in terms),
                limit=WEIGHT_LIMIT if weights else BIAS_LIMIT,
                shift=self._shift,
                **options,
            )
        )

    def _slot(self, number: Number) -> int:
        return self.numbers.setdefault(number, len(self.numbers))
