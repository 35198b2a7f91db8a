"""A run that takes long on a lattice where it takes less, so that backends can be compared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rgc.ast_to_model import build
from rgc.cost import of_spec
from rgc.errors import SpecError
from rgc.model.lattice import Lattice
from rgc.model.supercells import as_written
from rgc.verification.documents import on_lattice

if TYPE_CHECKING:
    from rgc.verification.subject import Subject

LONG = 60.0
"""Seconds of one core above which a run is compared on a smaller lattice."""


def lighter(subject: Subject) -> Subject:
    """The subject on a lattice whose lengths are halved until a run takes at most `LONG`, or itself
    where that is so, or where the same text on a smaller lattice is no spec.
    """
    own, loaded = subject.spec, subject.loaded
    spec, document = own, subject.document
    while isinstance(spec.lattice, Lattice) and of_spec(spec).seconds > LONG:
        if not spec.lattice.finite or spec.lattice.edges:
            return subject
        written = as_written(spec.lattice)
        cells = tuple(max(2, size // 2) for size in written.cells)
        if cells == written.cells:
            return subject
        document = on_lattice(document, cells, written.boundary)
        try:
            spec, _ = build(document, folder=loaded.folder)
        except SpecError:
            return subject
    if spec is own:
        return subject
    return replace(subject, loaded=replace(loaded, document=document, spec=spec))
