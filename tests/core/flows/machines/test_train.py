"""The flow `train` from a spec to its answer, on small machines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rgc
from rgc.flows.data.rows import Rows
from rgc.flows.flow import State
from rgc.flows.machines import annealing, likelihood, train
from rgc.flows.machines.start import first_biases
from rgc.flows.machines.train import Train
from rgc.model.stack import Rbm
from rgc.results.result import Result
from tests.core.flows.machines.known import value

SPEC = """
parameters {{ K = 0.4 }}
lattice square(4, 3)
spins s: {spins}
hamiltonian - K * sum(<i,j>) s[i]*s[j]
data {data}
stack {{
  {layers}
}}
flow train({options})
"""

TWO = """rbm(6, spins=ising, train=pcd(chains=10, epochs=2, batch=30, rate=0.1, l1=1e-3))
  rbm(3, spins=binary, train=cd(k=2, epochs=3, batch=50, rate=0.1, momentum=0.5))"""


def spec(
    layers: str = TWO,
    data: str = "samples(100, thermalise=10)",
    spins: str = "ising",
    options: str = "",
) -> str:
    return SPEC.format(layers=layers, data=data, spins=spins, options=options)


def flow_of(text: str, backend: str = "reference") -> Train:
    compiled = rgc.compile(text, backend=backend)
    made = compiled.flow({}, 0)
    assert isinstance(made, Train)
    return made


def result_of(source: str | Path) -> Result:
    return rgc.compile(source, backend="reference").run(checkpoints=False).points[0].result


def at_end(flow: Train, state: State, most: int = 3) -> State:
    """The state after all steps, so many at once."""
    while state.done < flow.steps:
        state.most = most
        state = flow.step(state)
    return state


def parameters(state: State) -> Mapping[str, Any]:
    return {name: array for name, array in state.arrays.items() if ".watch." not in name}


def same(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    return first.keys() == second.keys() and all(
        np.array_equal(first[name], second[name]) for name in first
    )


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few temperatures in an annealing."""
    for module in (annealing, train):
        monkeypatch.setattr(module, "STEPS", 20)


