"""Block maps that a stack is: against Kadanoff's rule and the majority, against enumeration by
hand, and against the text by `rgc verify`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rgc
from rgc.compiler import flow
from rgc.errors import SpecError
from rgc.flows.enumeration.block_kernel import log_kernel
from rgc.flows.machines import learned_maps
from rgc.flows.machines.learned_maps import with_laws
from rgc.loaded import Loaded
from rgc.model.block import Block
from rgc.model.lattice import Lattice
from rgc.model_to_program.block_to_rule import block_to_rule
from rgc.program.draws import step_keys, stream
from rgc.program.lattice import Logistic
from rgc.program.lattice.start import random_field
from rgc.verification.block_rules import check_block_rules
from rgc.verification.operators import check_blocks
from rgc.verification.sampled import check_sampled
from rgc.verification.subject import make_subject
from rgc_reference import ReferenceBackend

Floats = NDArray[np.float64]

TEXT = """\
parameters {{ K = 0.4, h = 0.1 }}
lattice {lattice}
spins s: {spins}
hamiltonian - K * sum(<i,j>) s[i]*s[j] - h * sum(i) s[i]
{stack}block {block}
flow {flow}
"""

PATCH = "patch(b=2, reach=1)"

STACK = 'stack {{ rbm({hidden}, spins={units}, connect={connect}, weights=file("{path}")) }}\n'


def loaded(folder: Path, block: str = "learned(stack)", **parts: str) -> Loaded:
    given = {"lattice": "square(4)", "spins": "ising", "stack": "", "flow": "enumerate()", **parts}
    path = folder / "spec.rgc"
    path.write_text(TEXT.format(block=block, **given))
    return rgc.load(path)


def layer(
    path: str, kernel: int, hidden: str = "square(2)", units: str = "ising", connect: str = ""
) -> str:
    windows = connect or f"convolution(kernel={kernel})"
    return STACK.format(hidden=hidden, units=units, connect=windows, path=path)


def save(
    path: Path, window: Floats, cells: Sequence[int], bias: float = 0.0, **arrays: Any
) -> Floats:
    """Write the weights of a convolution of b = 2 on a torus, float64[visible, hidden], and return
    them."""
    hidden = [n // 2 for n in cells]
    first = -((window.shape[0] - 2) // 2)
    weights = np.zeros((*cells, *hidden))
    for above in np.ndindex(*hidden):
        for step in np.ndindex(*window.shape):
            places = zip(above, step, cells, strict=True)
            below = tuple((2 * x + first + k) % n for x, k, n in places)
            weights[(*below, *above)] = window[step]
    matrix = weights.reshape(int(np.prod(cells)), -1)
    biases = np.full(matrix.shape[1], bias)
    np.savez(path, **{"weights_1": matrix, "hidden_1": biases, "convention": "rgc", **arrays})
    return matrix


def random_window(shape: Sequence[int], seed: int = 1) -> Floats:
    """Weights of which no rounding to 2^-20 kT is left to do."""
    drawn = np.random.default_rng(seed).normal(0, 0.5, shape)
    return np.asarray(np.rint(drawn * 2**20) / 2**20)


def block_of(spec: Loaded) -> Block:
    return with_laws(spec.spec).blocks[0]


# -- what known maps are ---------------------------------------------------------------------------


def test_equal_weights_are_the_rule_of_kadanoff(tmp_path: Path) -> None:
    save(tmp_path / "w.npz", np.full((2, 2), 0.5), (4, 4))
    learned = block_of(loaded(tmp_path, stack=layer("w.npz", 2)))
    kadanoff = block_of(loaded(tmp_path, "kadanoff(2, p=0.5)"))
    found, wanted = log_kernel(learned, 0), log_kernel(kadanoff, 0)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=5e-16)


@pytest.mark.parametrize(
    ("spins", "units", "weight", "bias"), [("ising", "ising", 31, 0), ("binary", "binary", 31, -62)]
)
def test_steep_weights_are_the_majority_bit_for_bit(
    tmp_path: Path, spins: str, units: str, weight: float, bias: float
) -> None:
    """Where as many spins are up as down the field is 0, and the tie is drawn as a majority draws
    it."""
    save(tmp_path / "w.npz", np.full((2, 2), weight), (4, 4), bias)
    learned = loaded(tmp_path, stack=layer("w.npz", 2, units=units), spins=spins)
    majority = loaded(tmp_path, "majority(2)", spins=spins)
    tables = [np.exp(log_kernel(block_of(spec), 0)) for spec in (learned, majority)]
    np.testing.assert_allclose(*tables, rtol=0, atol=1e-13)
    np.testing.assert_array_equal(blocked(learned), blocked(majority))


def blocked(spec: Loaded) -> Any:
    """The block spins of random configurations, in packed words."""
    lattice = spec.spec.lattice
    assert isinstance(lattice, Lattice)
    made = block_to_rule(lattice, spec.spec.species, block_of(spec).drawn)
    fields = [
        random_field(stream(3, {}, "data", k), each, 8, 0, made.program.generator)
        for k, each in enumerate(made.program.fields)
    ]
    backend = ReferenceBackend()
    keys = step_keys(stream(4, {}, "block", 1), 0, 1, made.program.draws)
    state, _ = backend.compile(made.program)(
        list(map(backend.pack, fields)), made.arguments(8), keys
    )
    return backend.unpack(state[1])


def test_other_units_have_the_chances_of_their_energies(tmp_path: Path) -> None:
    """Binary units above Ising spins, in the convention of Mehta and Schwab: E = b h + v w h."""
    window = random_window((2,))
    matrix = save(tmp_path / "x.npz", window, (4,))
    np.savez(tmp_path / "w.npz", W=matrix, b=np.full(2, 0.25), c=np.zeros(4))
    text = layer("w.npz", 2, "chain(2)", "binary").replace(
        '"w.npz"', '"w.npz", convention=mehta_schwab'
    )
    (_, down), *_ = table = np.exp(
        log_kernel(block_of(loaded(tmp_path, lattice="chain(4)", stack=text)), 0)
    )
    v = np.array([(1, 1), (1, 0), (0, 1), (0, 0)])  # the units of the file are 0 and 1
    np.testing.assert_allclose(table[:, 0], 1 / (1 + np.exp(0.25 + v @ window)), atol=1e-6)
    assert down == table[0, 1]


def test_potts_units(tmp_path: Path) -> None:
    weights = np.zeros((4 * 3, 2 * 3))
    drawn = random_window((6, 3))
    for cell in range(2):
        weights[6 * cell : 6 * cell + 6, 3 * cell : 3 * cell + 3] = drawn
    np.savez(tmp_path / "w.npz", weights_1=weights, convention="rgc")
    spec = loaded(
        tmp_path,
        lattice="chain(4)",
        spins="potts(3)",
        stack=layer("w.npz", 2, "chain(2)", "potts(3)"),
    )
    pairs = list(product(range(3), repeat=2))
    energies = np.array([drawn[a] + drawn[3 + b] for a, b in pairs])
    wanted = np.exp(energies) / np.exp(energies).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.exp(log_kernel(block_of(spec), 0)), wanted, rtol=0, atol=1e-15)


# -- windows that overlap --------------------------------------------------------------------------


def test_windows_that_overlap_are_summed_as_by_hand(tmp_path: Path) -> None:
    """A ring of 6 spins and windows of 4: -H'(h) = ln sum_v p(h|v) exp(-H(v)), state by state."""
    matrix = save(tmp_path / "w.npz", random_window((4,)), (6,), 0.25)
    spec = loaded(tmp_path, lattice="chain(6)", stack=layer("w.npz", 4, "chain(3)"))
    minus_h, h = by_hand(matrix)
    couplings = rgc.compile(spec, backend="reference").run().points[0].result.levels[1].couplings
    for name, product_of in (("h", h[:, 0]), ("K", h[:, 0] * h[:, 1])):
        assert couplings[name].value == pytest.approx(minus_h @ product_of / 8, abs=1e-12)


