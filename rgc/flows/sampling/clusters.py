"""Cluster updates: turns of clusters, each followed by a sweep of single spins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from rgc.flows.sampling.labels import Labels, make_labels
from rgc.model.groups import Group, Signs
from rgc.model.lattice import Lattice
from rgc.model.spins import Species
from rgc.model_to_program.clusters_to_program import SEEDS, around, clusters_to_program
from rgc.model_to_program.update import Planes, Update, precise
from rgc.passes.find_reflections import find_reflections
from rgc.program.lattice.arguments import from_word

if TYPE_CHECKING:
    from rgc.backend import Arguments, Backend, Kernel, State
    from rgc.program.draws import Generator, Words


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """A turn of clusters of a model at one point on one backend.

    With `labels` all clusters are turned, each by a coin: the kernel draws bonds and coins, and
    `after` turns what the labels have chosen. `scratch` are the fields that the program has besides
    the spins. They are written anew in every turn, so that they are no part of the state of a run.
    `word0` is the number of the first word.
    """

    update: Update
    backend: Backend
    kernel: Kernel
    arguments: Arguments
    words: int
    species: int
    word0: int = 0
    labels: Labels | None = None
    after: Kernel | None = None
    scratch: list[State] = field(default_factory=list)

    def turn(self, spins: Sequence[State], keys: Words) -> list[State]:
        """The spins after a turn with these keys."""
        scratch = self.scratch or [self.backend.pack(each) for each in self.blank(self.words)]
        packed, _ = self.kernel([*spins, *scratch], self.arguments, keys, self.word0)
        if self.labels is not None and self.after is not None:
            self.labels(packed, self.backend, self.species)
            packed, _ = self.after(packed, self.arguments, keys, self.word0)
        self.scratch[:] = packed[len(spins) :]
        return packed[: len(spins)]

    def later(self, word: int) -> Clusters:
        """The same of the replicas from a word on."""
        given = from_word(self.arguments, word)
        return replace(
            self, arguments=given, words=self.words - word, word0=self.word0 + word, scratch=[]
        )

    @property
    def provenance(self) -> dict[str, Any]:
        program = self.update.program
        turned = {"seeds": SEEDS} if self.labels is None else {"turned": "each by a coin"}
        return {**turned, "site_sets": len(program.schedule), "planes": program.planes}

    def blank(self, words: int) -> list[Words]:
        """The canonical fields of a program besides those of the spins, to be written."""
        import numpy as np

        fields = self.update.program.fields[self.species :]
        return [
            np.zeros((each.planes, *each.shape, each.letters, words), dtype=np.uint64)
            for each in fields
        ]


def make_clusters(
    lattice: Lattice,
    species: Sequence[Species],
    groups: Sequence[Group | Signs],
    coefficients: Sequence[Fraction],
    backend: Backend,
    *,
    all_clusters: bool,
    planes: Planes,
    generator: Generator,
    words: int,
    word0: int,
    specialise: bool,
) -> Clusters:
    """The turns of clusters of a Hamiltonian that suits them (`cluster_obstacle`).

    `all_clusters` says that each is turned by a coin, where else those are turned that hold one of
    a few seeds. `planes`, `generator` and `specialise` are those of the sweep.
    """
    reflections = find_reflections(groups, species)

    def lowered(planes: Planes) -> Update:
        return clusters_to_program(
            lattice,
            species,
            groups,
            reflections,
            coins=all_clusters,
            planes=planes,
            generator=generator,
        )

    update = precise(lowered, planes, coefficients)
    arguments = update.arguments([coefficients], words)
    constant = arguments if specialise else None
    parts = around(update.program, len(species)) if all_clusters else (update.program,)
    kernels = [backend.compile(part, constant=constant) for part in parts]
    return Clusters(
        update=update,
        backend=backend,
        kernel=kernels[0],
        arguments=arguments,
        labels=make_labels(lattice, groups, len(species)) if all_clusters else None,
        after=kernels[1] if all_clusters else None,
        words=words,
        species=len(species),
        word0=word0,
    )
