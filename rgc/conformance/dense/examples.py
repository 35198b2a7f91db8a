"""Small dense programs of every kind, with states, parameters and arguments to run them on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.backend import Arguments
from rgc.conformance.dense.programs import hand_made
from rgc.program.dense import Change, Dense, Field, Parameter, Take
from rgc.program.dense.arguments import dense_arguments
from rgc.program.dense.program import KT
from rgc.program.family import Example
from rgc.program.units import MEAN

RANGES = {"binary": (0, MEAN), "ising": (-MEAN, MEAN), "softmax": (0, MEAN)}
"""The means of units."""


def examples() -> tuple[Example[Dense], ...]:
    return tuple(example(program, seed) for seed, program in enumerate(hand_made()))


def example(program: Dense, seed: int, steps: int = 1) -> Example[Dense]:
    """A program with states, parameters and arguments at random, the latter for so many steps of a
    call, or, if there is one, for any number."""
    random = np.random.default_rng(seed)
    state = [field_of(each, random) for each in program.fields]
    changes = [node for node in program.nodes if isinstance(node, Change)]
    ranges = {node.ties: (-1, node.classes) for node in changes}
    ranges |= {node.mask: (0, 2) for node in changes}
    for number, each in enumerate(program.parameters):
        state.append(parameter_of(each, random, ranges.get(number)))
    return Example(program=program, state=tuple(state), arguments=arguments(program, random, steps))


def field_of(field: Field, random: np.random.Generator) -> NDArray[Any]:
    """States at random, lanes beyond the chains anything; means, or values of a few standard
    deviations."""
    units = field.units
    if field.numbers:
        low, high = (-4 * MEAN, 4 * MEAN) if units.kind == "gaussian" else RANGES[units.kind]
        return random.integers(low, high, field.shape, dtype=np.int32, endpoint=True)
    bits = random.integers(0, units.states, (units.number, 64 * field.words))
    planes = (bits >> np.arange(units.planes)[:, None, None]) & 1
    octets = np.packbits(planes.astype(np.uint8), axis=-1, bitorder="little")
    return np.ascontiguousarray(octets).view("<u8").astype(np.uint64)


def parameter_of(
    parameter: Parameter, random: np.random.Generator, between: tuple[int, int] | None = None
) -> NDArray[Any]:
    """Weights of about half a kT; integers from `between` of masks and ties."""
    if between is not None:
        return random.integers(*between, parameter.shape, dtype=np.int32)
    values = random.normal(0, KT / 2, parameter.shape)
    return np.rint(values).astype(parameter.dtype)


def arguments(program: Dense, random: np.random.Generator, steps: int = 1) -> Arguments:
    """Rows at random, numbers of a large rate, temperatures between 0 and 1."""
    taken = {node.field for node in program.nodes if isinstance(node, Take)}
    most = min((program.fields[k].chains for k in taken), default=1)
    chains = max((field.chains for field in program.fields), default=1)
    return dense_arguments(
        random.integers(0, most, (steps, program.rows)),
        numbers(program, random, steps),
        random.integers(0, 2**16 + 1, (steps, program.scales, chains)),
    )


def numbers(program: Dense, random: np.random.Generator, steps: int) -> NDArray[np.int64]:
    """Numbers of either sign for terms; those of options are not negative, and of their size."""
    found = random.integers(-(2**18), 2**18, (steps, program.numbers))
    for node in program.nodes:
        if isinstance(node, Change):
            for slot, most in (
                (node.momentum, 2**16),
                (node.ahead, 2**16),
                (node.decay, 2**22),
                (node.shrink, 2**20),
                (node.norm, 2**17),
            ):
                if slot is not None:
                    found[:, slot] = random.integers(most // 2, most, steps)
    return found
