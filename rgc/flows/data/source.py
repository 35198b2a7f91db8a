"""The data of a spec: from its source, through its control, to rows to train on and to validate
with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rgc.errors import Problem, SpecError, listing
from rgc.flows.data.clouds import make_cloud
from rgc.flows.data.controls import CONTROLS
from rgc.flows.data.files import first_place, place, read_rows
from rgc.flows.data.rows import FRESH, PATTERNS, Rows, constant_sites, key_of, split, states_of
from rgc.flows.data.samples import sampled
from rgc.flows.request import Request
from rgc.model.data import Control, Data, File, Patterns, Samples, Source, source_of
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


def make_data(data: Data, request: Request, sites: int, *, validated: bool = False) -> TrainingData:
    """The data of a spec at one point, rows of so many spins of its only species.

    With `validated` there are rows for validation also of samples that keep none apart: a tenth as
    many fresh ones, which leave those for training as they are.

    They are a function of the spec, the seed, the point and the bytes of the files. Raises
    `SpecError` for files that do not hold what the spec takes them for, and for what cannot be
    sampled yet.
    """
    key = stream(request.seed, request.point, "data")
    source = source_of(data)
    rows = _rows(source, request, sites, key)
    if isinstance(data, Control):
        rows = CONTROLS[data.name](rows, key)
    if isinstance(source, File):
        _check_even(rows, source)
    _check_values(rows, getattr(source, "span", None))
    share = source.validation if isinstance(source, Samples | File) else None
    train, validation = split(rows, share, key)
    if validated and validation is None and isinstance(data, Samples):
        validation = _fresh(data, request, key)
    return TrainingData(train=train, validation=validation, notes=(*rows.notes, *_notes(train)))


def _fresh(samples: Samples, request: Request, key: Key) -> Rows:
    """A tenth as many samples of each set, of a seed of their own."""
    low, high = key_of(key, FRESH)
    fewer = replace(samples, count=-(-samples.count // 10))
    return sampled(fewer, replace(request, seed=low | high << 64))


def _rows(source: Source | Cloud, request: Request, sites: int, key: Key) -> Rows:
    (species,) = request.species
    match source:
        case Samples():
            return sampled(source, request)
        case File():
            read = read_rows(source, sites)
            states = states_of(read.values, species, source)
            return Rows(species=species, states=states, weights=read.weights)
        case Points() | Simplex():
            return Rows(species=species, states=make_cloud(source, request.seed).values)
        case Patterns(count=count):
            return _patterns(count, sites, species, key)


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
