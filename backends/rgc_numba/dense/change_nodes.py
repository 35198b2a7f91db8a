"""Changes of parameters and tallies, as operations."""

from __future__ import annotations

from math import inf, prod

from rgc.program.dense import Affine, Change, Dense, Pairs, Tally, Term
from rgc.program.dense.nodes import operands
from rgc.program.dense.yields import tally_shape
from rgc_numba.dense.room import Room, Value

CONSTANT, COUNTS, PAIRS, OUTER = range(4)

OPTIONS = {"velocity": 1, "ahead": 2, "decay": 4, "shrink": 8, "mask": 16, "norm": 32}

QUICK = {*OPTIONS, "ties"} - {"shrink"}
"""What a change must not have to be made in one pass of int32."""


class ChangeNodes(Room):
    """Writes the operations of such nodes. `tallies` are where in the tallies of a step each array
    begins, and its shape. `quick` are the rows of changes that have no option but `shrink`: their
    shift, and the slot and bound of each term."""

    def __init__(self, program: Dense) -> None:
        super().__init__(program)
        self.quick: dict[int, tuple[int, tuple[tuple[int, float], ...]]] = {}
        self.tallied = 0
        self.tallies: list[tuple[int, tuple[int, ...]]] = []
        for node in program.nodes:
            if isinstance(node, Tally):
                shape = tally_shape(self.found, node)
                self.tallies.append((self.tallied, shape))
                self.tallied += prod(shape)

    def _change(self, k: int, node: Change) -> None:
        parameter = self.program.parameters[node.parameter]
        rows, columns = parameter.shape if len(parameter.shape) == 2 else (1, *parameter.shape)
        wanted = any(
            k in operands(other) and not (isinstance(other, Tally) and other.what == "largest")
            for other in self.program.nodes
        )
        steps = self.counts(k).address
        first = len(self.terms)
        for term in node.terms:
            self.terms.append(self._term(term.slot, term.counts))
        matrix = self.matrices.get(node.parameter)
        given = {name: getattr(node, name) for name in ("velocity", "ties", "mask")}
        slots = {name: getattr(node, name) for name in ("momentum", "ahead", "decay", "shrink")}
        slots["norm"] = node.norm
        state = {name: number for name, number in given.items() if number is not None}
        state = {name: self.parameter(number) for name, number in state.items()}
        wide = parameter.dtype == "int64"
        if not wide and not wanted and matrix is not None and without(node) >= QUICK:
            self.quick[len(self.rows)] = node.shift, tuple(map(self._bound, node.terms))
        self.add(
            "change_wide" if wide else "change",
            state | {"parameter": self.parameter(node.parameter)},
            **dict.fromkeys(given.keys() - state.keys(), 0),
            **{name: slot or 0 for name, slot in slots.items()},
            rows=rows,
            columns=columns,
            term=first,
            terms=len(node.terms),
            shift=node.shift,
            classes=node.classes,
            use=sum(bit for name, bit in OPTIONS.items() if getattr(node, name) is not None),
            limit=node.limit,
            steps=steps,
            has_steps=wanted,
            sums=self.buffer(rows * columns if node.classes else 0),
            seen=matrix.seen if matrix else 0,
            stride=matrix.stride if matrix else 0,
        )

    def _bound(self, term: Term) -> tuple[int, float]:
        """The slot of a term, and a bound of what its number is multiplied with, infinity if that
        is no sum over chains that is counted in place."""
        if term.counts is None:
            return term.slot, 1.0
        node = self.program.nodes[term.counts]
        if term.counts in self.values or not isinstance(node, Pairs):
            return term.slot, inf
        return term.slot, 8.0 * self.found[term.counts].most

    def _term(self, slot: int, counts: int | None) -> tuple[int, ...]:
        if counts is None:
            return slot, CONSTANT, *(0,) * 8
        node = self.program.nodes[counts]
        if counts in self.values or not isinstance(node, Pairs):
            return slot, COUNTS, self.values[counts].address, *(0,) * 7
        x, y = self.values[node.x], self.values[node.y]
        if x.found.kind == "counts":
            most = max(x.found.most, y.found.most)
            return slot, OUTER, x.address, 0, 0, y.address, 0, 0, most, 0
        size = max(each.words * each.width for each in (x, y))
        chains = node.chains or x.found.chains
        one, other = (x.address, x.width, int(x.ising)), (y.address, y.width, int(y.ising))
        return slot, PAIRS, *one, *other, chains, size

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
            parameter = self.program.parameters[source.parameter]
            self.add(
                "tally_parameter",
                {"parameter": self.parameter(source.parameter)},
                wide=parameter.dtype == "int64",
                size=prod(parameter.shape),
                at=at,
            )
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
        matrix = self.matrices[affine.matrix] if affine.matrix is not None else None
        x = self.values[affine.x] if affine.x is not None else None
        units = x.found.units if x is not None else None
        self.add(
            "tally_reach",
            {"bias": self.parameter(affine.bias)} if affine.bias is not None else None,
            **({} if affine.bias is not None else {"bias": 0}),
            has_bias=affine.bias is not None,
            matrix=matrix.seen if matrix is not None else 0,
            has_matrix=matrix is not None,
            rows=x.features if x is not None else 0,
            letters=units.letters if units is not None else 1,
            stride=matrix.stride if matrix is not None else 0,
            turned=affine.turned,
            columns=fields.features,
            at=at,
        )


def without(change: Change) -> set[str]:
    """The options that a change does not have."""
    return {name for name in (*OPTIONS, "ties") if getattr(change, name) is None}
