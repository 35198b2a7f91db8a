"""A step of a flow that samples: sweeps, and the records between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from rgc.flows.flow import Flow, State, check_shape
from rgc.flows.sampling.sampler import Sampler

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.backend import State as Packed


class Recording(Protocol):
    """The records of one step."""

    def __call__(self, number: int, packed: Sequence[Packed]) -> list[Packed]:
        """Add a record of the fields to the state, in place. They are given back unchanged."""
        ...

    def close(self, packed: Sequence[Packed]) -> None:
        """Put what is shown of the last record into the state."""
        ...


class Sampling(Flow, Protocol):
    """A flow that sweeps and records."""

    @property
    def sampler(self) -> Sampler: ...

    @property
    def provenance(self) -> Mapping[str, Any]: ...

    @property
    def shared(self) -> Mapping[str, int]: ...

    def shown(self, arrays: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]: ...

    def recording(self, state: State, numbers: Sequence[int]) -> Recording:
        """What takes the records of these numbers, which follow each other, into a state."""
        ...


def stepped(flow: Sampling, state: State) -> State:
    """The state after some sweeps, and the records between them."""
    sampler = flow.sampler
    packed, pieces = unfrozen(sampler, state), sampler.plan.pieces(state.done, state.most)
    recording = flow.recording(state, [p.record for p in pieces if p.record is not None])
    for piece in pieces:
        packed = sampler.sweep(packed, piece.first, piece.count)
        if piece.record is not None:
            packed = recording(piece.record, packed)
    frozen(sampler, state, packed)
    recording.close(packed)
    state.done += sum(piece.count for piece in pieces)
    return state


def unfrozen(sampler: Sampler, state: State) -> list[Packed]:
    """The fields of a state in the backend's own form. Raises `SpecError` for a state from a
    checkpoint that holds other fields, which no kernel would notice.
    """
    fields: list[NDArray[Any]] = [
        state.arrays[f"spins_{k}"] for k in range(len(sampler.model.species))
    ]
    for field, made in zip(fields, sampler.update.program.fields, strict=False):
        check_shape(field, (made.planes, *made.shape, made.letters, sampler.plan.words))
    return sampler.packed(fields)


def frozen(sampler: Sampler, state: State, packed: Sequence[Packed]) -> None:
    """Put the fields of the species back into the state, in canonical form."""
    for k, field in enumerate(packed[: len(sampler.model.species)]):
        state.arrays[f"spins_{k}"] = sampler.backend.unpack(field)
