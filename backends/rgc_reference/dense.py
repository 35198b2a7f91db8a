"""The meaning of a dense program: features as matrices of int64, one row for each chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.backend import Arguments
from rgc.program import units as law
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
    Total,
    Unit,
    Units,
)
from rgc.program.dense.arguments import at_step
from rgc.program.dense.program import MOST_FIELD, seen
from rgc.program.dense.show import show
from rgc.program.dense.yields import Yield, tally_shape, yields
from rgc.program.draws import Words

Array = NDArray[Any]
Integers = NDArray[np.int64]


class DenseKernel:
    """A program, interpreted."""

    def __init__(self, program: Dense) -> None:
        self.program, self._yields = program, yields(program)

    @property
    def source(self) -> str:
        """The program itself: nothing is generated."""
        return show(self.program)

    def __call__(
        self, state: Sequence[Array], arguments: Arguments, keys: Words, word0: int = 0
    ) -> tuple[list[Array], list[Integers]]:
        """One step for each row of `keys`; see `rgc.backend.Kernel`."""
        state, records = list(state), []
        for step, key in enumerate(keys):
            given = {name: at_step(array, step) for name, array in arguments.arrays.items()}
            run = _Step(self.program, self._yields, state, given, key, word0)
            state = run.after()
            records.append(run.tallies)
        nodes = [node for node in self.program.nodes if isinstance(node, Tally)]
        shapes = [(len(keys), *tally_shape(self._yields, node)) for node in nodes]
        return state, [
            np.array([record[k] for record in records], dtype=np.int64).reshape(shape)
            for k, shape in enumerate(shapes)
        ]


class _Step:
    """One step. Values are arrays int64[chain, feature], counts int64[...], energies int64[chain].
    States are features too."""

    def __init__(
        self,
        program: Dense,
        found: Sequence[Yield],
        state: Sequence[Array],
        given: dict[str, Array],
        key: Words,
        word0: int,
    ) -> None:
        self.program, self.yields, self.given = program, found, given
        self.key, self.word0 = np.asarray(key), word0
        count = len(program.fields)
        self.fields, self.parameters = state[:count], [x.astype(np.int64) for x in state[count:]]
        self.new, self.tallies, self.values = list(state), list[Any](), list[Any]()

    @np.errstate(over="ignore")
    def after(self) -> list[Array]:
        """The state after the step."""
        for node in self.program.nodes:
            run: Callable[[Any], Any] = getattr(self, f"_{type(node).__name__.lower()}")
            self.values.append(run(node))
        return self.new

    def _take(self, node: Take) -> Integers:
        rows = self.given["rows"][node.first : node.first + node.chains]
        return self._of_field(node.field)[rows]

    def _read(self, node: Read) -> Integers:
        return self._of_field(node.field)

    def _of_field(self, number: int) -> Integers:
        field, array = self.program.fields[number], self.fields[number]
        if field.numbers:
            return array.astype(np.int64)
        return features(array, field.units, field.chains)

    def _put(self, node: Put) -> None:
        field, x = self.program.fields[node.field], self.values[node.x]
        kept = x.astype(np.int32) if field.numbers else packed(x, field.units, field.words)
        self.new[node.field] = kept

    def _affine(self, node: Affine) -> Integers:
        found, real = self.yields[len(self.values)], False
        total = np.zeros((found.chains, *found.shape), dtype=np.int64)
        if node.x is not None and node.matrix is not None:
            matrix = seen(self.parameters[node.matrix])
            total += self.values[node.x] @ (matrix.T if node.turned else matrix)
            if self.yields[node.x].kind == "means":
                total >>= law.MEAN_BITS
                real = self.yields[node.x].most > law.MEAN
        if node.bias is not None:
            total += seen(self.parameters[node.bias])
        return np.clip(total, -MOST_FIELD, MOST_FIELD) if real else wrapped(total)

    def _scale(self, node: Scale) -> Integers:
        x = self.values[node.x]
        scaled = (self._scales(node.slot, len(x))[:, None] * x + 2**15) >> 16
        return wrapped(scaled if node.base is None else self.values[node.base] + scaled)

    def _unit(self, node: Unit) -> Integers:
        x, units = by_unit(self.values[node.x], node.units), node.units
        if node.draw is None:
            made: Integers = getattr(law, f"{units.kind}_mean")(x).reshape(len(x), -1)
        else:
            uniform = law.uniforms(self.key[node.draw], units.number, len(x), self.word0).T
            made = _FEATURES[units.kind](getattr(law, units.kind)(x, uniform), units)
        return made if node.mask is None else made * self.values[node.mask]

    def _pairs(self, node: Pairs) -> Integers:
        x, y = self.values[node.x], self.values[node.y]
        if self.yields[node.x].kind == "counts":
            return np.asarray(np.multiply.outer(x, y))
        found = x[: node.chains].T @ y[: node.chains]
        both = all(self.yields[each].kind == "means" for each in (node.x, node.y))
        return np.asarray(found >> law.MEAN_BITS if both else found)

    def _total(self, node: Total) -> Integers:
        return np.asarray(self.values[node.x][: node.chains].sum(axis=0, dtype=np.int64))

    def _energy(self, node: Energy) -> Integers:
        total = np.zeros(self.yields[len(self.values)].chains, dtype=np.int64)
        for x, f in node.products:
            products = self.values[x] * self.values[f]
            if self.yields[x].kind == "means":
                products = (products + (law.MEAN >> 1)) >> law.MEAN_BITS
            total -= products.sum(axis=1)
        for f, units in node.traced:
            if units.kind == "gaussian":
                total -= law.gaussian_energy(self.values[f]).sum(axis=1)
                continue
            logs = getattr(law, f"{units.kind}_log")(by_unit(self.values[f], units)).sum(axis=1)
            total -= (logs + 2**11) >> 12
        return total

    def _exchange(self, node: Exchange) -> Integers:
        x, energies = self.values[node.x].copy(), self.values[node.energies]
        s = self._scales(node.slot, len(x))
        size = len(x) // node.temperatures
        lower = np.arange(len(x)).reshape(node.temperatures, size)[node.first : -1 : 2].reshape(-1)
        upper = lower + size
        step = ((s[upper] - s[lower]) * (energies[lower] - energies[upper])) >> 16
        uniform = law.uniforms(self.key[node.draw], 1, len(x), self.word0)[0, lower]
        moved = law.accepted(step, uniform)
        lower, upper = lower[moved], upper[moved]
        x[lower], x[upper] = x[upper], x[lower]
        return np.asarray(x)

    def _change(self, node: Change) -> Integers:
        old = self.parameters[node.parameter]
        step = np.zeros_like(old)
        for term in node.terms:
            step = step + self._number(term.slot) * (
                1 if term.counts is None else self.values[term.counts]
            )
        step = (step + (1 << node.shift >> 1)) >> node.shift
        if node.ties is not None:
            step = self._tied(step, self.parameters[node.ties], node.classes)
        if node.velocity is not None:
            u = cut(self.parameters[node.velocity], self._number(node.momentum), 16) + step
            u = np.clip(u, -node.limit, node.limit)
            self._leave(node.velocity, u)
            step = u if node.ahead is None else step + cut(u, self._number(node.ahead), 16)
        new = np.clip(old + step, -node.limit, node.limit)
        if node.decay is not None:
            new = new - cut(new, self._number(node.decay), 32)
        if node.shrink is not None:
            new = np.sign(new) * np.maximum(np.abs(new) - self._number(node.shrink), 0)
        if node.mask is not None:
            new = np.where(self.parameters[node.mask] == 0, 0, new)
        if node.norm is not None:
            new = normed(new, self._number(node.norm))
        self._leave(node.parameter, new)
        return np.asarray(new - old)

    def _tied(self, step: Integers, ties: Integers, classes: int) -> Integers:
        sums = np.zeros(classes + 1, dtype=np.int64)  # the last, which is class -1, stays 0
        np.add.at(sums, ties, np.where(ties < 0, 0, step))
        return np.asarray(sums[ties])

    def _apply(self, node: Apply) -> Integers:
        matrix = self.values[node.matrix]
        return np.asarray((matrix.T if node.turned else matrix) @ self.values[node.vector])

    def _tally(self, node: Tally) -> None:
        self.tallies.append(getattr(self, f"_tally_{node.what}")(node))

    def _tally_whole(self, node: Tally) -> Integers:
        found: Integers = self.values[node.x]
        return found

    def _tally_mismatches(self, node: Tally) -> int:
        units = self.yields[node.x].units
        assert units is not None  # noqa: S101
        assert node.other is not None  # noqa: S101
        differ = by_unit(self.values[node.x] != self.values[node.other], units)
        return int((differ.any(axis=-1) if units.letters > 1 else differ).sum())

    def _tally_largest(self, node: Tally) -> int:
        changed = self.program.nodes[node.x]
        x = self.values[node.x]
        if isinstance(changed, Change):
            x = self.new[len(self.fields) + changed.parameter].astype(np.int64)
        return int(np.abs(x).max())

    def _tally_reach(self, node: Tally) -> int:
        affine = self.program.nodes[node.x]
        assert isinstance(affine, Affine)  # noqa: S101
        total = np.zeros(1, dtype=np.int64)
        if affine.x is not None and affine.matrix is not None:
            units = self.yields[affine.x].units
            assert units is not None  # noqa: S101
            matrix = np.abs(seen(self.parameters[affine.matrix]))
            matrix = matrix.T if affine.turned else matrix
            total = matrix.reshape(units.number, units.letters, -1).max(axis=1).sum(axis=0)
        if affine.bias is not None:
            total = total + np.abs(seen(self.parameters[affine.bias]))
        return int(total.max())

    def _scales(self, slot: int, chains: int) -> Integers:
        """The scale of every chain. One that stands alone is that of all."""
        given = self.given["scales"][slot].astype(np.int64)
        return np.asarray(np.broadcast_to(given[:chains], chains))

    def _number(self, slot: int | None) -> np.int64:
        return np.int64(self.given["numbers"][slot])

    def _leave(self, number: int, new: Integers) -> None:
        place = len(self.fields) + number
        self.new[place] = new.astype(self.new[place].dtype)


_FEATURES: dict[str, Callable[[Array, Units], Integers]] = {
    "binary": lambda drawn, _: drawn.astype(np.int64),
    "ising": lambda drawn, _: 2 * drawn.astype(np.int64) - 1,
    "softmax": lambda drawn, units: one_hot(drawn, units),
    "gaussian": lambda drawn, _: drawn,
}
"""The features of what units drew."""


def features(field: Words, units: Units, chains: int) -> Integers:
    """int64[chain, feature] of a field u64[planes, units, word]."""
    octets = np.ascontiguousarray(field.astype("<u8")).view(np.uint8)
    bits = np.unpackbits(octets, axis=-1, bitorder="little")[..., :chains].astype(np.int64)
    if units.kind != "softmax":
        return _FEATURES[units.kind](1 - bits[0].T, units)
    return one_hot(np.tensordot(1 << np.arange(units.planes), bits, 1).T, units)


def one_hot(states: Integers, units: Units) -> Integers:
    found = states[..., None] == np.arange(units.states)
    return np.asarray(found.reshape(len(states), units.features).astype(np.int64))


def packed(x: Integers, units: Units, words: int) -> Words:
    """The field u64[planes, units, word] of features int64[chain, feature]."""
    if units.kind == "softmax":
        states = by_unit(x, units).argmax(axis=-1).T
        bits = (states >> np.arange(units.planes)[:, None, None]) & 1
    else:
        bits = (x.T[None] <= 0).astype(np.int64)
    spare = [(0, 0), (0, 0), (0, 64 * words - bits.shape[-1])]
    octets = np.packbits(np.pad(bits.astype(np.uint8), spare), axis=-1, bitorder="little")
    return np.asarray(np.ascontiguousarray(octets).view("<u8").astype(np.uint64))


def by_unit(x: Array, units: Units) -> Array:
    """Features [chain, feature] as [chain, unit, state] of softmax units, else as they are."""
    return x.reshape(len(x), units.number, units.states) if units.letters > 1 else x


def wrapped(x: Integers) -> Integers:
    """int32, as it wraps."""
    return np.asarray(x.astype(np.int32).astype(np.int64))


def cut(x: Integers, number: np.int64, shift: int) -> Integers:
    """number x / 2^shift, cut towards 0, for a number that is not negative."""
    return np.asarray(np.sign(x) * ((np.abs(x) * number) >> shift))


def normed(matrix: Integers, norm: np.int64) -> Integers:
    """A matrix whose columns have a norm of at most `norm`, in units of 2^-16."""
    squares = ((np.abs(matrix) >> 10) ** 2).sum(axis=0)
    root = np.ceil(np.sqrt(squares.astype(np.float64))).astype(np.int64)
    root = np.maximum(root, 1)
    smaller = np.sign(matrix) * (np.abs(matrix) * norm // root)
    return np.asarray(np.where(root > norm, smaller, matrix))
