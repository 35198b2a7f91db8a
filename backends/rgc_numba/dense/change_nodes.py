"""Changes of parameters and tallies, as operations."""

from __future__ import annotations

from math import inf, prod

from rgc.program.dense import Affine, Change, Dense, Pairs, Tally, Term
from rgc.program.dense.nodes import operands
from rgc.program.dense.yields import tally_shape
from rgc_numba.dense.room import Room, Value
from rgc_numba.dense.sizes import CONSTANT, COUNTS, OPTIONS, OUTER, PAIRS, TERM

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
        given = ("parameter", "velocity", "ties", "mask")
        slots = ("momentum", "ahead", "decay", "shrink", "norm")
        wide = parameter.dtype == "int64"
        if not wide and not wanted and matrix is not None and without(node) >= QUICK:
            self.quick[len(self.rows)] = node.shift, tuple(map(self._bound, node.terms))
        self.add(
            "change_wide" if wide else "change",
            {name: self.parameter(getattr(node, name)) for name in given},
            **{name: getattr(node, name) or 0 for name in slots},
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
            {"bias": self.parameter(affine.bias)},
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


def term(**columns: int) -> tuple[int, ...]:
    """A row of the table of terms."""
    return tuple(int(columns.get(name, 0)) for name in TERM)


def without(change: Change) -> set[str]:
    """The options that a change does not have."""
    return {name for name in (*OPTIONS, "ties") if getattr(change, name) is None}