def test_steps_are_the_same_in_any_pieces() -> None:
    """By ones, in large pieces, and cut in every phase by a flow that goes on from the arrays
    alone, while rows are sampled, layers are trained and chains of the first are annealed.
    """
    text = spec(options="monitors=[gap]")
    ones, many = flow_of(text), flow_of(text)
    sampled = ones.stack.source.steps
    assert ones.steps == sampled + 2 * 4 + 3 * 2 + 20
    alone = at_end(ones, ones.start(), 1)
    assert same(parameters(alone), parameters(at_end(many, many.start(), 100)))
    state = many.start()
    for end in (sampled // 2, sampled - 2, sampled + 3, sampled + 10, ones.steps - 7):
        flow = flow_of(text)
        while state.done < end:
            state.most = end - state.done
            state = flow.step(state)
        state = State(state.done, {name: array.copy() for name, array in state.arrays.items()})
    other = flow_of(text)
    assert same(parameters(alone), parameters(at_end(other, state)))
    first, second = ones.finish(alone), other.finish(state)
    assert [level.values for level in first.levels] == [level.values for level in second.levels]


def test_annealing_goes_through_all_rows_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at every temperature, which for many rows takes longer than the rest."""
    calls = []

    def counted(layer: Rbm, rows: Rows) -> NDArray[np.float64]:
        calls.append(rows.count)
        return first_biases(layer, rows)

    monkeypatch.setattr(likelihood, "first_biases", counted)
    flow = flow_of(spec(options="monitors=[gap]"))
    flow.finish(at_end(flow, flow.start(), 1))
    assert len(calls) == 1


def test_the_answer_of_two_layers() -> None:
    text = spec(options="reconstruct=5")
    result = rgc.compile(text, backend="reference").run(checkpoints=False).points[0].result
    assert [level.shape for level in result.levels] == [(4, 3), (6,), (3,)]
    assert result.levels[0].couplings["K"].value == 0.4
    first = result.levels[1].values
    assert first["kl"].kind == "exact"
    assert first["dF"].value is not None
    assert first["log_z"].error == 0
    assert "kl" not in result.levels[2].values  # the upper layer's data are of no Hamiltonian
    assert result.tables["layer2.fields"].shape == (3, 12)
    assert np.isfinite(result.tables["layer1.kl"]).all()
    assert result.tables["reconstruction"].shape == (2, 5, 12)
    assert set(result.tables["reconstruction"].ravel()) == {-1.0, 1.0}
    assert result.tables["layer1.update"][-1] == 8


@pytest.mark.parametrize(
    ("name", "lattice", "model", "coupling"),
    [("one_hidden_ring of 4, J=0.5", "chain(4)", "K", "0.5"),
     ("one_hidden_3x3 torus, J=K_c", "square(3)", "K", "log(1+sqrt(2))/2")],
)  # fmt: skip
def test_a_machine_with_one_hidden_unit_trained_exactly(
    name: str, lattice: str, model: str, coupling: str
) -> None:
    """It ends at the weights of least KL to the Hamiltonian, all equal, and at that KL."""
    text = f"""
parameters {{ {model} = {coupling} }}
lattice {lattice}
spins s: ising(symmetric)
hamiltonian - {model} * sum(<i,j>) s[i]*s[j]
data samples(64, thermalise=10)
stack {{ rbm(1, train=exact(epochs=300, rate=0.5, momentum=0.8, of=hamiltonian)) }}
flow train()
"""
    result = rgc.compile(text, backend="reference").run(checkpoints=False).points[0].result
    known = value(name)
    weights = np.abs(result.tables["layer1.weights"])
    assert weights == pytest.approx(float(known["w"]), abs=1e-9)
    assert result.levels[1].values["kl"].value == pytest.approx(float(known["kl"]), abs=1e-12)
    assert result.tables["layer1.step"][-1] < 1e-6


def test_weights_of_a_run_are_taken_by_another(tmp_path: Path) -> None:
    """The file of a run, taken without training, gives the same machine; with training it is what
    that begins with.
    """
    rgc.compile(spec(), backend="reference").run(out=tmp_path)
    taken = spec(
        'rbm(6, spins=ising, weights=file("weights.npz"))\n'
        '  rbm(3, spins=binary, weights=file("weights.npz"))'
    )
    (tmp_path / "taken.rgc").write_text(taken)
    first = rgc.compile(spec(), backend="reference").run(checkpoints=False).points[0].result
    again = rgc.compile(tmp_path / "taken.rgc", backend="reference").run(checkpoints=False)
    second = again.points[0].result
    for layer in ("layer1", "layer2"):
        weights = first.tables[f"{layer}.weights"]
        assert (second.tables[f"{layer}.weights"] == weights).all()
    assert second.levels[1].values["kl"] == first.levels[1].values["kl"]
    trained = 'rbm(6, spins=ising, weights=file("weights.npz"), train=cd(epochs=1, batch=50))'
    (tmp_path / "trained.rgc").write_text(spec(trained))
    flow = rgc.compile(tmp_path / "trained.rgc", backend="reference").flow({}, 0)
    assert isinstance(flow, Train)
    state = flow.start()
    while state.done < flow.stack.source.steps:
        state = flow.step(state)
    begun = flow.stack.layers[0].learning.start(flow.stack.rows(state, 0))
    assert (begun["weights"] == first.weights["weights_1"]).all()


KEPT = """rbm(6, spins=ising, train=cd(epochs=2, batch=30, rate=0.1, save=4))
  rbm(3, spins=binary, train=exact(epochs=3, rate=0.1, save=2))"""


def test_models_are_kept_along_the_training(tmp_path: Path) -> None:
    """Those after an update are what another run that ends there has, and each can be taken by its
    update. They change no other bit.
    """
    whole = result_of(spec(KEPT, "patterns(100)"))
    np.savez(tmp_path / "weights.npz", **whole.weights)
    assert whole.provenance["saved"] == [(1, 2, 4, 8), (1, 3)]
    names = {name for name in whole.weights if "_at_" in name}
    assert names == {
        f"{what}_{layer}_at_{update}"
        for what in ("weights", "visible", "hidden")
        for layer, updates in ((1, (1, 2, 4, 8)), (2, (1, 3)))
        for update in updates
    }
    assert (whole.weights["weights_1_at_8"] == whole.weights["weights_1"]).all()
    shorter = KEPT.replace("epochs=2", "epochs=1").replace(", save=4", "")
    half = result_of(spec(shorter, "patterns(100)"))
    for name in ("weights", "visible", "hidden"):
        assert (whole.weights[f"{name}_1_at_4"] == half.weights[f"{name}_1"]).all()
    taken = 'rbm(6, spins=ising, weights=file("weights.npz", update=4))'
    (tmp_path / "taken.rgc").write_text(spec(taken, "patterns(100)"))
    weights = result_of(tmp_path / "taken.rgc").tables["layer1.weights"]
    assert (weights == half.tables["layer1.weights"]).all()
    (tmp_path / "none.rgc").write_text(spec(taken.replace("=4", "=5")))
    with pytest.raises(rgc.SpecError, match="layer 1 are of the updates 1, 2, 4 and 8"):
        rgc.load(tmp_path / "none.rgc")


def test_kept_models_survive_on_another_backend() -> None:
    text = spec(KEPT.splitlines()[0])
    first, second = flow_of(text), flow_of(text, "numba")
    right = parameters(at_end(first, first.start()))
    state = second.start()
    while state.done < 3:
        state = second.step(state)
    stored = State(state.done, {name: array.copy() for name, array in state.arrays.items()})
    assert same(right, parameters(at_end(flow_of(text), stored)))
    assert "0.at 2.weights" in right


def test_the_likelihood_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a side is small it is exact; else chains are annealed, and within errors."""
    monkeypatch.setattr("rgc.flows.machines.annealing.STEPS", 100)
    layer = "rbm({}, spins=binary, train=cd(epochs=1, rate=0.5))"
    for hidden, most in ((3, 1e-9), (15, 0.1)):
        text = spec(
            layer.format(hidden),
            data="samples(100, thermalise=10, validation=0.2)",
            options="monitors=[log_likelihood]",
        ).replace("square(4, 3)", "square(5, 3)")
        result = rgc.compile(text, backend="reference").run(checkpoints=False).points[0].result
        for name, last in (("log_likelihood", "train"), ("log_likelihood_validation",) * 2):
            found = result.tables[f"layer1.{name}"]
            value = result.levels[1].values[f"log_likelihood_{last.split('_')[-1]}"].value
            assert found[-1] == pytest.approx(value, abs=most)
        assert (result.tables["layer1.log_likelihood_error"] > 0).all()


def test_a_rate_that_is_too_large_stops_with_the_layer_and_the_update() -> None:
    text = spec("rbm(6, spins=ising, train=cd(epochs=100, batch=10, rate=16))")
    with pytest.raises(rgc.SpecError, match=r"layer 1, update \d+: \|w\| passed 32"):
        rgc.compile(text, backend="reference").run(checkpoints=False)


def test_an_expectation_names_a_layer() -> None:
    text = spec() + "expect { kl[layer=1] below 3 }\n"
    assert rgc.compile(text, backend="reference").run(checkpoints=False).passed


def test_an_expectation_names_couplings_of_the_lowest_machine() -> None:
    """On five sites all operators of a range of 2 are different, on three they are not."""
    layer = "rbm(4, spins=ising, train=cd(epochs=1, batch=50, rate=0.1))"
    names = (
        "K[layer=1] = 0 within 1",
        "k2_11[layer=1] = 0 within 1",
        "other_pairs[layer=1] below 1",
    )
    text = spec(layer) + "expect { " + ", ".join(f"visible.{name}" for name in names) + " }\n"
    large = text.replace("square(4, 3)", "square(5)")
    assert rgc.compile(large, backend="reference").run(checkpoints=False).passed
    with pytest.raises(rgc.SpecError, match=r"'train' gives no 'visible\.K'"):
        rgc.load(text)


def test_maps_of_hidden_units_are_left_out_on_request() -> None:
    layers = "rbm(2, spins=ising, train=cd(epochs=1, batch=50, rate=0.1))"
    found = {}
    for wanted in ("true", "false"):
        text = spec(layers, options=f"receptive_fields={wanted}")
        found[wanted] = rgc.compile(text, backend="reference").run(checkpoints=False)
    with_maps, without = (found[wanted].points[0].result for wanted in ("true", "false"))
    assert with_maps.tables.keys() - without.tables.keys() == {"layer1.fields"}
    assert with_maps.levels[1].values == without.levels[1].values