def by_hand(weights: Floats) -> tuple[Floats, Floats]:
    """-H'(h) of a ring of 6 spins, and h, state by state."""
    v, h = (np.array(list(product((1, -1), repeat=n))) for n in (6, 3))
    fields = v @ weights + 0.25
    chances = np.exp(fields @ h.T) / np.prod(2 * np.cosh(fields), axis=1)[:, None]
    boltzmann = np.exp(0.4 * (v * np.roll(v, 1, axis=1)).sum(axis=1) + 0.1 * v.sum(axis=1))
    return np.log(boltzmann @ chances), h


def test_wide_windows_are_drawn_as_units_draw(tmp_path: Path) -> None:
    """Sixteen weights have too many sums for classes: the field is added up in integers."""
    save(tmp_path / "w.npz", random_window((4, 4)), (8, 8), 0.25)
    spec = loaded(
        tmp_path, lattice="square(8)", stack=layer("w.npz", 4, "square(4)"),
        flow="mcrg(steps=1, sweeps=10, basis=operators(range=1, bodies=2))",
    )  # fmt: skip
    subject = make_subject(spec, [], 0)
    program = subject.own.levels.levels[1].blocking.map.program
    assert any(isinstance(node, Logistic) for node in program.rules[0].nodes)
    findings = [*check_blocks(subject), *check_block_rules(subject)]
    assert [finding.verdict for finding in findings] == ["passed", "passed"]


