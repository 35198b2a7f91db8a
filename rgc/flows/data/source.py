"""The data of a spec: from its source, through its control, to rows to train on and to validate
with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.errors import Problem, SpecError, listing
from rgc.flows.data.clouds import make_cloud
from rgc.flows.data.controls import CONTROLS
from rgc.flows.data.files import first_place, place, read_rows
from rgc.flows.data.rows import FRESH, PATTERNS, Rows, constant_sites, key_of, split, states_of
from rgc.flows.data.samples import Sampling, make_sampling
from rgc.flows.request import Request
from rgc.model.data import Control, Data, File, Patterns, Samples, Source, rows_apart, source_of
from rgc.model.point_clouds import Cloud, Points, Simplex
from rgc.model.spins import Species
from rgc.program.draws import Key, stream, word
from rgc.program.units import MEAN, REAL
from rgc.text import Span

MOST_NAMED = 8

MOST_ODD = 6.0
"""Standard errors by which a mean that a symmetry makes 0 may differ from it."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TrainingData:
    """Rows to train on, rows for validation if any are kept apart, and what is to be said of
    them.
    """

    train: Rows
    validation: Rows | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DataSource:
    """Where the data of a spec at one point come from, rows of so many spins of its only species.

    `sampled` are configurations to train on, and fresh ones to validate with, where there are any;
    their arrays are those of `Sampling`, behind the names of `KINDS`.
    """

    data: Data
    request: Request
    sites: int
    sampled: tuple[Sampling, ...] = ()

    @property
    def steps(self) -> int:
        """The sweeps of what is sampled."""
        return sum(sampling.steps for sampling in self.sampled)

    def step(self, arrays: dict[str, NDArray[Any]], done: int, most: int) -> int:
        """Go on after `done` sweeps, and change `arrays`. Returns how many more are made."""
        for kind, sampling in zip(KINDS, self.sampled, strict=False):
            if done < sampling.steps:
                own = {name: arrays[f"{kind} {name}"] for name in NAMES if done}
                made = sampling.step(own, done, most)
                arrays |= {f"{kind} {name}": array for name, array in own.items()}
                return made
            done -= sampling.steps
        raise ValueError("everything is sampled")

    def made(self, arrays: Mapping[str, NDArray[Any]]) -> TrainingData:
        """The data, after the last sweep.

        They are a function of the spec, the seed, the point and the bytes of the files. Raises
        `SpecError` for files that do not hold what the spec takes them for.
        """
        key = _key(self.request)
        source = source_of(self.data)
        drawn = [
            sampling.rows({name: arrays[f"{kind} {name}"] for name in NAMES})
            for kind, sampling in zip(KINDS, self.sampled, strict=False)
        ]
        rows = drawn[0] if drawn else _rows(source, self.request, self.sites, key)
        if isinstance(self.data, Control):
            rows = CONTROLS[self.data.name](rows, key)
        if isinstance(source, File):
            _check_even(rows, source)
        _check_values(rows, getattr(source, "span", None))
        share = source.validation if isinstance(source, Samples | File) else None
        train, validation = split(rows, share, key)
        fresh = drawn[1] if len(drawn) > 1 else None
        return TrainingData(
            train=train, validation=validation or fresh, notes=(*rows.notes, *_notes(train))
        )


KINDS, NAMES = ("train", "validation"), ("spins", "records")


def make_source(data: Data, request: Request, sites: int, *, validated: bool = False) -> DataSource:
    """The source of the data of a spec at one point, with the kernels of its sampling compiled.

    With `validated` there are rows for validation also of samples that keep none apart: a tenth as
    many fresh ones, which leave those for training as they are. Raises `SpecError` for what cannot
    be sampled yet.
    """
    source, sampled = source_of(data), list[Sampling]()
    if isinstance(source, Samples):
        sampled.append(make_sampling(source, request))
        if validated and not rows_apart(data) and isinstance(data, Samples):
            low, high = key_of(_key(request), FRESH)
            fewer = replace(source, count=-(-source.count // 10))
            sampled.append(make_sampling(fewer, replace(request, seed=low | high << 64)))
    return DataSource(data=data, request=request, sites=sites, sampled=tuple(sampled))


def _key(request: Request) -> Key:
    return stream(request.seed, request.point, "data")


def _rows(source: Source | Cloud, request: Request, sites: int, key: Key) -> Rows:
    """Rows that are not sampled."""
    (species,) = request.species
    match source:
        case File():
            return file_rows(source, species, sites)
        case Points() | Simplex():
            return Rows(species=species, states=make_cloud(source, request.seed).values)
        case Patterns(count=count):
            return _patterns(count, sites, species, key)
        case Samples():
            raise TypeError("samples are drawn in steps")


def file_rows(file: File, species: Species, sites: int) -> Rows:
    """The rows of a file of states. Raises `SpecError` for files that do not hold what the spec
    takes them for.
    """
    read = read_rows(file, sites)
    rows = Rows(species=species, states=states_of(read.values, species, file), weights=read.weights)
    _check_values(rows, file.span)
    return rows


def _patterns(count: int, sites: int, species: Species, key: Key) -> Rows:
    """Fair coins: state 1 where the lowest bit of the random word is set."""
    words = word(key_of(key, PATTERNS), np.arange(count * sites, dtype=np.uint64))
    states = (words & np.uint64(1)).astype(np.uint8).reshape(count, sites)
    return Rows(species=species, states=states)


def _check_even(rows: Rows, file: File) -> None:
    """Raise `SpecError` (broken-symmetry) where spins are declared symmetric and the mean of their
    sum over the rows is further from 0 than `MOST_ODD` standard errors of independent rows."""
    if not rows.species.symmetric or rows.count < 2:
        return
    weights = np.ones(rows.count) if rows.weights is None else rows.weights
    share = weights / weights.sum()
    sums = rows.values.sum(axis=1)
    mean = float(share @ sums)
    error = float(np.sqrt(share**2 @ (sums - mean) ** 2))
    if abs(mean) <= MOST_ODD * error:
        return
    message = (
        f"spins are declared symmetric, and in '{file.path}' their mean is {mean / rows.sites:.3g} "
        f"with an error of {error / rows.sites:.2g}"
    )
    hint = f"declare {rows.species.name}: ising without (symmetric), or add every row turned round"
    raise SpecError([Problem("broken-symmetry", message, file.span, hint=hint)])


def _check_values(rows: Rows, span: Span | None) -> None:
    """Raise `SpecError` (out-of-range) for the first real value that no unit has."""
    if rows.species.states is not None:
        return
    wrong = np.abs(rows.states) > REAL / MEAN
    if wrong.any():
        at = first_place(wrong)
        message = f"the value in {place(*at)} is {rows.states[at]:g}; real units end at 2^11"
        hint = "write file(..., scale=...): the spread of values at fixed hidden units is 1"
        raise SpecError([Problem("out-of-range", message, span, hint=hint)])


def _notes(rows: Rows) -> tuple[str, ...]:
    """What is said of columns of states that never change."""
    constant = constant_sites(rows)
    if not len(constant) or rows.species.states is None:
        return ()
    named = [*map(str, constant[:MOST_NAMED])]
    more = len(constant) - len(named)
    which = listing([*named, f"{more} more"] if more else named)
    never = "column never changes" if len(constant) == 1 else "columns never change"
    return (
        f"{len(constant)} of {rows.sites} {never} in the data ({which}, counted from 0): a bias is "
        "made from (n + 1)/(N + 2), n of N rows up, so that it stays finite",
    )
