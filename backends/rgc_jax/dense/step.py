"""One step of a dense program as a function of JAX arrays.

States, means and fields are [chain, feature]: states int8, means and fields int32. Counts and
energies are int64.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

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
)
from rgc.program.dense.program import MOST_FIELD, seen
from rgc.program.dense.yields import Yield
from rgc.program.units import MEAN, MEAN_BITS
from rgc_jax.dense import units as law
from rgc_jax.dense.arithmetic import cut, exact, largest, limbs, normed, tied
from rgc_jax.dense.products import Ways, times
from rgc_jax.dense.states import (
    bits_of,
    by_unit,
    chains_of,
    counted,
    features,
    features_of,
    of_bits,
    ones,
    packed,
    unpacked,
)

Array = jax.Array

COUNTED = 512
"""Chains up to which pairs of states are counted by bits, and not as products of matrices."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """What a step is handed. `by_row` are the bits of data that no step changes, by the number of
    the field: u8[row, plane, octet of units]."""

    key: Array
    rows: Array
    numbers: Array
    scales: Array
    word0: Array
    by_row: Mapping[int, Array]


@dataclass(slots=True, eq=False)
class Step:
    """One step. `state` are fields u64[planes * units, word], None for data that are handed by row,
    and parameters as they are. `bits` are those of states, by the number of the value, as `bits_of`
    has them.

    XLA computes a value anew for each of its users on CPUs. What units draw goes through a product
    of matrices into bits, from which it is cheap to make.
    """

    program: Dense
    yields: Sequence[Yield]
    ways: Ways
    state: Sequence[Any]
    given: Given
    values: list[Any] = field(default_factory=list)
    bits: dict[int, Array] = field(default_factory=dict)
    tallies: list[Array] = field(default_factory=list)
    new: list[Array | None] = field(default_factory=list)

    def run(self) -> tuple[list[Array | None], list[Array]]:
        """The state after the step, and what is tallied."""
        self.new = list(self.state)
        for node in self.program.nodes:
            write: Callable[[Any], Any] = getattr(self, f"_{type(node).__name__.lower()}")
            self.values.append(write(node))
        return self.new, self.tallies

    def _parameter(self, number: int) -> Array:
        return self.state[len(self.program.fields) + number]

    def _seen(self, number: int) -> Array:
        found: Array = seen(self._parameter(number))
        return found

    def _take(self, node: Take) -> Array:
        rows = self.given.rows[node.first : node.first + node.chains]
        if self.program.fields[node.field].numbers:
            return self.state[node.field][rows]
        source = self.program.fields[node.field]
        if node.field not in self.given.by_row:
            return features(chains_of(self.state[node.field], source)[rows], source.units)
        octets = self.given.by_row[node.field][rows]
        bits = (octets[..., None] >> jnp.arange(8, dtype=jnp.uint8)) & np.uint8(1)
        bits = bits.reshape(*octets.shape[:2], -1)[..., : source.units.number]
        return features(bits, source.units)

    def _read(self, node: Read) -> Array:
        source = self.program.fields[node.field]
        if source.numbers:
            return self.state[node.field]
        return features(chains_of(self.state[node.field], source)[: source.chains], source.units)

    def _put(self, node: Put) -> None:
        target, x = self.program.fields[node.field], self.values[node.x]
        self.new[node.field] = x if target.numbers else packed(x, target.units, target.words)

    def _affine(self, node: Affine) -> Array:
        found, real = self.yields[len(self.values)], False
        total = jnp.zeros((found.chains, *found.shape), jnp.int64)
        if node.x is not None and node.matrix is not None:
            most = self.yields[node.x].most
            matrix = self._seen(node.matrix)
            total = times(self.ways, self.values[node.x], matrix, node.turned, most)
            if self.yields[node.x].kind == "means":
                total, real = total >> MEAN_BITS, most > MEAN
        if node.bias is not None:
            total = total + self._seen(node.bias)
        if real:
            total = jnp.clip(total, -MOST_FIELD, MOST_FIELD)
        return total.astype(jnp.int32)

    def _scale(self, node: Scale) -> Array:
        x = self.values[node.x].astype(jnp.int64)
        scaled: Array = (self._scales(node.slot, len(x))[:, None] * x + 2**15) >> 16
        if node.base is not None:
            scaled = scaled + self.values[node.base]
        return scaled.astype(jnp.int32)

    def _unit(self, node: Unit) -> Array:
        x, units = by_unit(self.values[node.x].astype(jnp.int64), node.units), node.units
        if node.draw is None:
            mean: Array = getattr(law, f"{units.kind}_mean")(x)
            made = mean.reshape(len(x), -1).astype(jnp.int32)
        else:
            key = self.given.key[node.draw]
            uniform = law.uniforms(key, units.number, x.shape[0], self.given.word0)
            made = features_of(getattr(law, units.kind)(x, uniform), units)
        if node.mask is not None:
            made = made * self.values[node.mask]
        if self.yields[len(self.values)].kind == "means":
            return made
        self.bits[len(self.values)] = bits = bits_of(made)
        return unpacked(bits, units, len(x))

    def _pairs(self, node: Pairs) -> Array:
        x, y = self.values[node.x], self.values[node.y]
        one, other = self.yields[node.x], self.yields[node.y]
        if one.kind == "counts":
            return x[:, None] * y[None, :]
        x, y = x[: node.chains], y[: node.chains]
        if one.kind == other.kind == "states" and len(x) <= COUNTED:
            a, b = (self._bits(k, len(x)) for k in (node.x, node.y))
            return counted(a, b, len(x), one.units, other.units)
        most = one.most * other.most * one.chains
        if most <= 2**53:
            found = exact(x.T, y, jnp.float32 if most <= 2**24 else jnp.float64)
        elif one.most < other.most:
            found = limbs(y.T, x).T
        else:
            found = limbs(x.T, y)
        return found >> MEAN_BITS if one.kind == other.kind == "means" else found

    def _bits(self, k: int, chains: int) -> Array:
        """The bits of some states, of so many chains."""
        if k not in self.bits:
            self.bits[k] = bits_of(self.values[k])
        if chains == len(self.values[k]):
            return self.bits[k]
        return bits_of(self.values[k][:chains])

    def _total(self, node: Total) -> Array:
        found, chains = self.yields[node.x], node.chains or self.yields[node.x].chains
        if found.kind == "means" or chains is None:
            return self.values[node.x][: node.chains].sum(axis=0, dtype=jnp.int64)
        s, t = of_bits(found.units)
        return s * ones(self._bits(node.x, chains)) - t * chains

    def _energy(self, node: Energy) -> Array:
        total = jnp.zeros(self.yields[len(self.values)].chains, jnp.int64)
        for x, f in node.products:
            products = self.values[x] * self.values[f].astype(jnp.int64)
            if self.yields[x].kind == "means":
                products = (products + (MEAN >> 1)) >> MEAN_BITS
            total -= products.sum(axis=1)
        for f, units in node.traced:
            fields = by_unit(self.values[f].astype(jnp.int64), units)
            if units.kind == "gaussian":
                total -= law.gaussian_energy(fields).sum(axis=1)
                continue
            logs = getattr(law, f"{units.kind}_log")(fields).sum(axis=1)
            total -= (logs + 2**11) >> 12
        return total

    def _exchange(self, node: Exchange) -> Array:
        energies = self.values[node.energies]
        chains, size = len(energies), len(energies) // node.temperatures
        lower = np.arange(chains).reshape(node.temperatures, size)[node.first : -1 : 2].reshape(-1)
        upper = lower + size
        s = self._scales(node.slot, chains)
        step = ((s[upper] - s[lower]) * (energies[lower] - energies[upper])) >> 16
        key = self.given.key[node.draw]
        uniform = law.uniforms(key, 1, chains, self.given.word0)[lower, 0]
        moved = law.accepted(step, uniform)
        order = jnp.arange(chains)
        order = order.at[lower].set(jnp.where(moved, upper, lower))
        order = order.at[upper].set(jnp.where(moved, lower, upper))
        found: Array = self.values[node.x][order]
        return found

    def _change(self, node: Change) -> Array:
        old = self._parameter(node.parameter).astype(jnp.int64)
        step = jnp.zeros_like(old)
        for term in node.terms:
            number = self._number(term.slot)
            step = step + (number if term.counts is None else number * self.values[term.counts])
        step = (step + (1 << node.shift >> 1)) >> node.shift
        if node.ties is not None:
            step = tied(step, self._parameter(node.ties), node.classes)
        if node.velocity is not None:
            velocity = self._parameter(node.velocity).astype(jnp.int64)
            u = cut(velocity, self._number(node.momentum), 16) + step
            u = jnp.clip(u, -node.limit, node.limit)
            self._leave(node.velocity, u)
            step = u if node.ahead is None else step + cut(u, self._number(node.ahead), 16)
        new = jnp.clip(old + step, -node.limit, node.limit)
        if node.decay is not None:
            new = new - cut(new, self._number(node.decay), 32)
        if node.shrink is not None:
            new = jnp.sign(new) * jnp.maximum(jnp.abs(new) - self._number(node.shrink), 0)
        if node.mask is not None:
            new = jnp.where(self._parameter(node.mask) == 0, 0, new)
        if node.norm is not None:
            new = normed(new, self._number(node.norm))
        self._leave(node.parameter, new)
        return new - old

    def _apply(self, node: Apply) -> Array:
        matrix, vector = self.values[node.matrix], self.values[node.vector]
        found: Array = ((matrix.T if node.turned else matrix) * vector).sum(axis=1)
        return found

    def _tally(self, node: Tally) -> None:
        found = getattr(self, f"_tally_{node.what}")(node)
        self.tallies.append(found.astype(jnp.int64))

    def _tally_whole(self, node: Tally) -> Array:
        found: Array = self.values[node.x]
        return found

    def _tally_mismatches(self, node: Tally) -> Array:
        units, other = self.yields[node.x].units, node.other
        assert units is not None  # noqa: S101
        assert other is not None  # noqa: S101
        differ = by_unit(self.values[node.x] != self.values[other], units)
        return (differ.any(axis=-1) if units.letters > 1 else differ).sum()

    def _tally_largest(self, node: Tally) -> Array:
        source, x = self.program.nodes[node.x], self.values[node.x]
        if isinstance(source, Change):
            x = self.new[len(self.program.fields) + source.parameter]
        return largest(x)

    def _tally_reach(self, node: Tally) -> Array:
        affine = self.program.nodes[node.x]
        assert isinstance(affine, Affine)  # noqa: S101
        total = jnp.zeros(1, jnp.int64)
        if affine.x is not None and affine.matrix is not None:
            units = self.yields[affine.x].units
            assert units is not None  # noqa: S101
            matrix = jnp.abs(self._seen(affine.matrix).astype(jnp.int64))
            matrix = matrix.T if affine.turned else matrix
            total = matrix.reshape(units.number, units.letters, -1).max(axis=1).sum(axis=0)
        if affine.bias is not None:
            total = total + jnp.abs(self._seen(affine.bias))
        return total.max()

    def _scales(self, slot: int, chains: int) -> Array:
        given = self.given.scales[slot].astype(jnp.int64)
        return jnp.broadcast_to(given[:chains], (chains,))

    def _number(self, slot: int | None) -> Array:
        found: Array = self.given.numbers[slot]
        return found

    def _leave(self, number: int, new: Array) -> None:
        place = len(self.program.fields) + number
        self.new[place] = new.astype(self.state[place].dtype)
