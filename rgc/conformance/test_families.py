"""Every family of programs keeps to what it declares."""

from __future__ import annotations

from rgc.backend import load
from rgc.program.family import family_of, find


def test_examples_are_programs_of_the_family(family: str) -> None:
    """They are hashed and compared by structure, kept invariants, are shown, and are handed what is
    declared."""
    declared = find(family)
    for made, again in zip(declared.make_examples(), declared.make_examples(), strict=True):
        program = made.program
        assert family_of(program) is declared
        assert program == again.program
        assert hash(program) == hash(again.program)
        assert program.draws >= 0
        declared.verify(program)
        assert program.name in declared.show(program)
        declared.check(made.arguments)
        assert made.arguments.key() == again.arguments.key()


def test_examples_cover_what_is_declared(family: str) -> None:
    """Every dtype of a state is kept by an example, and what an example needs is among the
    capabilities."""
    declared = find(family)
    examples = declared.make_examples()
    assert {array.dtype.name for made in examples for array in made.state} == set(declared.states)
    assert frozenset().union(*(declared.needs(made.program) for made in examples)) <= set(
        declared.capabilities
    )
    assert all(what.strip() for what in declared.capabilities.values())


def test_examples_are_different_programs(family: str) -> None:
    examples = find(family).make_examples()
    assert len({made.program for made in examples}) == len(examples) > 0


def test_a_backend_says_what_programs_mean(family: str) -> None:
    assert family in load(find(family).reference).families
