"""What a block map that a stack is asks of its layers, where it runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import log2

from rgc.errors import Problem
from rgc.model.lattice import Lattice
from rgc.model.stack import Rbm, Window, alphabet_text
from rgc.schemes.needs.states import GIB
from rgc.schemes.needs.steps import shapes
from rgc.schemes.scheme import Asked

JOINT_BYTES = 64
"""The bytes that a state of a kernel takes while it is summed over."""


def maps(asked: Asked) -> Iterator[Problem]:
    """Report layers of learned maps whose hidden units are no block spins of this spec, whose
    weights are not known before the run, and whose windows do not fit on a level.
    """
    lattice = asked.spec.lattice
    if not asked.read("block", "stack", "lattice") or not isinstance(lattice, Lattice):
        return
    learned = [block.layer for block in asked.spec.blocks if block.layer is not None]
    if not learned:
        return
    if lattice.supercell is not None:
        cells = " x ".join(map(str, lattice.supercell.multiple))
        message = f"the energy repeats after {cells} cells, and a learned map after its windows"
        hint = "take a map that is written out, such as majority(2)"
        yield Problem("bad-block", message, asked.section("block"), hint=hint)
        return
    for number, layer in enumerate(learned, 1):
        yield from _weights(asked, number, layer)
        yield from _spins(asked, number, layer)
    yield from _windows(asked, lattice)


def joint_states(asked: Asked) -> Iterator[Problem]:
    """Report windows that overlap where the states of spins and block spins together do not fit
    into the option `memory`: the kernel is no product over blocks then, and is written out.
    """
    lattice, gib = asked.spec.lattice, asked.options.get("memory")
    if not asked.read("block", "stack", "lattice", "spins") or not isinstance(lattice, Lattice):
        return
    if not isinstance(gib, int | float) or not asked.spec.blocks or not asked.spec.species:
        return
    layer, states = asked.spec.blocks[0].layer, asked.spec.species[0].states or 1
    window = layer.connect if layer is not None else None
    if layer is None or not isinstance(window, Window) or not _reaches_out(window):
        return
    sites = layer.visible.count + layer.hidden.count
    if log2(states) * sites > log2(gib * GIB / JOINT_BYTES):
        message = (
            f"windows that overlap have one kernel together, of {states}^{sites} states of spins "
            f"and block spins at {JOINT_BYTES} bytes each; the limit is {gib:g} GiB"
        )
        hint = f"take a smaller lattice, or connect=convolution(kernel={window.b})"
        yield Problem("too-many-states", message, asked.section("lattice"), hint=hint)


def _weights(asked: Asked, number: int, layer: Rbm) -> Iterator[Problem]:
    if layer.train is not None:
        message = f"layer {number} is trained, and '{asked.scheme.name}' trains nothing"
        hint = (
            "train the stack in a spec of its own with flow train(), and write "
            'weights=file("weights.npz") in place of train'
        )
        yield Problem("wrong-stack", message, asked.section("stack"), hint=hint)


def _spins(asked: Asked, number: int, layer: Rbm) -> Iterator[Problem]:
    (species, *_) = asked.spec.species or (layer.visible.spins,)
    hidden = layer.hidden.spins
    if hidden.states != species.states or hidden.two_states != species.two_states:
        message = (
            f"the hidden units of layer {number} are {hidden.alphabet} spins, and block spins of "
            f"{species.alphabet} spins have as many states as these"
        )
        hint = f"write spins={alphabet_text(replace(species, symmetric=False))}"
        yield Problem("bad-block", message, asked.section("block"), hint=hint)


def _windows(asked: Asked, lattice: Lattice) -> Iterator[Problem]:
    """Windows that reach over an open edge, or around a level as often as to meet themselves, and
    units with weights of their own on another lattice than that of the level."""
    steps, blocks = asked.options.get("steps", 1), asked.spec.blocks
    levels = shapes(lattice, blocks)[: steps if isinstance(steps, int) else 1]
    for level, cells in enumerate(levels, 1):
        block = blocks[(level - 1) % len(blocks)]
        window = block.layer.connect if block.layer is not None else None
        if not isinstance(window, Window):
            continue
        if window.width > min(cells):
            size = " x ".join(map(str, cells))
            message = f"in step {level} a window of {window.width} cells meets itself on {size}"
            hint = f"steps={level - 1}" if level > 1 else "take a smaller window"
            yield Problem("lattice-too-small", message, asked.place("steps"), hint=hint)
            return
        if not window.shared and block.layer is not None and _cells(block.layer) != cells:
            message = (
                f"step {level} takes the units of a patch, which have weights of their own on "
                f"another lattice than {' x '.join(map(str, cells))}"
            )
            hint = f"steps={level - 1}, or connect=convolution(), which has one set of weights"
            yield Problem("too-many-steps", message, asked.place("steps"), hint=hint)
            return


def _cells(layer: Rbm) -> tuple[int, ...]:
    places = layer.visible.places
    return places.cells if isinstance(places, Lattice) else ()


def _reaches_out(window: Window) -> bool:
    return window.first < 0 or window.first + window.width > window.b
