"""A lattice as layers along one axis, and the order in which the spins of a layer are added to
those before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from itertools import product as cartesian
from math import prod

from rgc.model.hamiltonian import Table
from rgc.model.lattice import Cell, Lattice
from rgc.model.operators import Spin
from rgc.model.spins import Species
from rgc.passes.local_energies import placed

Place = tuple[int, int]
"""A spin: how many layers back it stands, and its number in the layer."""

MOST_STATES = 256
"""The largest number of joint states of a factor in which several tables are gathered."""

GROUP_STATES = 16
"""The largest number of joint states of a group of spins that meets the group below it as one
matrix.
"""


@dataclass(frozen=True, slots=True)
class Factor:
    """Energies in kT of the joint states of the spins at the `axes` of the window, which rise, in
    row-major order.
    """

    axes: tuple[int, ...]
    energies: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WindowStep:
    """One step of adding a layer: one more spin behind those in the window.

    Then come the `factors` that this spin makes available, and the sum over the axes `summed`,
    which nothing needs that comes later. `window` holds the numbers of states of the spins in the
    window while the new one is there.
    """

    window: tuple[int, ...]
    factors: tuple[Factor, ...]
    summed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LayerProduct:
    """A layer whose spins meet those of the layer before group by group.

    `groups` are consecutive spins, given by their number of states and the energies
    [states before, states after], row-major. They are followed by the `factors` within the new
    layer.
    """

    groups: tuple[tuple[int, tuple[float, ...]], ...]
    factors: tuple[Factor, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """A Hamiltonian on a lattice as layers along `axis`.

    - Each layer has spins with so many `states`, of these `species`.
    - A table joins up to 1 + `reach` layers.
    - `layers[k]` adds one layer to k <= reach others and leaves the spins of the last `reach`, the
      oldest layer first.
    - `constant` is the energy of a layer that depends on no spin.
    - `product` is the last of `layers` in a faster form, where it has one.
    """

    axis: int
    states: tuple[int, ...]
    species: tuple[int, ...]
    reach: int
    layers: tuple[tuple[WindowStep, ...], ...]
    constant: float
    product: LayerProduct | None = None

    @property
    def vector(self) -> int:
        """The number of joint states of the spins that the next layer meets, which is the size of
        the transfer matrix.
        """
        whole: int = prod(self.states) ** self.reach
        return whole

    @property
    def largest(self) -> int:
        """The largest number of states of a window."""
        return max(prod(step.window) for step in self.layers[-1])


def slice_lattice(
    lattice: Lattice, species: Sequence[Species], tables: Iterable[Table], axis: int
) -> Slices:
    """The layers of a lattice along an axis. Raises `ValueError` if the lattice is not finite along
    all others.
    """
    strip = replace(
        lattice, shape=tuple(None if k == axis else n for k, n in enumerate(lattice.shape))
    )
    ranges = [range(1) if k == axis else range(_finite(n)) for k, n in enumerate(lattice.shape)]
    cells = list(cartesian(*ranges))
    spins = [
        Spin(cell, letter, kind)
        for cell in cells
        for letter in range(len(lattice.basis))
        for kind in range(len(species))
    ]
    numbers = {spin: n for n, spin in enumerate(spins)}
    states = tuple(species[spin.species].states or 0 for spin in spins)
    constant, placed_ = _placed(
        tables, cells, strip=strip, species=species, numbers=numbers, axis=axis
    )
    reach = max((back for places in placed_ for back, _ in places), default=0)
    layers = tuple(_steps(placed_, states, reach, before) for before in range(reach + 1))
    product = _product(placed_, states) if reach == 1 else None
    return Slices(
        axis=axis,
        states=states,
        species=tuple(spin.species for spin in spins),
        reach=reach,
        layers=layers,
        constant=constant,
        product=product,
    )


def _finite(size: int | None) -> int:
    if size is None:
        raise ValueError("a strip is infinite along one axis only")
    return size


Placed = Mapping[tuple[Place, ...], tuple[float, ...]]


def _placed(
    tables: Iterable[Table],
    cells: Sequence[Cell],
    *,
    strip: Lattice,
    species: Sequence[Species],
    numbers: Mapping[Spin, int],
    axis: int,
) -> tuple[float, Placed]:
    """The energy of a layer that depends on no spin, and every table at its places with the newest
    spin in layer 0.

    Tables at the same places are added.
    """
    constant, gathered = 0.0, dict[tuple[Place, ...], tuple[float, ...]]()
    for table in tables:
        for cell in cells:
            there = placed(table, cell, strip, species)
            if there is None:
                continue
            if not there.spins:
                constant += there.energies[0]
                continue
            newest = max(spin.cell[axis] for spin in there.spins)
            places = tuple(
                (newest - s.cell[axis], numbers[_in_layer(s, axis)]) for s in there.spins
            )
            before = gathered.get(places, (0.0,) * len(there.energies))
            gathered[places] = tuple(a + b for a, b in zip(before, there.energies, strict=True))
    return constant, gathered


def _in_layer(spin: Spin, axis: int) -> Spin:
    return replace(spin, cell=tuple(0 if k == axis else x for k, x in enumerate(spin.cell)))


def _steps(
    placed_: Placed, states: Sequence[int], reach: int, before: int
) -> tuple[WindowStep, ...]:
    """The steps that add a layer to `before` others."""
    with_: dict[int, list[tuple[Place, ...]]] = defaultdict(list)
    last: dict[Place, int] = {}
    for places in placed_:
        if all(back <= before for back, _ in places):
            number = max(n for back, n in places if back == 0)
            with_[number].append(places)
            for place in places:
                last[place] = max(last.get(place, 0), number)
    window: list[Place] = [(back, n) for back in range(before, 0, -1) for n in range(len(states))]
    steps = []
    for number in range(len(states)):
        window.append((0, number))
        counts = tuple(states[n] for _, n in window)
        factors = _factors([(places, placed_[places]) for places in with_[number]], window, counts)
        gone = [
            k
            for k, place in enumerate(window)
            if place[0] == reach and last.get(place, 0) <= number
        ]
        steps.append(WindowStep(counts, factors, tuple(gone)))
        window = [place for k, place in enumerate(window) if k not in gone]
    return tuple(steps)


def _factors(
    tables: Sequence[tuple[tuple[Place, ...], tuple[float, ...]]],
    window: Sequence[Place],
    counts: Sequence[int],
) -> tuple[Factor, ...]:
    """Tables gathered in factors of few states, so that the window is traversed as rarely as
    possible.
    """
    at = {place: axis for axis, place in enumerate(window)}
    parts = [(tuple(at[place] for place in places), energies) for places, energies in tables]
    groups: list[tuple[set[int], list[tuple[tuple[int, ...], tuple[float, ...]]]]] = []
    for axes, energies in sorted(parts):
        for union, members in groups:
            if prod(counts[axis] for axis in union | set(axes)) <= MOST_STATES:
                union |= set(axes)
                members.append((axes, energies))
                break
        else:
            groups.append((set(axes), [(axes, energies)]))
    return tuple(_factor(tuple(sorted(union)), members, counts) for union, members in groups)


def _factor(
    axes: tuple[int, ...],
    members: Sequence[tuple[tuple[int, ...], tuple[float, ...]]],
    counts: Sequence[int],
) -> Factor:
    total = []
    for joint in cartesian(*(range(counts[axis]) for axis in axes)):
        state, energy = dict(zip(axes, joint, strict=True)), 0.0
        for own, energies in members:
            index = 0
            for axis in own:
                index = index * counts[axis] + state[axis]
            energy += energies[index]
        total.append(energy)
    return Factor(axes, tuple(total))


# -- layers that meet group by group ---------------------------------------------------------------


def _product(placed_: Placed, states: Sequence[int]) -> LayerProduct | None:
    between = {
        places: energies for places, energies in placed_.items() if any(back for back, _ in places)
    }
    within = [(places, energies) for places, energies in placed_.items() if places not in between]
    ranges = _groups([{n for _, n in places} for places in between], states)
    if ranges is None:
        return None
    groups = []
    for start, end in ranges:
        window: list[Place] = [(back, n) for back in (1, 0) for n in range(start, end)]
        counts = [states[n] for _, n in window]
        at = {place: axis for axis, place in enumerate(window)}
        members = [
            (tuple(at[place] for place in places), energies)
            for places, energies in between.items()
            if places[0][1] in range(start, end)
        ]
        whole = _factor(tuple(range(len(window))), members, counts)
        groups.append((prod(states[start:end]), whole.energies))
    row: list[Place] = [(0, n) for n in range(len(states))]
    return LayerProduct(tuple(groups), _factors(within, row, states))


def _groups(joined: Sequence[set[int]], states: Sequence[int]) -> list[tuple[int, int]] | None:
    """Ranges of spins, as long as `GROUP_STATES` allows, such that each set lies within one, or
    None where there are none.
    """
    ends = [0]
    while ends[-1] < len(states):
        start, end = ends[-1], ends[-1] + 1
        while (
            reach := max((max(spins) + 1 for spins in joined if min(spins) < end), default=end)
        ) > end:
            end = reach
        if prod(states[start:end]) > GROUP_STATES:
            return None
        ends.append(end)
    merged = [0]
    for start, end in pairwise(ends):
        if start > merged[-1] and prod(states[merged[-1] : end]) > GROUP_STATES:
            merged.append(start)
    return list(pairwise([*merged, len(states)]))
