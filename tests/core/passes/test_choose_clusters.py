"""What `update=auto` stands for."""

from __future__ import annotations

import numpy as np
import pytest

import rgc
from rgc.passes.choose_clusters import CROSSOVERS, Chosen, choose_clusters

TEXT = """
parameters {{ K = log(1 + sqrt(2)) / 2, h = 0.1 }}
lattice {}
spins {}
hamiltonian {}
flow sample(sweeps=4, thermalise=2, every=1, replicas=64, update={})
measure {{ energy }}
"""
ISING, POTTS = "s: ising", "s: potts(3)"
PAIRS = "- K * sum(<i,j>) s[i]*s[j]"


def chosen(lattice: str, spins: str, energy: str) -> Chosen:
    spec = rgc.load(TEXT.format(lattice, spins, energy, "auto")).spec
    assert spec.hamiltonian is not None
    assert spec.lattice is not None
    return choose_clusters(spec.hamiltonian, spec.lattice, spec.species)


CLUSTERS = {
    "critical": ("square(64)", ISING, PAIRS),
    "antiferromagnet": ("square(64)", ISING, "K * sum(<i,j>) s[i]*s[j]"),
    "anisotropic": (
        "square(64)",
        ISING,
        "- 0.3 * sum(<i,j> along x) s[i]*s[j] - 0.6168 * sum(<i,j> along y) s[i]*s[j]",
    ),
    "lattice gas": (
        "square(64)", "n: binary", "- 4*K * sum(<i,j>) n[i]*n[j] + 8*K * sum(i) n[i]",
    ),
    "potts": ("square(64)", POTTS, "- 1.005 * sum(<i,j>) delta(s[i], s[j])"),
    "the same as a clock": (
        "square(64)", "s: clock(3)", "- 0.67 * sum(<i,j>) cos(2*pi*(s[i] - s[j])/3)",
    ),
}  # fmt: skip
SINGLE = {
    "small": ("square(16)", ISING, PAIRS),
    "narrow": ("square(16, 64)", ISING, PAIRS),
    "hot": ("square(128)", ISING, "- 0.4 * sum(<i,j>) s[i]*s[j]"),
    "cold": ("square(128)", ISING, "- 0.5 * sum(<i,j>) s[i]*s[j]"),
    "free": ("square(128)", ISING, "- 0*K * sum(<i,j>) s[i]*s[j]"),
    "odd antiferromagnet": ("square(65)", ISING, "K * sum(<i,j>) s[i]*s[j]"),
    "field": ("square(64)", ISING, f"{PAIRS} - h * sum(i) s[i]"),
    "gas with a field": (
        "square(64)", "n: binary", "- 4*K * sum(<i,j>) n[i]*n[j] + 7*K * sum(i) n[i]",
    ),
    "open": ("square(64, boundary=open)", ISING, PAIRS),
    "second neighbours": ("square(64)", ISING, f"{PAIRS} - 0.1 * sum(<<i,j>>) s[i]*s[j]"),
    "not compared": ("triangular(64)", ISING, "- 0.2746 * sum(<i,j>) s[i]*s[j]"),
    "six states": ("square(64)", "s: potts(6)", "- 1.2 * sum(<i,j>) delta(s[i], s[j])"),
    "two species": (
        "square(64)", "s: ising, t: ising", f"{PAIRS} - K * sum(<i,j>) t[i]*t[j]",
    ),
    "all to all": ("complete(64)", ISING, "- 1/64 * sum(i < j) s[i]*s[j]"),
}  # fmt: skip


@pytest.mark.parametrize("name", CLUSTERS)
def test_clusters_where_they_were_measured_to_be_cheaper(name: str) -> None:
    assert chosen(*CLUSTERS[name]).update == "wolff"


@pytest.mark.parametrize("name", SINGLE)
def test_single_spins_elsewhere(name: str) -> None:
    assert chosen(*SINGLE[name]).update == "local"


def test_the_size_is_that_of_the_table() -> None:
    first = CROSSOVERS[0]
    for size, update in ((first.size - 2, "local"), (first.size, "wolff")):
        assert chosen(f"square({size})", ISING, PAIRS).update == update


@pytest.mark.parametrize(("size", "same"), [(8, "local"), (CROSSOVERS[0].size, "wolff")])
def test_a_run_makes_the_update_that_was_chosen(size: int, same: str) -> None:
    """Bit for bit, and says so."""
    states = []
    for update in ("auto", same):
        text = TEXT.format(f"square({size})", ISING, PAIRS, update)
        flow = rgc.compile(text, backend="numba").flow({}, 3)
        state = flow.start()
        while state.done < flow.steps:
            state = flow.step(state)
        states.append(state.arrays)
        assert ("auto" in flow.provenance) == (update == "auto")
        assert ("clusters" in flow.provenance) == (same == "wolff")
    np.testing.assert_array_equal(*(each["spins_0"] for each in states))


def test_the_check_says_what_was_chosen() -> None:
    text = TEXT.format("square(128)", ISING, PAIRS, "auto")
    assert rgc.load(text).summary.endswith("update=auto is wolff")
    both = rgc.load(text + "scan { K = [0.2, 0.44] }")
    assert both.summary.endswith("update=auto is local or wolff")
    assert "update=" not in rgc.load(text.replace(", update=auto", "")).summary


def test_small_instances_are_verified_with_what_was_chosen() -> None:
    from rgc.verification.subject import make_subject
    from rgc.verification.turns import check_turns

    text = TEXT.format("square(64)", ISING, PAIRS, "auto")
    subject = make_subject(rgc.load(text), [], 0)
    assert [each.verdict for each in check_turns(subject)] == ["passed"] * 3
