"""Changes of parameters and tallies, as operations."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from rgc.program.dense import Affine, Change, Dense, Pairs, Tally
from rgc.program.dense.nodes import operands
from rgc.program.dense.yields import tally_shape
from rgc_numba.dense.room import Room, Value
from rgc_numba.dense.sizes import CONSTANT, COUNTS, OPTIONS, OUTER, PAIRS, TERM


class ChangeNodes(Room):
    """Writes the operations of such nodes. `tallies` are where in the tallies of a step each array
    begins, and its shape. `floats` are the rows of changes that float64 can hold, where the numbers
    of some slots times a bound of what they multiply say so."""

    def __init__(self, program: Dense) -> None:
        super().__init__(program)
        self.floats: dict[int, tuple[tuple[int, float], ...]] = {}
        self.largest: dict[int, int] = {}
        self.tallied = 0
        self.tallies: list[tuple[int, tuple[int, ...]]] = []
        for node in program.nodes:
            if isinstance(node, Tally):
                shape = tally_shape(self.found, node)
                self.tallies.append((self.tallied, shape))
                self.tallied += prod(shape)

    def _change(self, k: int, node: Change) -> None:
        parameter, place = self.program.parameters[node.parameter], self.parameters[node.parameter]
        readers = [each for each in self.program.nodes if k in operands(each)]
        largest = [isinstance(each, Tally) and each.what == "largest" for each in readers]
        steps, first = self.counts(k), len(self.terms)
        for term in node.terms:
            self.terms.append(self._term(term.slot, term.counts))
        given = ("parameter", "velocity", "ties", "mask")
        slots = ("momentum", "ahead", "decay", "shrink", "norm")
        arguments = {name: self.parameter(getattr(node, name)) for name in given}
        arguments |= {name: getattr(node, name) or 0 for name in slots}
        arguments |= {
            "rows": place.rows,
            "columns": place.columns,
            "stride": place.stride,
            "term": first,
            "terms": len(node.terms),
            "shift": node.shift,
            "classes": node.classes,
            "use": sum(bit for name, bit in OPTIONS.items() if getattr(node, name) is not None),
            "limit": node.limit,
            "steps": steps.address,
            "has_steps": not all(largest),
            "sums": self.buffer(place.rows * place.stride if node.classes else 0),
            "largest": self._largest(k),
            "has_largest": any(largest),
        }
        if node.ties is not None:
            self.add("tie", **arguments)
        elif parameter.dtype == "int32":
            self.floats[len(self.rows)] = tuple(self._bounds(node))
        self.add("change" if parameter.dtype == "int32" else "change_wide", **arguments)

    def _largest(self, k: int) -> int:
        """Where a change leaves the largest |M|."""
        if k not in self.largest:
            self.largest[k] = self.buffer(1)
        return self.largest[k]

    def _bounds(self, node: Change) -> Iterator[tuple[int, float]]:
        """The slots of a change, each with a bound of what its number is multiplied with. The parts
        of a sum over chains of Ising units add up to 9 times its own bound."""
        for term in node.terms:
            counts = 1 if term.counts is None else self.found[term.counts].most
            yield term.slot, 9.0 * counts
        for slot in (node.momentum, node.ahead, node.decay, node.shrink):
            if slot is not None:
                yield slot, 2.0**31

    def _term(self, slot: int, counts: int | None) -> tuple[int, ...]:
        if counts is None:
            return term(slot=slot, kind=CONSTANT)
        node = self.program.nodes[counts]
        if counts in self.values or not isinstance(node, Pairs):
            return term(slot=slot, kind=COUNTS, x=self.values[counts].address)
        x, y = self.values[node.x], self.values[node.y]
        if x.found.kind == "counts":
            return term(slot=slot, kind=OUTER, x=x.address, y=y.address)
        return term(
            slot=slot,
            kind=PAIRS,
            x=x.address,
            x_width=x.width,
            x_ising=x.ising,
            y=y.address,
            y_width=y.width,
            y_ising=y.ising,
            chains=node.chains or x.found.chains,
            width=max(each.words * each.width for each in (x, y)),
        )

    def _tally(self, k: int, node: Tally) -> None:
        numbers = [n for n, each in enumerate(self.program.nodes) if isinstance(each, Tally)]
        at, shape = self.tallies[numbers.index(k)]
        source = self.program.nodes[node.x]
        if node.what == "whole":
            self.add("tally_whole", x=self.values[node.x].address, size=prod(shape), at=at)
        elif node.what == "mismatches" and node.other is not None:
            one, other = self.values[node.x], self.values[node.other]
            units = one.found.units
            self.add(
                "tally_mismatches",
                one=one.address,
                other=other.address,
                width=one.width,
                units=units.number if units else 0,
                letters=units.letters if units else 1,
                words=one.words,
                at=at,
            )
        elif isinstance(source, Change):
            self.add("tally_whole", x=self._largest(node.x), size=1, at=at)
        elif node.what == "largest":
            x = self.values[node.x]
            self.add(
                "tally_field",
                fields=x.address,
                chains=x.found.chains,
                stride=x.width,
                columns=x.features,
                at=at,
            )
        elif isinstance(source, Affine):
            self._reach(source, self.values[node.x], at)

    def _reach(self, affine: Affine, fields: Value, at: int) -> None:
        matrix = self.parameters[affine.matrix] if affine.matrix is not None else None
        x = self.values[affine.x] if affine.x is not None else None
        units = x.found.units if x is not None else None
        self.add(
            "tally_reach",
            bias=self.parameter(affine.bias),
            has_bias=affine.bias is not None,
            matrix=matrix.address if matrix is not None else 0,
            has_matrix=matrix is not None,
            rows=x.features if x is not None else 0,
            letters=units.letters if units is not None else 1,
            stride=matrix.stride if matrix is not None else 0,
            turned=affine.turned,
            columns=fields.features,
            at=at,
        )


def term(**columns: int) -> tuple[int, ...]:
    """A row of the table of terms."""
    return tuple(int(columns.get(name, 0)) for name in TERM)
