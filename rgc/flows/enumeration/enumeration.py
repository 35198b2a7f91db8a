"""What an enumeration counts and what it asks of the states: the record that the flow and its
answer share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rgc.flows.enumeration.block_step import Step
from rgc.flows.enumeration.census import Census
from rgc.flows.enumeration.enumerate_model import Exact, with_parameters
from rgc.flows.study.study import Study
from rgc.model.observables import Observable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.backend import Backend


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Enumeration:
    """All states of `exact` and what is asked of them.

    The `census` holds the sums over the states, of which the `observables` are made. `study` is
    that of the couplings as a recursion, where one is asked for.
    """

    scheme: str
    backend: Backend
    exact: Exact
    observables: tuple[Observable, ...]
    census: Census
    study: Study | None = None

    @property
    def provenance(self) -> Mapping[str, Any]:
        told = {
            "states": self.exact.cluster.states,
            "realisations": self.exact.realisations,
            "reproducibility": "L3",
        }
        if not self.exact.steps:
            return told
        blocked = self.exact.steps[0].blocked
        return told | {"sites_per_step": len(blocked.fine.spins) / len(blocked.coarse.spins)}

    def steps_of(self, realisation: int, arrays: Mapping[str, NDArray[Any]]) -> tuple[Step, ...]:
        """The block maps of a realisation, with its own parameters where they are free."""
        if not self.exact.free:
            return self.exact.steps
        return with_parameters(self.exact, arrays["p"][realisation])