def test_other_weights_than_those_of_the_text_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path / "w.npz", random_window((2, 2)), (4, 4))
    spec = loaded(tmp_path, stack=layer("w.npz", 2))
    original = learned_maps._transfer
    monkeypatch.setattr(learned_maps, "_transfer", lambda *given: original(*given)[:-1])
    (finding,) = check_block_rules(make_subject(spec, [], 0))
    assert (finding.verdict, "is not that of the text" in finding.detail) == ("failed", True)


@pytest.mark.parametrize("wrong", [False, True])
def test_averages_of_block_spins_are_sampled_on_a_small_lattice(
    wrong: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path / "w.npz", random_window((4,)), (8,), 0.25)
    spec = loaded(
        tmp_path, lattice="chain(8)", stack=layer("w.npz", 4, "chain(4)"),
        flow="mcrg(steps=1, sweeps=10, basis=operators(range=1, bodies=2))",
    )  # fmt: skip
    if wrong:
        original = learned_maps._transfer
        monkeypatch.setattr(learned_maps, "_transfer", lambda *given: original(*given)[:-1])
    (finding,) = check_sampled(make_subject(spec, [], 0))
    assert finding.verdict == ("failed" if wrong else "passed")
    assert finding.figures["averages"] >= 4  # two at each level


def test_a_single_layer_is_the_map_of_every_step(tmp_path: Path) -> None:
    save(tmp_path / "w.npz", np.full((2, 2), 0.5), (8, 8))
    run = "mcrg(steps=2, sweeps=20, replicas=64, basis=operators(range=1, bodies=2))"
    stack = layer("w.npz", 2, "square(4)")
    learned, kadanoff = (
        flow(with_it.spec, kernels(), seed=0, point={}, zero=())
        for with_it in (
            loaded(tmp_path, lattice="square(8)", stack=stack, flow=run),
            loaded(tmp_path, "kadanoff(2, p=0.5)", lattice="square(8)", flow=run),
        )
    )
    states = []
    for made in (learned, kadanoff):
        state = made.start()
        for _ in range(20):
            state = made.step(state)
        states.append(state.arrays["configuration_2"])
    np.testing.assert_array_equal(*states)


def kernels() -> Any:
    from rgc.kernel_cache import KernelCache

    return KernelCache(ReferenceBackend(), general=False)


# -- patches, whose units have weights of their own ------------------------------------------------


