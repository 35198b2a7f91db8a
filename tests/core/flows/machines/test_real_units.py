"""Real units, and rows that are means: from a spec to its answer, against closed forms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.flows.data.rows import Rows
from rgc.flows.machines.exact_training import ExactTraining
from rgc.flows.machines.log_z import exact_log_z
from rgc.flows.machines.parameters import Fixed
from rgc.flows.machines.passes import ascended, means_above, reconstructed
from rgc.flows.machines.sides import features_of
from rgc.flows.machines.train import Train
from rgc.flows.machines.weights_file import Parameters, machine_of
from rgc.model.spins import Species
from rgc.model.stack import Dense, Rbm, Side
from rgc.model.trainer import Knots, Trainer
from rgc.program.dense.program import KT
from rgc.program.draws import stream
from rgc.program.units import MEAN
from rgc.results.result import Result
from rgc_reference import ReferenceBackend
from tests.core.flows.machines.known import given, value

CAUSES = np.array([[3.0, 0, -2, 0], [0, 2, 0, -1.5]])
"""What either of two hidden causes adds to the rows."""

KEY = stream(1, {}, "training", 0)


def layer(visible: str, hidden: str, sizes: tuple[int, int] = (4, 3)) -> Rbm:
    sides = (
        Side(n, Species(letter, name, None if name == "gaussian" else 2))
        for n, letter, name in zip(sizes, "vh", (visible, hidden), strict=True)
    )
    below, above = sides
    return Rbm(visible=below, hidden=above, connect=Dense(), biases=True)


def arrays(made: Rbm) -> dict[str, Any]:
    random = np.random.default_rng(3)
    rows, columns = made.shape
    return {
        "weights": np.rint(random.normal(size=made.shape) * KT / 2).astype(np.int32),
        "visible": np.rint(random.normal(size=rows) * KT / 2).astype(np.int64),
        "hidden": np.rint(random.normal(size=columns) * KT / 2).astype(np.int64),
    }


def result_of(source: str | Path, backend: str = "reference") -> Result:
    return rgc.compile(source, backend=backend).run(checkpoints=False).points[0].result


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows of two hidden causes with noise of the spread 1."""
    made = tmp_path_factory.mktemp("real")
    random = np.random.default_rng(1)
    causes = random.integers(0, 2, (2000, 2))
    noise = random.normal(size=(2000, 4))
    np.save(made / "x.npy", causes @ CAUSES + noise)
    return made


def written(folder: Path, stack: str, options: str = "") -> Path:
    path = folder / "spec.rgc"
    path.write_text(
        f'spins v: gaussian\ndata file("x.npy")\nstack {{ {stack} }}\nflow train({options})\n'
    )
    return path


# -- one pass --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("visible", "hidden"), [("gaussian", "binary"), ("ising", "gaussian")])
def test_passes_have_the_averages_and_spreads_of_the_machine(visible: str, hidden: str) -> None:
    """Hidden units above one row, and visible ones made again, against p(h | v) and its average."""
    made = layer(visible, hidden)
    parameters = arrays(made)
    machine = machine_of(Parameters(**parameters), made)
    count = 1 << 14
    one = np.array([0.7, -1.3, 2.1, 0.2]) if visible == "gaussian" else np.array([1, 0, 0, 1])
    rows = Rows(species=made.visible.spins, states=np.tile(one, (count, 1)).astype(
        np.float64 if visible == "gaussian" else np.uint8))  # fmt: skip
    above = ascended(ReferenceBackend(), made, parameters, rows, KEY)
    x = features_of(machine.visible, rows)[:1]
    means = machine.hidden.means(machine.hidden_fields(x))[0]
    h = features_of(machine.hidden, above)
    spread = np.ones(3) if hidden == "gaussian" else np.sqrt(means * (1 - means))
    assert np.abs((h.mean(axis=0) - means) / spread).max() < 5 / count**0.5
    assert h.std(axis=0) == pytest.approx(spread, abs=5 / count**0.5)
    again, moved = reconstructed(ReferenceBackend(), made, parameters, rows, KEY)
    v = features_of(machine.visible, again)
    expected = machine.turned.hidden.means(machine.turned.hidden_fields(h)).mean(axis=0)
    assert np.abs(v.mean(axis=0) - expected).max() < 5 * v.std(axis=0).max() / count**0.5
    if visible == "gaussian":
        assert moved == pytest.approx(((v - x) ** 2).mean(), abs=1e-4)


