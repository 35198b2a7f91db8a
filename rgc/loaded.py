"""A spec that was read and checked: its syntax tree and its physics at each point of its scan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from html import escape
from itertools import product
from math import prod
from pathlib import Path

from rgc.ast_to_model import build
from rgc.errors import Problem, SpecError
from rgc.model.data import files_of as data_files
from rgc.model.draw import Given
from rgc.model.graphs import GRAPH
from rgc.model.lattice import Lattice
from rgc.model.spec import STAND_IN, Axis, Spec
from rgc.model.stack import files_of as stack_files
from rgc.passes.check_file import digest_of
from rgc.summary import summary
from rgc.syntax.ast import Document, Entry
from rgc.syntax.edit import apply, without_comments
from rgc.syntax.print import print_text

Entries = Sequence[Entry]


@dataclass(frozen=True, repr=False)
class Loaded:
    """A spec that was read and checked.

    - `document` is the syntax tree, with includes merged and settings applied.
    - `spec` is the physics at the first point of the scan.
    - `folder` is where the spec lies; it is None for a text.
    - `name` is the stem of the file, or `spec`.
    - `settled` holds the parameters that other specs have answered.

    The points of the scan are made once, and the physics at each of them is built once and kept.
    """

    document: Document
    spec: Spec
    warnings: tuple[Problem, ...] = ()
    folder: Path | None = None
    name: str = "spec"
    settled: Mapping[str, float] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Loaded {self.title!r}: {self.summary.removeprefix('ok: ')}>"

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.text)}</pre>"

    @property
    def title(self) -> str:
        return self.spec.title or self.name

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.spec.scan

    @cached_property
    def points(self) -> tuple[Mapping[str, float], ...]:
        """The points of the scan, with the last axis fastest. Without a scan there is one empty
        point.
        """
        return _grid(self.axes)

    @cached_property
    def places(self) -> tuple[Mapping[str, float], ...]:
        """Where a flow is run: the points of the scan without the tempered parameter, all of whose
        values are run at once.
        """
        return _grid(axis for axis in self.axes if not axis.tempered)

    def along(self, place: Mapping[str, float]) -> tuple[Mapping[str, float], ...]:
        """The points that are run at once at a place; none without a tempered parameter."""
        return tuple(
            {**place, axis.name: value}
            for axis in self.axes
            if axis.tempered
            for value in axis.values
        )

    @cached_property
    def others(self) -> tuple[Loaded, ...]:
        """The specs that a run of this one runs as well: those of a study, and those that answer
        parameters, each of which runs once.
        """
        answering = {taken.file: ((), (), taken.spec) for taken in self.spec.taken}
        runs = [(run.file, (run.settings, run.scan, run.spec)) for run in self.spec.runs]
        return tuple(
            Loaded(apply(spec.document, settings, scan), spec, (), file.parent, file.stem)
            for file, (settings, scan, spec) in (*answering.items(), *runs)
        )

    @property
    def count(self) -> int:
        """The number of points of the scan."""
        return prod(len(axis.values) for axis in self.axes)

    @property
    def seed(self) -> int:
        """The seed that the spec names, or 0."""
        seed = self.spec.flow.options.get("seed", 0) if self.spec.flow else 0
        return int(seed) if isinstance(seed, int | float) else 0

    @property
    def text(self) -> str:
        """The spec as run, in the text spelling."""
        return print_text(self.document)

    @property
    def sha256(self) -> str:
        """The hash of the spec as run without its comments. It is the same in both spellings."""
        return sha256(print_text(without_comments(self.document)).encode("utf-8")).hexdigest()

    @property
    def files(self) -> tuple[tuple[Path, str], ...]:
        """The files of data, of weights, masks and couplings that a run reads: the folder of each
        and its path there.
        """
        given = (file for file in self.spec.given.values() if isinstance(file, Given))
        couplings = ((file.folder, file.path) for file in given)
        found = (*data_files(self.spec.data), *stack_files(self.spec.stack), *couplings)
        return tuple(dict.fromkeys(found))

    @property
    def sources(self) -> tuple[Path, ...]:
        """The specs that a run reads, includes among them, by the names that messages call them."""
        sections = self.document.sections
        entries = (
            each for section in sections if isinstance(section.body, tuple) for each in section.body
        )
        spans = (each.span for each in (*sections, *entries))
        names = dict.fromkeys(Path(span.source.name) for span in spans if span is not None)
        answering = (taken.file for taken in self.spec.taken)
        return (*names, *answering, *(run.file for run in self.spec.runs))

    @cached_property
    def _first_digests(self) -> dict[str, str]:
        return {f"file '{path}'": digest_of(folder, path) for folder, path in self.files}

    def digests(self) -> dict[str, str]:
        """The SHA-256 of each of the `files`, by what messages call it. Raises `SpecError` for one
        that is not there any more (missing-file), or is another than at the first call
        (changed-file).
        """
        found = {f"file '{path}'": digest_of(folder, path) for folder, path in self.files}
        for name, digest in self._first_digests.items():
            if found[name] != digest:
                message = f"the {name} has changed since the run began"
                hint = "points of one run have one file: begin again"
                raise SpecError([Problem("changed-file", message, hint=hint)])
        return found | self._edges

    @property
    def _edges(self) -> dict[str, str]:
        """The same of the edges of a graph."""
        lattice = self.spec.lattice
        if not isinstance(lattice, Lattice) or lattice.name != GRAPH:
            return {}
        said = repr((lattice.edges, lattice.columns))
        return {"file of the graph": sha256(said.encode("utf-8")).hexdigest()}

    @property
    def summary(self) -> str:
        """One line for people that says what the spec is, from `ok:` on."""
        return summary(self.spec, map(self.at, self.points) if self.axes else (self.spec,))

    @property
    def zero(self) -> tuple[str, ...]:
        """The names of the terms whose coefficient is exactly 0 at every point, which a run leaves
        out.
        """
        names = self.spec.hamiltonian.zero if self.spec.hamiltonian else ()
        for point in self.points if self.axes else ():
            if not names:
                break
            there = self.at(point).hamiltonian
            names = tuple(name for name in names if there is not None and name in there.zero)
        return names

    @cached_property
    def _built(self) -> dict[tuple[tuple[str, float], ...], Spec]:
        """The physics at the points that were asked for."""
        return {}

    def at(self, point: Mapping[str, float]) -> Spec:
        """The physics at a point of the scan. Raises `SpecError` if it is refused there."""
        if not point and not self.settled:
            return self.spec
        values = {**self.given, **point}
        key = tuple(values.items())
        if key not in self._built:
            axes = self.axes
            self._built[key] = build(self.document, point=values, axes=axes, folder=self.folder)[0]
        return self._built[key]

    @property
    def bare(self) -> Loaded:
        """The same without what was built on the way, to be sent elsewhere."""
        return replace(self)

    @property
    def given(self) -> dict[str, float]:
        """The parameters that other specs answer, with what stands in for those not yet settled."""
        return {taken.name: STAND_IN for taken in self.spec.taken} | dict(self.settled)


def _grid(axes: Iterable[Axis]) -> tuple[Mapping[str, float], ...]:
    """Every combination of the values of some parameters, those of the last one fastest."""
    axes = tuple(axes)
    names = [axis.name for axis in axes]
    return tuple(
        dict(zip(names, values, strict=True)) for values in product(*(axis.values for axis in axes))
    )


def fingerprint(loaded: Loaded, other: Callable[[Path, Entries, Entries], Loaded]) -> str:
    """The hash of all that a run depends on besides its seed: the spec, its files of data and of
    weights, and all of this of every spec that it runs or takes answers of. `other` reads a spec
    with other parameters and another scan. Raises `SpecError` for a file that is not there.
    """
    spec = loaded.spec
    asked = [(run.file, run.settings, run.scan) for run in spec.runs]
    asked += [(taken.file, (), ()) for taken in spec.taken]
    parts = [loaded.sha256, *(f"{name} {digest}" for name, digest in loaded.digests().items())]
    parts += [fingerprint(other(*each), other) for each in asked]
    return sha256("\n".join(parts).encode("utf-8")).hexdigest()
