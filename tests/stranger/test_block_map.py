"""A block map that is not in the language: its law, its row in the table of maps, and its
evaluator.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.stranger.house import House

MAPS = "rgc/model/block_maps.py"
READINGS = "rgc/verification/blocks.py"

LAW = '''def all_up(counts: Counts) -> tuple[LogWeight, ...]:
    """+1 where all spins are +1."""
    _, down = counts
    return (IMPOSSIBLE, POSSIBLE) if down else (POSSIBLE, IMPOSSIBLE)


'''
ROW = """        BlockMap(
            name="all",
            doc="+1 where all spins are +1",
            fields=(_B, _CELL),
            positional=("b",),
            law=counted(all_up, signed=True),
        ),
"""
READING = '    "all": lambda m, size, p: 1.0 * (m < size),\n'

SPEC = """\
title "a stranger's map"
lattice square({size})
spins s: ising
hamiltonian - 0.3 * sum(<i,j>) s[i]*s[j]
block all(2)
flow {flow}
"""
MCRG = SPEC.format(size=8, flow="mcrg(steps=1, sweeps=200, basis=operators(range=1, bodies=2))")
ENUMERATE = SPEC.format(size=4, flow="enumerate(linearise=true)")


def add_row(house: House, row: str = ROW) -> None:
    house.insert(MAPS, LAW, before="def kadanoff(counts: Counts)")
    house.insert(MAPS, row, before='        BlockMap(\n            name="average"')


def add_reading(house: House) -> None:
    house.insert(READINGS, READING, before='    "decimate": lambda')


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = House.build(tmp_path)
    made.write("mcrg.rgc", MCRG)
    made.write("enumerate.rgc", ENUMERATE)
    return made


def test_a_map_is_a_row_and_a_reading(house: House) -> None:
    add_row(house)
    add_reading(house)
    assert house.run("check", "mcrg.rgc", "enumerate.rgc").returncode == 0
    assert "all, b = 2" in house.run("show", "mcrg.rgc").stdout
    sampled, exact = (
        json.loads(house.run("run", f"{flow}.rgc", "--backend", "reference", "--json").stdout)
        for flow in ("mcrg", "enumerate")
    )
    for answer in (sampled, exact):
        assert "y_h" not in answer["exponents"]
        assert {eigenvalue["sector"] for eigenvalue in answer["eigenvalues"]} == {"invariant"}
    for flow in ("mcrg", "enumerate"):
        verified = house.run("verify", f"{flow}.rgc", "--backends", "reference")
        assert verified.returncode == 0, verified.stdout + verified.stderr
        assert "what follows from the law of a block map holds" in verified.stdout
        assert "no independent evaluator" not in verified.stdout


def test_without_its_row_the_map_is_unknown(house: House) -> None:
    add_reading(house)
    done = house.run("check", "mcrg.rgc")
    assert done.returncode == 2
    assert "unknown-block" in done.stderr


def test_without_its_law_the_map_comes_later(house: House) -> None:
    add_row(house, ROW.replace("            law=counted(all_up, signed=True),\n", ""))
    done = house.run("run", "mcrg.rgc")
    assert done.returncode == 2
    assert "the block map 'all' comes later for this scheme" in done.stderr


def test_without_a_reading_it_is_not_verified(house: House) -> None:
    add_row(house)
    done = house.run("verify", "mcrg.rgc", "--backends", "reference")
    assert "not checked: the block map all has no independent evaluator" in done.stdout
