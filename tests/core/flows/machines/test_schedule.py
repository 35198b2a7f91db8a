"""The numbers of updates: exact in the mean, and the same in any pieces."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from rgc.flows.machines.schedule import make_schedule
from rgc.model.trainer import Knots, Sutskever, Trainer
from rgc.model_to_program.training_update import Number

TRAINER = Trainer(
    algorithm="cd",
    epochs=1,
    batch=1,
    rate=Knots((0.1, 0.1, 0.0)),
    momentum=Sutskever(0.9),
    l1=0,
    l2=0,
)


@pytest.mark.parametrize("step", ["1/3", "1/1000", "29/4", "123456789/1000", "-29/4"])
def test_steps_finer_than_the_unit_are_spread(step: str) -> None:
    schedule = make_schedule(replace(TRAINER, rate=Knots((1.0,))), 1000)
    steps = schedule.numbers([Number("rate", Fraction(step))], 0, 1000)[:, 0]
    exact = float(Fraction(step))
    assert abs(steps.sum() - 1000 * exact) <= 1
    assert np.abs(np.cumsum(steps) - exact * np.arange(1, 1001)).max() <= 1
    assert np.ptp(steps) <= 1


def test_opposite_numbers_stay_opposite() -> None:
    schedule = make_schedule(TRAINER, 999)
    plus, minus = (Number("rate", Fraction(sign * 2**26, 100)) for sign in (1, -1))
    numbers = schedule.numbers([plus, minus], 0, 999)
    assert (numbers[:, 0] == -numbers[:, 1]).all()


def test_numbers_are_the_same_in_any_pieces() -> None:
    schedule = make_schedule(TRAINER, 500)
    asked = [Number("rate", Fraction(2**26, 100)), Number("momentum", Fraction(2**16))]
    whole = schedule.numbers(asked, 0, 500)
    parts = [schedule.numbers(asked, first, 50) for first in range(0, 500, 50)]
    assert (np.concatenate(parts) == whole).all()


def test_quantities_run_along_the_training() -> None:
    schedule = make_schedule(TRAINER, 2001)
    rate = schedule.numbers([Number("rate", Fraction(2**26))], 0, 2001)[:, 0] / 2**26
    assert rate[[0, 1000, 1500, 2000]] == pytest.approx([0.1, 0.1, 0.05, 0], abs=1e-7)
    momentum = schedule.numbers([Number("momentum", Fraction(2**16))], 0, 2001)[:, 0]
    assert momentum[[0, 250]] == pytest.approx([1 << 15, 3 << 14], abs=1)
