"""Writing dense programs: nodes, draws and slots numbered as they come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from rgc.program.dense.nodes import Affine, Node, Unit, Units, Value
from rgc.program.dense.program import Dense, Field, Parameter


@dataclass(slots=True)
class Writer:
    """A program in the making. `numbers` and `scales` say what each slot of these arguments is
    for."""

    fields: list[Field] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    scales: list[str] = field(default_factory=list)
    rows: int = 0
    draws: int = 0

    def add(self, node: Node) -> Value:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def field(self, name: str, units: Units, chains: int, *, means: bool = False) -> int:
        self.fields.append(Field(name, units, chains, means))
        return len(self.fields) - 1

    def matrix(self, name: str, rows: Units, columns: Units) -> int:
        """int32[features of rows, features of columns]."""
        self.parameters.append(Parameter(name, (rows.features, columns.features), "int32"))
        return len(self.parameters) - 1

    def vector(self, name: str, units: Units) -> int:
        """int64[features]."""
        self.parameters.append(Parameter(name, (units.features,), "int64"))
        return len(self.parameters) - 1

    def like(self, name: str, parameter: int, dtype: Literal["int32"] | None = None) -> int:
        """A parameter of the shape of another, and of its dtype unless it says otherwise, the same
        for the same name."""
        same = self.parameters[parameter]
        made = Parameter(name, same.shape, dtype or same.dtype)
        if made not in self.parameters:
            self.parameters.append(made)
        return self.parameters.index(made)

    def number(self, what: str) -> int:
        """The slot of a number, the same for the same name."""
        if what not in self.numbers:
            self.numbers.append(what)
        return self.numbers.index(what)

    def scale(self, what: str) -> int:
        """The slot of a scale, the same for the same name."""
        if what not in self.scales:
            self.scales.append(what)
        return self.scales.index(what)

    def drawn(self, fields: Value, units: Units, mask: Value | None = None) -> Value:
        """States drawn in fields, with a draw of their own."""
        self.draws += 1
        return self.add(Unit(fields, units, self.draws - 1, mask))

    def sampled(
        self,
        x: Value,
        matrix: int,
        bias: int | None,
        units: Units,
        *,
        turned: bool = False,
        mask: Value | None = None,
    ) -> Value:
        """States of a layer, drawn given those of the other."""
        return self.drawn(self.add(Affine(x, matrix, bias, turned)), units, mask)

    def program(self, name: str) -> Dense:
        return Dense(
            name=name,
            fields=tuple(self.fields),
            parameters=tuple(self.parameters),
            nodes=tuple(self.nodes),
            rows=self.rows,
            numbers=len(self.numbers),
            scales=len(self.scales),
            draws=self.draws,
        )
