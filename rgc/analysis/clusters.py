"""Clusters of points by their slow eigenvectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from scipy.optimize import linear_sum_assignment

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_CLUSTERS = 20
"""The largest number of clusters that the spectrum is taken to say."""

SMALLEST = 1e-12
"""Eigenvalues below this are rounding: their eigenvectors are gone after a step."""

FLOOR = 64 * float(np.finfo(np.float64).eps)
"""Rates below this are rounding."""


def separation(values: Floats, number: int) -> float:
    """By which factor the eigenvectors that tell `number` clusters apart decay more slowly than the
    next one: ln lambda_(k+1) / ln lambda_k.
    """
    rates = np.maximum(-np.log(np.clip(values, SMALLEST, 1.0)), FLOOR)
    return float(rates[number] / rates[number - 1])


def number_of_clusters(values: Floats) -> int:
    """The number of clusters, 2 or more, that the eigenvalues tell apart best."""
    numbers = range(2, min(MOST_CLUSTERS + 1, len(values)))
    return max(numbers, key=lambda number: separation(values, number), default=len(values))


def clusters(vectors: Floats, number: int) -> Integers:
    """The number of the cluster of each row of the slow eigenvectors [n, k], by k-means.

    The first centres are the row farthest from the mean and then always the row farthest from
    those before, so that nothing is left to chance. Clusters are numbered in the order of their
    first rows.
    """
    rows = vectors[:, :number]
    centres = [rows[np.argmax(np.square(rows - rows.mean(axis=0)).sum(axis=1))]]
    while len(centres) < number:
        apart = np.min([np.square(rows - centre).sum(axis=1) for centre in centres], axis=0)
        centres.append(rows[np.argmax(apart)])
    labels = kmeans2(rows, np.array(centres), iter=100, minit="matrix", missing="raise")[1]
    return _renumbered(labels)


def _renumbered(labels: NDArray[np.integer]) -> Integers:
    """Labels 0, 1, ... in the order in which they first stand."""
    names: dict[int, int] = {}
    return np.array([names.setdefault(int(label), len(names)) for label in labels], dtype=np.int64)


def agreement(labels: Integers, known: Integers) -> float:
    """The share of rows in the right cluster, under the best pairing of clusters with classes."""
    table = np.zeros((labels.max() + 1, known.max() + 1))
    np.add.at(table, (labels, known), 1)
    here, there = linear_sum_assignment(-table)
    return float(table[here, there].sum() / len(labels))
