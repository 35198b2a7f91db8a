"""The program of a sweep, from the rules of its stars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rgc.model.lattice import Lattice
from rgc.model.spins import Species
from rgc.model.stars import SweepStep
from rgc.model_to_program.acceptance_writer import Tables
from rgc.model_to_program.fields import spin_fields
from rgc.model_to_program.pair_matrices import Matrices
from rgc.model_to_program.update import Update
from rgc.program.draws import Generator
from rgc.program.lattice.program import Program, Rule, Stage
from rgc.program.lattice.verify import verify


@dataclass(frozen=True, slots=True)
class SweepShape:
    """What a sweep visits, and with what random numbers. Field n holds species n."""

    lattice: Lattice
    species: tuple[Species, ...]
    steps: tuple[SweepStep, ...]
    planes: Literal[32, 64]
    generator: Generator


def distinct_stars(steps: Sequence[SweepStep]) -> list[Any]:
    """The stars that occur in a sweep, each once. There is one rule for each."""
    return list(dict.fromkeys(step.star for step in steps))


def make_update(
    shape: SweepShape,
    rules: Sequence[Rule],
    tables: Tables,
    draws: int,
    matrices: Matrices | None = None,
) -> Update:
    """The update whose rules, one for each of the `distinct_stars`, were written with these tables,
    matrices and so many draws.
    """
    stars = distinct_stars(shape.steps)
    numbers = {star: number for number, star in enumerate(stars)}
    program = Program(
        name="sweep",
        shape=shape.lattice.cells,
        letters=len(shape.lattice.basis),
        fields=spin_fields(shape.lattice, shape.species),
        rules=tuple(rules),
        schedule=tuple(Stage(numbers[step.star], step.sites) for step in shape.steps),
        slots=len(tables.rows),
        weights=len(tables.weights),
        couplings=0 if matrices is None else len(matrices.numbers),
        draws=draws,
        planes=shape.planes,
        generator=shape.generator,
    )
    verify(program)
    sizes = tuple(tuple(map(len, star.images)) for star in stars)
    bonds = () if matrices is None else tuple(matrices.bonds)
    return Update(program, tuple(tables.rows), tuple(tables.weights), sizes, shape.lattice, bonds)
