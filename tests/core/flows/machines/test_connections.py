"""Masks and ties of layers that are connected by windows, against positions on the lattice."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

import rgc
from rgc.errors import SpecError
from rgc.flows.machines.connections import mask_of, ties_of
from rgc.model.lattice import Lattice
from rgc.model.stack import Rbm, Window


def layer_of(stack: str, lattice: str = "square(6)", spins: str = "ising") -> Rbm:
    text = (
        f"parameters {{ K = 0.4 }}\nlattice {lattice}\nspins s: {spins}\n"
        "hamiltonian - K*sum(<i,j>) s[i]*s[j]\ndata samples(100)\n"
        f"stack {{ {stack} }}\nflow train()\n"
    )
    stack_of = rgc.load(text).spec.stack
    assert stack_of is not None
    return stack_of.layers[0]


def around(layer: Rbm, hidden: int) -> list[tuple[int, ...]]:
    """The cells of the window of a hidden unit, by its definition."""
    window, below, above = layer.connect, layer.visible.places, layer.hidden.places
    assert isinstance(window, Window)
    assert isinstance(below, Lattice)
    assert isinstance(above, Lattice)
    corner = np.unravel_index(hidden // len(above.basis), above.cells)
    found = []
    for step in product(range(window.width), repeat=below.dimension):
        cell = [int(c) * window.b + window.first + s for c, s in zip(corner, step, strict=True)]
        open_edges = [edge == "open" for edge in below.boundary]
        inside = [0 <= c < n for c, n in zip(cell, below.cells, strict=True)]
        if all(i or not o for i, o in zip(inside, open_edges, strict=True)):
            found.append(tuple(c % n for c, n in zip(cell, below.cells, strict=True)))
    return found


CASES = [
    ("rbm(square(3), connect=patch(), train=cd())", "square(6)"),
    ("rbm(square(3), connect=convolution(kernel=3), train=cd())", "square(6)"),
    ("rbm(square(3), connect=patch(), train=cd())", "square(6, boundary=[open, periodic])"),
    ("rbm(chain(4), connect=convolution(b=3, kernel=5), train=cd())", "chain(12)"),
    ("rbm(honeycomb(2), connect=patch(b=2, reach=0), train=cd())", "honeycomb(4)"),
    ("rbm(cubic(2), connect=convolution(kernel=4), train=cd())", "cubic(4)"),
]


@pytest.mark.parametrize(("stack", "lattice"), CASES)
def test_a_hidden_unit_is_connected_to_its_window(stack: str, lattice: str) -> None:
    layer = layer_of(stack, lattice)
    mask = mask_of(layer)
    assert mask is not None
    below = layer.visible.places
    assert isinstance(below, Lattice)
    for hidden in range(layer.hidden.count):
        cells = {int(np.ravel_multi_index(cell, below.cells)) for cell in around(layer, hidden)}
        letters = len(below.basis)
        sites = {cell * letters + letter for cell in cells for letter in range(letters)}
        assert set(np.flatnonzero(mask[:, hidden]).tolist()) == sites


def test_shared_weights_are_moved_along_with_the_hidden_unit() -> None:
    layer = layer_of("rbm(square(3), connect=convolution(), train=cd())")
    ties = ties_of(layer)
    assert set(ties.weights[ties.weights >= 0].tolist()) == set(range(16))
    grid = ties.weights.reshape(6, 6, 3, 3)
    for x, y in product(range(3), repeat=2):
        moved = np.roll(grid[:, :, 0, 0], (2 * x, 2 * y), axis=(0, 1))
        assert (grid[:, :, x, y] == moved).all()
    assert set(ties.visible.tolist()) == set(ties.hidden.tolist()) == {0}


def test_letters_and_features_have_weights_of_their_own() -> None:
    honeycomb = layer_of(
        "rbm(honeycomb(2), connect=convolution(kernel=2), train=cd())", "honeycomb(4)"
    )
    ties = ties_of(honeycomb)
    assert ties.weights.max() + 1 == 4 * 2 * 2  # cells, visible letters, hidden letters
    assert ties.visible.tolist() == [0, 1] * 16
    potts = layer_of(
        "rbm(square(2), spins=potts(3), connect=convolution(kernel=2), train=cd())", "square(4)"
    )
    ties = ties_of(potts)
    assert ties.weights.shape == (16, 12)
    assert ties.weights.max() + 1 == 4 * 3
    assert ties.hidden.tolist() == [0, 1, 2] * 4
    column = [ties.weights[:, 3 * 0 + state] for state in range(3)]
    assert all((column[0] >= 0).tolist() == (each >= 0).tolist() for each in column)
    assert not (set(column[0].tolist()) & set(column[1].tolist())) - {-1}


def test_patches_share_nothing() -> None:
    ties = ties_of(layer_of("rbm(square(3), connect=patch(), train=cd())"))
    there = ties.weights[ties.weights >= 0]
    assert len(set(there.tolist())) == len(there) == 9 * 16
    assert ties.visible.tolist() == list(range(36))


def test_masks_of_files(tmp_path: Path) -> None:
    mask = np.zeros((36, 4), dtype=np.int8)
    mask[3, 1] = mask[7, 2] = 1
    np.save(tmp_path / "m.npy", mask)
    path = tmp_path / "spec.rgc"
    path.write_text(
        "lattice square(6)\nspins s: ising\nhamiltonian - sum(<i,j>) s[i]*s[j]\ndata samples(100)\n"
        'stack { rbm(4, spins=potts(3), connect=mask("m.npy"), train=cd()) }\nflow train()\n'
    )
    stack = rgc.load(path).spec.stack
    assert stack is not None
    found = mask_of(stack.layers[0])
    assert found is not None
    assert found.shape == (36, 12)
    assert np.argwhere(found).tolist() == [[3, 3], [3, 4], [3, 5], [7, 6], [7, 7], [7, 8]]
    mask[5, 0] = 2
    np.save(tmp_path / "m.npy", mask)
    with pytest.raises(SpecError, match="holds 2 in row 5, column 0"):
        mask_of(stack.layers[0])


def test_a_dense_layer_has_every_weight() -> None:
    layer = layer_of("rbm(4, train=cd())")
    assert mask_of(layer) is None
    with pytest.raises(TypeError, match="dense has no windows"):
        ties_of(layer)