def test_a_patch_of_equal_units_is_a_convolution(tmp_path: Path) -> None:
    save(tmp_path / "w.npz", random_window((4, 4)), (8, 8), 0.25)
    specs = (
        loaded(
            tmp_path,
            lattice="square(8)",
            stack=layer("w.npz", 4, "square(4)", connect=connect),
            flow="mcrg(steps=1, sweeps=10)",
        )
        for connect in ("", PATCH)
    )
    np.testing.assert_array_equal(*map(blocked, specs))


def unequal_units(path: Path, cells: int) -> Floats:
    """The weights of a patch of b = 2 and reach 1 on a ring."""
    weights = np.zeros((cells, cells // 2))
    for unit in range(cells // 2):
        weights[(2 * unit - 1 + np.arange(4)) % cells, unit] = random_window((4,), unit)
    np.savez(path, weights_1=weights, hidden_1=np.full(cells // 2, 0.25), convention="rgc")
    return weights


def test_a_patch_is_summed_as_by_hand(tmp_path: Path) -> None:
    """Its H'(h) differs from place to place: what a name has is the average."""
    matrix = unequal_units(tmp_path / "w.npz", 6)
    spec = loaded(tmp_path, lattice="chain(6)", stack=layer("w.npz", 4, "chain(3)", connect=PATCH))
    minus_h, h = by_hand(matrix)
    level = rgc.compile(spec, backend="reference").run().points[0].result.levels[1]
    places = [minus_h @ h[:, k] / 8 for k in range(3)]
    assert level.couplings["h"].value == pytest.approx(np.mean(places), abs=1e-12)
    assert np.ptp(places) > 0.01


def test_every_unit_of_a_patch_is_that_of_the_text(tmp_path: Path) -> None:
    unequal_units(tmp_path / "w.npz", 12)
    spec = loaded(
        tmp_path, lattice="chain(12)", stack=layer("w.npz", 4, "chain(6)", connect=PATCH),
        flow="mcrg(steps=1, sweeps=10, basis=operators(range=1, bodies=2))",
    )  # fmt: skip
    subject = make_subject(spec, [], 0)
    findings = [*check_blocks(subject), *check_block_rules(subject)]
    assert [finding.verdict for finding in findings] == ["passed", "passed"]
    assert len(set(block_of(spec).rules)) == 6


# -- what is refused -------------------------------------------------------------------------------


def wide(weights: Floats) -> None:
    weights[10, 0] = 0.5


def unequal(weights: Floats) -> None:
    weights[0, 0] += 2.0**-20


@pytest.mark.parametrize(
    ("change", "message"),
    [(wide, "connects units outside its windows"), (unequal, "other weights for each hidden unit")],
)
def test_weights_that_are_no_convolution(tmp_path: Path, change: Any, message: str) -> None:
    matrix = save(tmp_path / "w.npz", random_window((2, 2)), (4, 4))
    change(matrix)
    np.savez(tmp_path / "w.npz", weights_1=matrix, convention="rgc")
    with pytest.raises(SpecError, match=message) as caught:
        rgc.compile(loaded(tmp_path, stack=layer("w.npz", 2)), backend="reference")
    assert caught.value.problems[0].code == "wrong-weights"


def test_a_joint_kernel_has_to_fit_into_the_memory(tmp_path: Path) -> None:
    """22 spins and 11 block spins at 64 bytes a state; blocks that are apart need 16 for a spin."""
    save(tmp_path / "w.npz", random_window((4,)), (22,))
    stack = layer("w.npz", 4, "chain(11)")
    with pytest.raises(SpecError, match=r"2\^33 states") as caught:
        loaded(tmp_path, lattice="chain(22)", stack=stack)
    assert caught.value.problems[0].code == "too-many-states"
    save(tmp_path / "w.npz", random_window((2,)), (22,))
    assert loaded(tmp_path, lattice="chain(22)", stack=stack.replace("kernel=4", "kernel=2"))
