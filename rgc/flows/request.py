"""What the maker of a flow is handed: the physics at one point, and the machine that it shall run
on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

from rgc.flows.flow import Flow
from rgc.model.block import Block
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Geometry, Lattice
from rgc.model.options import Options
from rgc.model.share import WHOLE, Share
from rgc.model.spec import Axis, FlowOfSpec, Spec
from rgc.model.spins import Species
from rgc.text import Span

if TYPE_CHECKING:
    from rgc.backend import Backend
    from rgc.model.stack import Stack

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A checked spec at one point of its scan, to be made into a flow.

    - `spec` is the physics. Its flow names the scheme, or the method of a free energy, with every
      option.
    - `point` holds the scanned parameters. With `seed` they key the random numbers.
    - `zero` names the terms that are left out, because their coefficient is 0 at every point of the
      run.
    - `path` holds the Hamiltonians along the path of a method that has one.
    - `share` is what of its work the flow shall do, where the scheme can cut it.
    - `specs` are those at each value of a tempered parameter, where there is one.
    - `drawn_at` holds the scanned parameters that key random couplings, where they are others: at
      all values of a tempered parameter these couplings are the same.
    - `quick` asks to refuse what takes more than a moment, since sizes are checked on such small
      instances.

    A section that the scheme needs is there, since its check has seen to that. The properties raise
    `ValueError` where it is not.
    """

    spec: Spec
    backend: Backend
    seed: int
    point: Mapping[str, float]
    zero: tuple[str, ...]
    path: tuple[Hamiltonian, ...] = ()
    share: Share = WHOLE
    specs: tuple[Spec, ...] = ()
    drawn_at: Mapping[str, float] | None = None
    quick: bool = False

    @property
    def flow(self) -> FlowOfSpec:
        """The scheme or method that is asked for."""
        return _there(self.spec.flow, "flow")

    @property
    def ladder(self) -> Axis | None:
        """The parameter whose values are run at once; None without one."""
        return next((axis for axis in self.spec.scan if axis.tempered), None)

    @property
    def options(self) -> Options:
        """The options of the scheme or method."""
        return Options(self.flow.options)

    @property
    def span(self) -> Span | None:
        """Where the scheme or method is named, for messages."""
        return self.flow.span

    @property
    def hamiltonian(self) -> Hamiltonian:
        return _there(self.spec.hamiltonian, "hamiltonian")

    @property
    def lattice(self) -> Geometry:
        return cast(Geometry, _there(self.spec.lattice, "lattice"))

    @property
    def crystal(self) -> Lattice:
        """The lattice, which has unit cells."""
        if not isinstance(self.lattice, Lattice):
            raise ValueError(f"the lattice is {type(self.lattice).__name__}, without unit cells")
        return self.lattice

    @property
    def stack(self) -> Stack:
        return _there(self.spec.stack, "stack")

    @property
    def species(self) -> tuple[Species, ...]:
        return self.spec.species

    @property
    def blocks(self) -> tuple[Block, ...]:
        return self.spec.blocks


def _there(section: T | None, name: str) -> T:
    if section is None:
        raise ValueError(f"the spec has no section '{name}'")
    return section


Maker = Callable[[Request], Flow]
"""Makes the flow of a scheme or of a method. Raises `SpecError` for what it cannot do."""
