"""The gradient of an update, from the data and the model, to the changes of the parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from rgc.model_to_program.training_update import (
    FINE,
    FINE_MEANS,
    FINE_REAL,
    NORM,
    SCALE,
    SHARE,
    Number,
    Quantity,
    Update,
)
from rgc.program.dense import Affine, Apply, Change, Pairs, Tally, Term, Total, Units, Value
from rgc.program.dense.program import BIAS_LIMIT, KT, WEIGHT_LIMIT
from rgc.program.dense.writer import Writer
from rgc.program.units import MEAN_BITS

CENTRED = 32
"""States drawn for a centre: a change of weights times so many, summed over 2^16 units, is exact in
53 bits.
"""

FOLLOWED = Fraction(1, 16)
"""The rate in kT at which centres of hidden units go after averages: of those with a mean of 1/2
within some 64 updates.
"""


@dataclass(frozen=True, slots=True)
class Phase:
    """The visible and the hidden side of one phase of the gradient, as states, means or totals, of
    which the first `chains` are averaged over.
    """

    x: Value
    y: Value
    chains: int


@dataclass(frozen=True, slots=True)
class _Centre:
    """The totals of states from which visible and hidden units are counted; None of real units."""

    x: Value | None
    y: Value | None


@dataclass(frozen=True, slots=True)
class _Term:
    """A number and what it multiplies."""

    number: Number
    counts: Value | None


@dataclass(slots=True)
class GradientWriter:
    """The changes of the parameters of a layer, written behind the nodes of its two phases.
    `parameters` are those of the program by name, `visible` and `hidden` its units, and `numbers`
    what the changes are handed, slot by slot.
    """

    update: Update
    writer: Writer
    parameters: Mapping[str, int]
    visible: Units
    hidden: Units
    numbers: dict[Number, int] = field(default_factory=dict)

    def write(self, data: Phase, model: Phase) -> None:
        """The changes of all parameters."""
        add, seen, rows, own = self.writer.add, self._seen, self._of_rows, self._of_model
        first = model.chains if self.update.temperatures > 1 else None
        b, c = Fraction(1, data.chains), Fraction(1, model.chains)
        terms = [
            self._term("rate", b * KT, add(Pairs(data.x, data.y)), max(rows, seen)),
            self._term("rate", -c * KT, add(Pairs(model.x, model.y, first)), max(own, seen)),
        ]
        if not self.update.layer.biases:
            add(Tally("largest", self._change("weights", terms)))
            return
        of_data = Phase(add(Total(data.x)), add(Total(data.y)), data.chains)
        of_model = Phase(add(Total(model.x, first)), add(Total(model.y, first)), model.chains)
        centre = self._centre() if self.update.trainer.centring else None
        if centre is not None:
            for phase, share, bits in ((of_data, -b, rows), (of_model, c, own)):
                part = share * KT / CENTRED
                if centre.x is not None:
                    terms.append(self._term("rate", part, add(Pairs(centre.x, phase.y)), seen))
                if centre.y is not None:
                    terms.append(self._term("rate", part, add(Pairs(phase.x, centre.y)), bits))
        step = self._change("weights", terms)
        self._visible_bias(of_data, of_model, step, centre)
        self._hidden_bias(of_data, of_model, step, centre)
        if centre is not None and centre.y is not None:
            self._follow(of_data, centre.y)
        add(Tally("largest", step))

    def _centre(self) -> _Centre:
        """What units are counted from: states drawn in fields of their own, so that their totals
        are small integers.
        """

        def drawn(name: str, units: Units) -> Value | None:
            if units.kind == "gaussian":
                return None
            fields = Affine(None, None, self.parameters[name], chains=CENTRED)
            return self.writer.add(Total(self.writer.drawn(self.writer.add(fields), units)))

        x, y = drawn("visible centre", self.visible), drawn("hidden centre", self.hidden)
        return _Centre(x, y)

    def _follow(self, data: Phase, centre: Value) -> None:
        """The centre of hidden units goes after their averages, for the updates that come."""
        share = FOLLOWED * KT
        terms = [
            self._term("one", share / data.chains, data.y, self._seen),
            self._term("one", -share / CENTRED, centre),
        ]
        self._add_change(self.parameters["hidden centre"], "hidden", terms)

    def _visible_bias(self, data: Phase, model: Phase, step: Value, centre: _Centre | None) -> None:
        terms = [
            self._term("rate", Fraction(KT, data.chains), data.x, self._of_rows),
            self._term("rate", -Fraction(KT, model.chains), model.x, self._of_model),
        ]
        if centre is not None and centre.y is not None:
            follow = self.writer.add(Apply(step, centre.y))
            terms.append(self._term("one", -Fraction(1, CENTRED), follow))
        self._change("visible", terms)

    def _hidden_bias(self, data: Phase, model: Phase, step: Value, centre: _Centre | None) -> None:
        trainer = self.update.trainer
        terms = [
            self._term("rate", Fraction(KT, data.chains), data.y, self._seen),
            self._term("rate", -Fraction(KT, model.chains), model.y, self._seen),
        ]
        if centre is not None and centre.x is not None:
            follow = self.writer.add(Apply(step, centre.x, turned=True))
            terms.append(self._term("one", -Fraction(1, CENTRED), follow))
        if trainer.sparsity is not None:
            low = -1 if self.hidden.kind == "ising" else 0
            target = low + (1 - low) * Fraction(trainer.sparsity)
            cost = Fraction(trainer.sparsity_cost or 0) * KT
            terms.append(self._term("rate", cost * target, None))
            terms.append(self._term("rate", -cost / data.chains, data.y, self._seen))
        self._change("hidden", terms)

    @property
    def _of_model(self) -> int:
        """The bits that visible units of the model bring into counts."""
        return MEAN_BITS if self.visible.kind == "gaussian" else 0

    @property
    def _of_rows(self) -> int:
        """The bits that the rows bring into counts."""
        return MEAN_BITS if self.update.fractional else self._of_model

    @property
    def _seen(self) -> int:
        """The bits that hidden units bring into counts."""
        return MEAN_BITS if self.update.means or self.hidden.kind == "gaussian" else 0

    @property
    def _shift(self) -> int:
        if "gaussian" in (self.visible.kind, self.hidden.kind):
            return FINE_REAL
        return FINE_MEANS if self.update.means else FINE

    def _term(
        self, quantity: Quantity, factor: Fraction, counts: Value | None, bits: int = 0
    ) -> _Term:
        return _Term(Number(quantity, factor * 2 ** (self._shift - bits)), counts)

    def _change(self, name: str, terms: list[_Term]) -> Value:
        writer, trainer, weights = self.writer, self.update.trainer, name == "weights"
        parameter = self.parameters[name]
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
        return self._add_change(parameter, name, terms, **options)

    def _add_change(self, parameter: int, name: str, terms: list[_Term], **options: int) -> Value:
        """The change of a parameter whose entries are one as those of `name` are."""
        shared, places = self.update.shared.get(name), 1
        if shared is not None:
            options["ties"] = self.writer.like(f"classes of {name}", parameter, "int32")
            options["classes"], places = shared.classes, shared.places
        return self.writer.add(
            Change(
                parameter,
                tuple(Term(self._slot(each.number / places), each.counts) for each in terms),
                limit=WEIGHT_LIMIT if name == "weights" else BIAS_LIMIT,
                shift=self._shift,
                **options,
            )
        )

    def _slot(self, number: Number) -> int:
        return self.numbers.setdefault(number, len(self.numbers))