def test_means_above_are_those_of_the_machine() -> None:
    """Of states, and of means again, to the unit of means."""
    made, second = layer("ising", "binary"), layer("binary", "ising", (3, 2))
    parameters, others = arrays(made), arrays(second)
    states = np.random.default_rng(2).integers(0, 2, (70, 4)).astype(np.uint8)
    rows = Rows(species=made.visible.spins, states=states)
    above = means_above(ReferenceBackend(), made, parameters, rows, KEY)
    machine = machine_of(Parameters(**parameters), made)
    exact = machine.hidden.means(machine.hidden_fields(machine.visible.features(states)))
    assert above.means
    assert above.states.dtype == np.int32
    assert np.abs(above.values - exact).max() < 1 / MEAN
    top = means_above(ReferenceBackend(), second, others, above, KEY)
    machine = machine_of(Parameters(**others), second)
    exact = machine.hidden.means(machine.hidden_fields(above.values))
    assert np.abs(top.values - exact).max() < 2 / MEAN


# -- training --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("visible", "hidden"), [("gaussian", "ising"), ("binary", "gaussian")])
def test_exact_gradients_are_differences_of_the_likelihood(visible: str, hidden: str) -> None:
    """Of rows of values, and of rows that are means, of which it is <-H(v)> - ln Z."""
    made = layer(visible, hidden)
    random = np.random.default_rng(4)
    means = random.integers(0, MEAN + 1, (20, 4)).astype(np.int32)
    real = visible == "gaussian"
    rows = Rows(
        species=made.visible.spins,
        states=random.normal(size=(20, 4)) if real else means,
        means=not real,
    )
    trainer = Trainer(algorithm="exact", epochs=1, batch=None, rate=Knots((1.0,)),
                      momentum=Knots((0.0,)), l1=0.0, l2=0.0, of="rows")  # fmt: skip
    training = ExactTraining(layer=made, trainer=trainer, fixed=Fixed({}, {}), key=KEY)
    begun = training.start(rows) | {name: array / KT / 2 for name, array in arrays(made).items()}
    moved = {name: array.copy() for name, array in begun.items()}
    training.run(moved, training.feed(rows), 0, 1)

    def likelihood(name: str, place: tuple[int, ...], step: float) -> float:
        there = {each: array.copy() for each, array in begun.items()}
        there[name][place] += step
        machine = training.machine(there)
        log_z = exact_log_z(machine)
        return float(-machine.visible_energies(features_of(machine.visible, rows)).mean() - log_z)

    for name, place in (("weights", (1, 2)), ("visible", (0,)), ("hidden", (1,))):
        slope = (likelihood(name, place, 1e-4) - likelihood(name, place, -1e-4)) / 2e-4
        assert moved[name][place] - begun[name][place] == pytest.approx(slope, abs=1e-6)


def test_a_machine_of_real_data_finds_what_made_them(folder: Path) -> None:
    """Exact gradients end at the likelihood of the mixture that the rows are of, and at its means;
    sampled ones are on the way there.
    """
    rows = np.load(folder / "x.npy")
    causes = np.array([[a, b] for a in (0, 1) for b in (0, 1)]) @ CAUSES
    squares = ((rows[:, None, :] - causes) ** 2).sum(axis=-1)
    best = float(np.log(np.exp(-squares / 2).mean(axis=1)).mean() - 2 * np.log(2 * np.pi))
    exact = result_of(written(folder, "rbm(2, train=exact(epochs=300, rate=0.2, momentum=0.8))"))
    assert exact.levels[1].values["log_likelihood_train"].value == pytest.approx(best, abs=0.01)
    weights = np.abs(exact.tables["layer1.weights"]).T
    assert weights[np.argsort(weights[:, 1])] == pytest.approx(np.abs(CAUSES), abs=0.15)
    stack = "rbm(2, train=pcd(chains=100, epochs=60, rate=[0.1, 0.02], gradient=means))"
    sampled = result_of(written(folder, stack), "numba").levels[1].values["log_likelihood_train"]
    assert sampled.value is not None
    assert best - 0.2 < sampled.value < best


