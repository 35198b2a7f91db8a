"""How the correlation of a visible and a hidden unit falls with distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.statistics import GROUPS, jackknife, resample
from rgc.flows.data.rows import Rows
from rgc.flows.machines.field_couplings import localised
from rgc.flows.machines.fields import apart, centre
from rgc.results.resampled import resampled_estimate
from rgc.results.result import Estimate

Floats = NDArray[np.float64]

Answer = tuple[dict[str, Estimate], dict[str, Floats]]

MOST = 1 << 23
"""Values of units over which correlations are averaged, such as 4194 rows of 1600 + 400 units."""

NEAREST = 3.0
"""Errors by which the nearest ring is correlated where others are told relative to it."""


def visible_hidden(lowest: Rows, means: Floats, pictures: Floats, rings: int) -> Answer:
    """<v_i h_j> - <v_i><h_j> averaged over rings around the centre of what each hidden unit looks
    at: values `visible_hidden.r<k>` for k from 1, and the table `visible_hidden` [k, (distance,
    value, error)]. Ring k has the sites i with k <= |i - j| < k + 1 on the torus.

    `lowest` are rows of the lowest units, `means` float64[row, unit] the averages of hidden units
    for each of them, and `pictures` float64[unit, *shape] their fields. Units without a centre are
    left out, the others have the sign with which their nearest ring is positive, and the sum over
    them is relative to that of ring 0. Errors are those of averages over rows, by the jackknife.
    """
    local = localised(pictures)
    if not local:
        return _nothing(rings, "no hidden unit has a centre")
    if lowest.count < 2 * GROUPS:
        return _nothing(rings, "there are few rows")
    shape = pictures.shape[1:]
    distances = np.array([_distances(centre(pictures[k]), shape) for k in local])
    profiles = _profiles(lowest, means[:, local], distances, rings)
    nearest, its_error = (float(each) for each in jackknife(profiles[:, 0]))
    if not nearest > NEAREST * its_error:
        return _nothing(rings, "the nearest ring is not correlated")
    shares = profiles / profiles[:, :1]
    values, errors = jackknife(shares)
    note = f"relative to the nearest ring, of {len(local)} of {len(pictures)} hidden units"
    found = {
        f"visible_hidden.r{ring}": resampled_estimate(shares[:, ring], note)
        for ring in range(1, rings)
    }
    away = [distances[distances.astype(np.int64) == ring].mean() for ring in range(rings)]
    return found, {"visible_hidden": np.stack([away, values, errors], axis=1)}


def _nothing(rings: int, note: str) -> Answer:
    none = Estimate(None, None, note=note)
    return {f"visible_hidden.r{ring}": none for ring in range(1, rings)}, {}


def _distances(place: Floats, shape: tuple[int, ...]) -> Floats:
    """The distance of every site from a place, float64[site]."""
    sites = np.moveaxis(np.indices(shape).astype(np.float64), 0, -1)
    return apart(sites, place, shape).ravel()


def _profiles(lowest: Rows, hidden: Floats, distances: Floats, rings: int) -> Floats:
    """The sum over hidden units of the average over each ring, of all rows and of all but those of
    one group: float64[1 + group, ring].
    """
    visible, weights, groups = lowest.values, lowest.shares, lowest.groups
    parts = [np.flatnonzero(groups == group) for group in range(int(groups.max()) + 1)]
    counts = np.array([weights[part].sum() for part in parts])

    def averages(one: Floats, other: Floats) -> Floats:
        sums = [one[part].T @ (other[part] * weights[part, None]) for part in parts]
        return resample(np.array(sums), counts)

    ones = np.ones((len(weights), 1))
    correlations = averages(visible, hidden) - averages(visible, ones) * averages(ones, hidden)
    rows = []
    for ring in range(rings):
        inside = distances.astype(np.int64) == ring
        share = inside / inside.sum(axis=1)[:, None]
        rows.append(np.einsum("gsh,hs->gh", correlations, share))
    profile = np.stack(rows, axis=-1)
    signs = np.where(profile[0, :, 0] < 0, -1.0, 1.0)
    return np.asarray((profile * signs[:, None]).sum(axis=1))
