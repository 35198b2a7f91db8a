"""Nodes that yield states, means or fields, as operations."""

from __future__ import annotations

from rgc.program.dense import Affine, Exchange, Put, Read, Scale, Take, Unit
from rgc.program.dense.program import SHIFT
from rgc.program.units import MEAN
from rgc_numba.dense.room import Room, Value, layer, padded
from rgc_numba.dense.sizes import WHOLE, WORD

TAKEN = 1 << 32
"""Added to the number of a field whose rows are taken, in a form of its own."""


class LayerNodes(Room):
    """Writes the operations of such nodes."""

    @property
    def taken(self) -> set[int]:
        """The fields of bits whose rows are taken."""
        taken = {node.field for node in self.program.nodes if isinstance(node, Take)}
        return {number for number in taken if not self.program.fields[number].numbers}

    def _take(self, k: int, node: Take) -> None:
        source = self.program.fields[node.field]
        if source.numbers:
            self.add("take_numbers", {"field": node.field}, first=node.first, **self._numbers(k))
            return
        value = self.states(k)
        self.add(
            "take",
            {"by_row": TAKEN + node.field},
            **layer(source.units),
            size=64 * source.words,
            first=node.first,
            chains=node.chains,
            bits=value.address,
            width=value.width,
        )

    def _numbers(self, k: int) -> dict[str, int]:
        """Room for the numbers that a node takes or reads, as arguments."""
        value = self.chainwise(k)
        shape = {"chains": value.found.chains, "columns": value.features, "stride": value.width}
        return {**shape, "out": value.address}

    def _read(self, k: int, node: Read) -> None:
        source = self.program.fields[node.field]
        if source.numbers:
            self.add("read_numbers", {"field": node.field}, **self._numbers(k))
            return
        value = self.states(k)
        self.add(
            "read",
            {"field": node.field},
            **layer(source.units),
            words=source.words,
            chains=source.chains,
            bits=value.address,
            width=value.width,
        )

    def _put(self, k: int, node: Put) -> None:
        target, x = self.program.fields[node.field], self.values[node.x]
        if target.numbers:
            self.add(
                "put_numbers",
                {"field": node.field},
                x=x.address,
                chains=target.chains,
                columns=x.features,
                stride=x.width,
            )
            return
        self.add(
            "put",
            {"field": node.field},
            **layer(target.units),
            words=target.words,
            chains=target.chains,
            bits=x.address,
            width=x.width,
        )

    def _affine(self, k: int, node: Affine) -> None:
        value = self.chainwise(k)
        self.add(
            "start",
            bias=self.parameter(node.bias),
            has_bias=node.bias is not None,
            chains=value.found.chains,
            stride=value.width,
            columns=value.features,
            fields=value.address,
        )
        if node.matrix is None or node.x is None:
            return
        matrix, x = self.parameters[node.matrix], self.values[node.x]
        shared = {
            "matrix": matrix.address,
            "stride": matrix.stride,
            "turned": int(node.turned),
            "chains": value.found.chains,
            "columns": value.width,
            "fields": value.address,
        }
        if x.found.kind == "means":
            self.add(
                "multiply_means",
                **shared,
                means=x.address,
                rows=x.features,
                mean_stride=x.width,
                real=x.found.most > MEAN,
                sums=self.buffer(value.found.chains * value.width),
            )
            return
        self.add(
            "multiply",
            **shared,
            codes=self._codes(x),
            blocks=padded(x.features, WHOLE) // WHOLE,
            unseen=SHIFT,
            signs=x.ising,
            table=self.table,
        )

    def _codes(self, x: Value) -> int:
        """Where the codes of states are."""
        if x.codes is None:
            chains = x.found.chains
            x.codes = self.buffer(x.width // WORD * chains)
            self.add("encode", bits=x.address, width=x.width, chains=chains, codes=x.codes)
        return x.codes

    def _scale(self, k: int, node: Scale) -> None:
        value, x = self.chainwise(k), self.values[node.x]
        base = None if node.base is None else self.values[node.base]
        self.add(
            "scale",
            x=x.address,
            base=base.address if base else x.address,
            has_base=base is not None,
            slot=node.slot,
            chains=x.found.chains,
            stride=x.width,
            fields=value.address,
        )

    def _unit(self, k: int, node: Unit) -> None:
        x, units = self.values[node.x], node.units
        value = (self.chainwise if self.found[k].kind == "means" else self.states)(k)
        layer = {"fields": x.address, "stride": x.width, "units": units.number}
        layer["chains"] = x.found.chains
        if units.kind == "gaussian":
            self._real(layer, node.draw, value)
        elif node.draw is None:
            if units.kind == "softmax":
                self.add("means_of_states", **layer, letters=units.letters, means=value.address)
            else:
                self.add("means_of_pairs", **layer, ising=value.ising, means=value.address)
        else:
            drawn = {"draw": node.draw, "bits": value.address, "width": value.width}
            if units.kind == "softmax":
                self.add("draw_states", **layer, **drawn, letters=units.letters)
            else:
                self.add("draw_pairs", **layer, **drawn, doubled=value.ising)
        if node.mask is not None:
            self._masked(value, self.values[node.mask])

    def _real(self, layer: dict[str, int], draw: int | None, value: Value) -> None:
        if draw is None:
            shape = {"stride": layer["stride"], "chains": layer["chains"]}
            self.add("means_of_reals", fields=layer["fields"], **shape, means=value.address)
        else:
            self.add("draw_reals", **layer, draw=draw, values=value.address)

    def _masked(self, value: Value, mask: Value) -> None:
        if value.found.kind == "states":
            self.add(
                "mask_bits",
                bits=value.address,
                mask=mask.address,
                size=value.words * value.width,
            )
            return
        self.add(
            "mask_means",
            means=value.address,
            stride=value.width,
            features=value.features,
            chains=value.found.chains,
            mask=mask.address,
            width=mask.width,
        )

    def _exchange(self, k: int, node: Exchange) -> None:
        x, energies = self.values[node.x], self.values[node.energies]
        chains = x.found.chains
        rows = self.ints(chains)
        self.add(
            "exchange",
            energies=energies.address,
            slot=node.slot,
            chains=chains,
            temperatures=node.temperatures,
            first=node.first,
            draw=node.draw,
            rows=rows,
        )
        if x.found.kind == "energies":
            out = self.counts(k)
            self.add(
                "permute_energies", energies=x.address, rows=rows, chains=chains, out=out.address
            )
            return
        if x.found.kind == "means":
            moved = {"x": x.address, "stride": x.width, "rows": rows, "chains": chains}
            self.add("permute_numbers", **moved, out=self.chainwise(k).address)
            return
        value = self.states(k)
        self.add(
            "permute",
            bits=x.address,
            width=x.width,
            features=x.features,
            words=x.words,
            rows=rows,
            chains=chains,
            out=value.address,
        )