def test_real_units_in_any_pieces_on_another_backend(folder: Path) -> None:
    """A stack with real visible units and one trained on means above, cut in either layer."""
    stack = """rbm(3, spins=ising, train=pcd(chains=10, epochs=1, batch=500), upward=means)
      rbm(2, spins=gaussian, train=cd(epochs=1, batch=500))"""
    path = written(folder, stack)
    ends = []
    for backends in (("reference",) * 8, ("reference", "numba") * 4):
        flows = {}
        for name in set(backends):
            flows[name] = rgc.compile(path, backend=name).flow({}, 0)
        state = flows["reference"].start()
        for name in backends:
            state.most = 1
            state = flows[name].step(state)
        ends.append(state)
    assert ends[0].done == 8
    assert all(np.array_equal(ends[0].arrays[name], ends[1].arrays[name]) for name in
               ends[0].arrays if ".watch." not in name)  # fmt: skip
    flow = rgc.compile(path, backend="reference").flow({}, 0)
    assert isinstance(flow, Train)
    assert flow.stack.layers[1].watch.fractional
    assert flow.provenance["reproducibility"] == "L2"


def test_the_answer_of_real_units(folder: Path) -> None:
    """ln Z and the likelihood by annealing agree with sums; rows of means have no likelihood."""
    stack = """rbm(3, train=cd(epochs=3, batch=200, rate=0.1), upward=means)
      rbm(2, train=cd(epochs=1, batch=500))"""
    result = result_of(written(folder, stack, "monitors=[log_likelihood], reconstruct=3"))
    first, second = (level.values for level in result.levels[1:])
    assert first["log_z"].kind == "exact"
    assert result.tables["layer1.log_likelihood"][-1] == pytest.approx(
        first["log_likelihood_train"].value, abs=0.2
    )
    assert "log_likelihood_train" not in second
    assert "layer2.log_likelihood" not in result.tables
    assert result.tables["reconstruction"].shape == (2, 3, 4)


@pytest.mark.parametrize("hidden", ["ising", "binary"])
def test_given_weights_of_real_units_have_their_known_answers(hidden: str, tmp_path: Path) -> None:
    """ln Z of a file of weights, which states squares (v - b)^2 / 2, to twelve digits."""
    about, known = given("gaussian_visible_4x3"), value("gaussian_visible_4x3")[hidden]
    arrays = {"weights_1": about["W"], "visible_1": about["b"], "hidden_1": about["c"]}
    np.savez(tmp_path / "w.npz", **{name: np.array(array) for name, array in arrays.items()})
    np.save(tmp_path / "x.npy", np.zeros((2, 4)))
    stack = f'rbm(3, spins={hidden}, weights=file("w.npz"))'
    values = result_of(written(tmp_path, stack)).levels[1].values
    squares = sum(b * b for b in about["b"]) / 2
    log_z = float(known["log_z"])
    assert values["log_z"].value == pytest.approx(log_z + squares, abs=1e-12)
    at_zero = -float(known["H_v_at_zero"]) - log_z
    assert values["log_likelihood_train"].value == pytest.approx(at_zero, abs=1e-12)


def test_values_that_no_unit_has_are_told(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([[0.0, 1.0], [2.0, 5000.0]]))
    with pytest.raises(rgc.SpecError, match=r"row 1, column 1 .* is 5000; real units end at 2\^11"):
        result_of(written(tmp_path, "rbm(2, train=cd(epochs=1))"))
