"""Nodes that yield counts or energies, as operations."""

from __future__ import annotations

from rgc.program.dense import Apply, Energy, Pairs, Total
from rgc_numba.dense.room import Room, Value, padded
from rgc_numba.dense.sizes import COARSE, FEW, WHOLE


class CountNodes(Room):
    """Writes the operations of such nodes."""

    def _counted_in_place(self, node: Pairs) -> bool:
        return self._of_states(node) or self.found[node.x].kind == "counts"

    def _of_states(self, node: Pairs) -> bool:
        return all(self.found[x].kind == "states" for x in (node.x, node.y))

    def _pairs(self, k: int, node: Pairs) -> None:
        x, y, out = self.values[node.x], self.values[node.y], self.counts(k)
        shape = {"rows": x.features, "columns": y.features, "out": out.address}
        if x.found.kind == "counts":
            self.add("outer", x=x.address, y=y.address, **shape)
            return
        chains = node.chains or x.found.chains
        if self._of_states(node):
            self.add(
                "pairs",
                x=x.address,
                x_width=x.width,
                x_ising=x.ising,
                y=y.address,
                y_width=y.width,
                y_ising=y.ising,
                chains=chains,
                **shape,
            )
        elif chains == x.found.chains < FEW and x.found.kind != y.found.kind:
            turned = y.found.kind == "states"
            self._product(*((y, x) if turned else (x, y)), out.address, turned=turned)
        else:
            (x_address, x_stride), (y_address, y_stride) = map(self._features, (x, y))
            self.add(
                "pairs_of_means",
                x=x_address,
                x_stride=x_stride,
                y=y_address,
                y_stride=y_stride,
                chains=chains,
                cut=x.found.kind == y.found.kind,
                **shape,
            )

    def _product(self, states: Value, means: Value, out: int, *, turned: bool) -> None:
        """States times means: the means of chains are the rows of a matrix, and the bits of a
        feature say which of them it adds. Sums that int32 may not hold are also made of means less
        their last bits, which says how often they wrap."""
        chains = means.found.chains
        wraps = chains * means.found.most >= 2**31
        sums = self._sums(states, means, 0)
        coarse = self._sums(states, means, COARSE) if wraps else 0
        self.add(
            "widen",
            x=sums,
            coarse=coarse,
            wraps=wraps,
            stride=means.width,
            rows=states.features,
            columns=means.features,
            turned=turned,
            out=out,
        )

    def _sums(self, states: Value, means: Value, unseen: int) -> int:
        """Sums of means over chains, int32 with a row for each feature of states."""
        sums = self.ints(states.width * means.width)
        shape = {"chains": states.width, "fields": sums}
        self.add("start", **shape, bias=0, has_bias=0, stride=means.width, columns=0)
        self.add(
            "multiply",
            **shape,
            codes=states.address,
            blocks=padded(means.found.chains, WHOLE) // WHOLE,
            matrix=means.address,
            stride=means.width,
            unseen=unseen,
            turned=0,
            signs=states.ising,
            table=self.table,
            columns=means.width,
        )
        return sums

    def _features(self, x: Value) -> tuple[int, int]:
        """Features as int32[chain, column]: where, and the length of a row."""
        if x.found.kind == "means":
            return x.address, x.width
        stride = padded(x.features, WHOLE)
        out = self.ints(padded(x.found.chains, WHOLE) * stride)
        self.add(
            "features",
            bits=x.address,
            width=x.width,
            features=x.features,
            ising=x.ising,
            chains=x.found.chains,
            stride=stride,
            out=out,
        )
        return out, stride

    def _total(self, k: int, node: Total) -> None:
        x, out = self.values[node.x], self.counts(k)
        shared = {"features": x.features, "out": out.address}
        shared["chains"] = node.chains or x.found.chains
        if x.found.kind == "states":
            self.add("totals", bits=x.address, width=x.width, ising=x.ising, **shared)
        else:
            self.add("totals_of_means", means=x.address, stride=x.width, **shared)

    def _energy(self, k: int, node: Energy) -> None:
        out = self.counts(k)
        energies = {"energies": out.address, "chains": out.found.chains}
        self.add("start_energies", **energies)
        for x, f in ((self.values[x], self.values[f]) for x, f in node.products):
            if x.found.kind == "means":
                self.add(
                    "multiply_numbers",
                    numbers=x.address,
                    number_stride=x.width,
                    features=x.features,
                    fields=f.address,
                    stride=f.width,
                    **energies,
                )
                continue
            self.add(
                "multiply_states",
                bits=x.address,
                width=x.width,
                features=x.features,
                ising=x.ising,
                fields=f.address,
                stride=f.width,
                **energies,
            )
        for f, units in ((self.values[f], units) for f, units in node.traced):
            layer = {"fields": f.address, "stride": f.width, "units": units.number} | energies
            if units.kind == "softmax":
                self.add("logs_of_states", **layer, letters=units.letters)
            elif units.kind == "gaussian":
                self.add("squares", **layer)
            else:
                self.add("logs_of_pairs", **layer, ising=units.kind == "ising")

    def _apply(self, k: int, node: Apply) -> None:
        matrix, vector, out = self.values[node.matrix], self.values[node.vector], self.counts(k)
        rows, columns = matrix.found.shape
        self.add(
            "apply",
            matrix=matrix.address,
            vector=vector.address,
            rows=rows,
            columns=columns,
            turned=node.turned,
            out=out.address,
        )
