"""Stacks as records: sides, connections, trainers and what they take by default."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import rgc
from rgc.errors import SpecError
from rgc.model.lattice import Lattice, Site
from rgc.model.spec import Spec
from rgc.model.stack import Dense, Mask, Rbm, Stack, Window
from rgc.model.trainer import Knots, Sutskever, Trainer

HEAD = (
    "parameters {{ K = 0.4, N = 3 }}\nlattice {lattice}\nspins s: {spins}\n"
    "hamiltonian - K*sum(<i,j>) s[i]*s[j]\ndata {data}\nstack {{ {stack} }}\nflow {flow}\n{more}"
)


def text_of(
    stack: str,
    *,
    lattice: str = "square(8)",
    spins: str = "ising",
    data: str = "samples(1000)",
    flow: str = "train()",
    more: str = "",
) -> str:
    return HEAD.format(lattice=lattice, spins=spins, data=data, stack=stack, flow=flow, more=more)


def spec_of(stack: str, *, folder: Path | None = None, **how: str) -> Spec:
    text = text_of(stack, **how)
    if folder is None:
        return rgc.load(text).spec
    (folder / "spec.rgc").write_text(text, "utf-8")
    return rgc.load(folder / "spec.rgc").spec


def layers_of(stack: str, *, folder: Path | None = None, **how: str) -> tuple[Rbm, ...]:
    made = spec_of(stack, folder=folder, **how).stack
    assert isinstance(made, Stack)
    return made.layers


def trainer_of(written: str, *, spins: str = "ising", hidden: str = "binary") -> Trainer:
    layer = f"rbm(hidden=12, spins={hidden}, train={written})"
    (only,) = layers_of(layer, spins=spins, lattice="square(3)")
    assert only.train is not None
    return only.train


def code_of(stack: str, *, folder: Path | None = None, **how: str) -> str:
    with pytest.raises(SpecError) as caught:
        spec_of(stack, folder=folder, **how)
    (problem,) = caught.value.problems
    return problem.code


# -- layers ----------------------------------------------------------------------------------------


def test_layers_have_evaluated_lattices_spins_and_trainers() -> None:
    first, second = layers_of(
        "rbm(hidden=square(N, N+1), spins=potts(N), train=pcd(k=2)), rbm(hidden=2*N, train=cd())",
        lattice="square(4)",
    )
    assert isinstance(first.hidden.places, Lattice)
    assert first.hidden.places.cells == (3, 4)
    assert (first.hidden.spins.alphabet, first.hidden.spins.states) == ("potts", 3)
    assert (first.visible.count, first.hidden.count, first.shape) == (16, 12, (16, 36))
    assert first.train is not None
    assert (first.train.algorithm, first.train.k, first.train.chains) == ("pcd", 2, 100)
    assert (second.visible, second.hidden.count, second.shape) == (first.hidden, 6, (36, 6))
    assert (first.connect, first.biases, first.upward) == (Dense(), True, "samples")
    assert str(first).startswith("rbm(square(3, 4), spins=potts(3), connect=dense, train=pcd(")


def test_visible_units_are_on_the_lattice_or_in_the_columns(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((20, 4, 6)))
    path = tmp_path / "spec.rgc"
    path.write_text(
        'spins v: potts(21)\ndata file("x.npy")\nstack { rbm(5, train=cd()) }\nflow train()\n'
    )
    stack = rgc.load(path).spec.stack
    assert stack is not None
    assert stack.layers[0].visible.places == 24
    assert stack.layers[0].shape == (504, 5)
    (kagome,) = layers_of("rbm(5, train=cd())", lattice="kagome(3)")
    assert (kagome.visible.count, kagome.visible.shape) == (27, (3, 3, 3))


def test_points_are_seen_by_real_units() -> None:
    text = (
        "spins v: gaussian\ndata simplex(50, 3)\n"
        "stack { rbm(2, spins=binary, train=cd(batch=25)) }\nflow train()\n"
    )
    stack = rgc.load(text).spec.stack
    assert stack is not None
    assert (stack.layers[0].visible.places, stack.layers[0].visible.unit) == (3, "gaussian")


@pytest.mark.parametrize("alphabet", ["ising", "binary", "potts(32)", "gaussian"])
def test_units_are_of_these_kinds(alphabet: str) -> None:
    (layer,) = layers_of(f"rbm(16, spins={alphabet}, train=cd())")
    assert layer.hidden.features == (512 if alphabet == "potts(32)" else 16)


def test_a_declared_symmetry_goes_up_and_leaves_no_biases() -> None:
    layers = layers_of(
        "rbm(16, train=cd()), rbm(4, spins=ising, train=cd())", spins="ising(symmetric)"
    )
    assert [layer.hidden.spins.alphabet for layer in layers] == ["ising", "ising"]
    assert all(layer.hidden.spins.symmetric and not layer.biases for layer in layers)
    assert [layer.train.centring for layer in layers if layer.train] == [False, False]
    wrong = "rbm(16, train=cd()), rbm(4, spins=binary, train=cd())"
    assert code_of(wrong, spins="ising(symmetric)") == "broken-symmetry"


# -- connections -----------------------------------------------------------------------------------


def test_windows_stand_around_the_block_of_a_hidden_unit() -> None:
    (patch,) = layers_of("rbm(square(4), connect=patch(reach=2), train=cd())")
    (convolution,) = layers_of("rbm(square(4), connect=convolution, train=cd())")
    assert patch.connect == Window(2, -2, 6, False, "")
    assert convolution.connect == Window(2, -1, 4, True, "")
    firsts = []
    for kernel in range(1, 7):
        (layer,) = layers_of(f"rbm(square(4), connect=convolution(kernel={kernel}), train=cd())")
        assert isinstance(layer.connect, Window)
        firsts.append((layer.connect.first, layer.connect.width))
    assert firsts == [(0, 1), (0, 2), (0, 3), (-1, 4), (-1, 5), (-2, 6)]
    assert patch.scale == 2


def test_a_learned_map_has_the_windows_of_its_layers() -> None:
    spec = spec_of(
        "rbm(square(4), spins=ising, connect=patch(), train=cd()), "
        "rbm(square(2), spins=ising, connect=convolution(kernel=2), train=cd())",
        flow="variational_mcrg(steps=2, sweeps=100)",
        more="block learned(stack)\n",
    )
    first, second = spec.blocks
    assert (first.name, first.scale, first.factor) == ("learned", 2.0, (2, 2))
    assert set(first.cells[0]) == {Site((x, y)) for x in range(-1, 3) for y in range(-1, 3)}
    assert set(second.cells[0]) == {Site((x, y)) for x in range(2) for y in range(2)}


def test_a_mask_has_a_row_for_each_visible_unit(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.ones((64, 5), dtype=bool))
    (layer,) = layers_of('rbm(5, connect=mask("m.npy"), train=cd())', folder=tmp_path)
    assert layer.connect == Mask(path="m.npy")
    assert layer.connect.folder == tmp_path
    wrong = 'rbm(6, connect=mask("m.npy"), train=cd())'
    assert code_of(wrong, folder=tmp_path) == "wrong-shape"


# -- trainers --------------------------------------------------------------------------------------


def test_knots_run_over_the_updates() -> None:
    rate = trainer_of("cd(rate=[0.1, 0.1, 0])").rate
    assert [rate.at(k, 5) for k in range(5)] == pytest.approx([0.1, 0.1, 0.1, 0.05, 0])
    assert trainer_of("cd(rate=0.05)").rate.at(7, 1000) == 0.05
    assert trainer_of("cd(rate=0:0.2:3)").rate == Knots((0.0, 0.1, 0.2))
    with pytest.raises(SpecError, match=r"'rate' must be at least 0, not -0\.1"):
        trainer_of("cd(rate=[0.1, -0.1])")
    with pytest.raises(SpecError, match="empty-list"):
        trainer_of("cd(rate=[])")


@pytest.mark.parametrize("written", ["sutskever", "sutskever()", "sutskever(0.99)"])
def test_the_schedule_of_sutskever(written: str) -> None:
    momentum = trainer_of(f"cd(momentum={written}, nesterov=true)").momentum
    assert isinstance(momentum, Sutskever)
    assert [momentum.at(t, 10**6) for t in (0, 249, 250, 750, 10**6)] == [
        0.5,
        0.5,
        0.75,
        0.875,
        0.99,
    ]


def test_a_batch_is_at_most_all_rows() -> None:
    assert trainer_of("cd()").batch == 100
    (layer,) = layers_of("rbm(4, train=cd())", data="samples(30, validation=0.5)")
    assert layer.train is not None
    assert layer.train.batch == 15
    assert layer.train.in_epoch(15) == 1
    assert trainer_of("cd(batch=300)").in_epoch(1000) == 4
    assert trainer_of("cd(batch=300, epochs=7)").updates(1000) == 28


def test_presets_give_way_to_what_is_written() -> None:
    preset = trainer_of("cd(preset=hinton2010, l2=0.5)")
    assert preset.momentum == Knots((0.5, 0.9))
    assert (preset.l2, preset.gradient, preset.centring) == (0.5, "means", False)


def test_centring_is_for_binary_units() -> None:
    assert trainer_of("cd()").centring is True
    assert trainer_of("cd()", hidden="ising").centring is False
    assert trainer_of("cd(centring=true)", hidden="ising").centring is True


def test_tempering_has_as_many_chains_at_each_temperature() -> None:
    made = trainer_of("tempering()")
    assert made.betas == tuple(k / 9 for k in range(10))
    assert made.chains == 1000
    made = trainer_of("tempering(betas=0:1:8)")
    assert (len(made.betas or ()), made.chains) == (8, 800)


def test_exact_takes_all_rows_and_needs_a_small_side() -> None:
    made = trainer_of("exact(of=hamiltonian)")
    assert (made.batch, made.in_epoch(12345), made.of) == (None, 1, "hamiltonian")
    many = "rbm(64, train=exact())"
    assert code_of(many) == "too-many-states"
    layers_of("rbm(20, train=exact())")
    assert code_of("rbm(20, train=exact(of=hamiltonian))") == "too-many-states"


def test_models_are_kept_at_updates_that_grow_geometrically() -> None:
    made = trainer_of("cd(save=7)")
    assert made.saved(10**6) == (1, 10, 100, 1000, 10**4, 10**5, 10**6)
    assert made.saved(3) == (1, 2, 3)
    assert trainer_of("cd(save=1)").saved(50) == (50,)
    assert trainer_of("cd()").saved(50) == ()
    for updates in (1, 2, 10, 12345):
        marks = made.saved(updates)
        assert marks[-1] == updates
        assert all(a < b for a, b in pairwise(marks))


# -- hints -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "followed", "how"),
    [
        ("rbm(16)", "rbm(16, train=cd())", {}),
        ("rbm(16, train=cd(batch=2000))", "rbm(16, train=cd(batch=1000))", {}),
        ("rbm(square, train=cd())", "rbm(square(16), train=cd())", {}),
        (
            "rbm(square(10000), train=cd())",
            "rbm(16777216, train=cd())",
            {},
        ),
        (
            "rbm(16, spins=binary, train=cd())",
            "rbm(16, spins=ising, train=cd())",
            {"spins": "ising(symmetric)"},
        ),
        ("rbm(16, spins=potts(33), train=cd())", "rbm(16, spins=potts(32), train=cd())", {}),
        ("rbm(16, spins=potts, train=cd())", "rbm(16, spins=potts(3), train=cd())", {}),
        ("rbm(16, connect=patch(), train=cd())", "rbm(square(4), connect=patch(), train=cd())", {}),
        (
            "rbm(16, spins=ising, train=cd())",
            "rbm(hidden=square(4, 4), spins=ising, connect=convolution(), train=cd())",
            {"flow": "variational_mcrg(steps=1, sweeps=100)", "more": "block learned(stack)\n"},
        ),
        (
            "rbm(16, train=tempering(chains=100, betas=0:1:8))",
            "rbm(16, train=tempering(chains=96, betas=0:1:8))",
            {},
        ),
        ("rbm(16, train=cd(momentum=1))", "rbm(16, train=cd(momentum=0.999))", {}),
        ("rbm(16, train=cd(rate=1e12))", "rbm(16, train=cd(rate=16))", {}),
        ("rbm(16, train=cd(rate=1e-12))", "rbm(16, train=cd(rate=0.001))", {}),
    ],
)
def test_a_hint_that_is_followed_is_accepted(
    wrong: str, followed: str, how: dict[str, str]
) -> None:
    assert code_of(wrong, **how)
    spec_of(followed, **how)
