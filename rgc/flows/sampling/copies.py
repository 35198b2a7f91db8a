"""Exchanges of clusters between the copies of a realisation, each followed by a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rgc.flows.sampling.model import Model
from rgc.model_to_program.clusters_to_program import SEEDS
from rgc.model_to_program.copies_to_program import copies_to_program
from rgc.model_to_program.update import Planes, Update, precise
from rgc.program.lattice.arguments import from_word

if TYPE_CHECKING:
    from rgc.backend import Arguments, Backend, Kernel, State
    from rgc.program.draws import Words


@dataclass(frozen=True, slots=True, eq=False)
class Copies:
    """Exchanges of clusters between the copies 2k and 2k + 1 of each realisation, which are the
    words 2k and 2k + 1.

    `scratch` are the fields that the program has besides the spins. They are written anew in every
    step, so that they are no part of the state of a run. `pair0` is the number of the first pair of
    words, and `pairs` how many there are.
    """

    update: Update
    backend: Backend
    kernel: Kernel
    arguments: Arguments
    pairs: int
    species: int
    pair0: int = 0
    scratch: list[State] = field(default_factory=list)

    def turn(self, spins: Sequence[State], keys: Words) -> list[State]:
        """The spins after an exchange with these keys, and what stands behind them unchanged."""
        words = [self.backend.unpack(each) for each in spins[: self.species]]
        both = [each[..., number::2] for number in (0, 1) for each in words]
        scratch = self.scratch or [self.backend.pack(each) for each in self.blank()]
        given = [*map(self.backend.pack, both), *scratch]
        packed, _ = self.kernel(given, self.arguments, keys, self.pair0)
        self.scratch[:] = packed[2 * self.species :]
        return [*self._joined(packed[: 2 * self.species]), *spins[self.species :]]

    def _joined(self, both: Sequence[State]) -> list[State]:
        """The fields of all words from those of the first copies and those of the second."""
        import numpy as np

        words = [self.backend.unpack(each) for each in both]
        pairs = zip(words[: self.species], words[self.species :], strict=True)
        stacked = (np.stack(pair, axis=-1) for pair in pairs)
        return [self.backend.pack(each.reshape(*each.shape[:-2], -1)) for each in stacked]

    def blank(self) -> list[Words]:
        """The canonical fields of the program besides those of the spins, to be written."""
        import numpy as np

        fields = self.update.program.fields[2 * self.species :]
        return [
            np.zeros((each.planes, *each.shape, each.letters, self.pairs), dtype=np.uint64)
            for each in fields
        ]

    def later(self, word: int) -> Copies:
        """The same of the replicas from a word on, which is the first of a pair."""
        pair = word // 2
        given = from_word(self.arguments, pair)
        return replace(
            self, arguments=given, pairs=self.pairs - pair, pair0=self.pair0 + pair, scratch=[]
        )

    @property
    def provenance(self) -> dict[str, Any]:
        return {"seeds": SEEDS, "copies": "two and two"}


def make_copies(
    model: Model, backend: Backend, *, words: int, word0: int, specialise: bool
) -> Copies:
    """The exchanges of clusters between copies that lie in words 2k and 2k + 1."""

    def lowered(planes: Planes) -> Update:
        return copies_to_program(
            model.lattice,
            model.species,
            model.merged.groups,
            planes=planes,
            generator=model.generator,
        )

    update = precise(lowered, model.planes, model.coefficients)
    arguments = update.arguments([model.coefficients], words // 2)
    return Copies(
        update=update,
        backend=backend,
        kernel=backend.compile(update.program, constant=arguments if specialise else None),
        arguments=arguments,
        pairs=words // 2,
        species=len(model.species),
        pair0=word0 // 2,
    )
