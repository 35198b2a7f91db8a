"""The methods of `free_energy(methods=[...])`.

A row says what a method cannot work with, what of it runs, and where its flow is made. What may be
written in its call stands in `METHODS` of `rgc.language.measures`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from rgc.errors import Problem
from rgc.language.measures import METHODS
from rgc.language.signatures import Signature
from rgc.language.values import Value
from rgc.model.spec import Method, Spec
from rgc.model.target import Bound
from rgc.schemes import hotrg, lower_bound, trg
from rgc.schemes.cost import CostOf
from rgc.schemes.costs import coupling_maps, enumeration, methods, tensors
from rgc.schemes.needs import free_energies as needs
from rgc.schemes.needs import paths
from rgc.schemes.scheme import Scheme

MethodLimit = Callable[[Spec, Method], Iterator[Problem]]
"""A function that finds what a method cannot work with.

It is called for a spec whose Hamiltonian, lattice and spins could be read.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeEnergyMethod:
    """A method of a free energy.

    - `call` is how it is written.
    - `cost` finds beforehand what it takes, for the spec and its options with their defaults.
    - `maker` is where its flow is made, `module:function`: a function from
      `rgc.flows.request.Request` to a flow whose first free energy is that of the method. It is
      empty, and `cost` None, where the method is checked and printed only.
    - `limits` find what it cannot work with.
    - `sizes` are the numbers of cells along each axis that are tried for the small instance on
      which its cost is checked. The first that it takes is used.
    - `scheme` is the scheme that does the work, whose other options have their defaults.
    - `bound` says on which side of F its number lies, where that is certain.
    - `answers` are measures that it finds besides. They stand in the result as `energy[onsager]`.
    """

    call: Signature
    maker: str = ""
    cost: CostOf | None = None
    limits: tuple[MethodLimit, ...] = ()
    sizes: tuple[int, ...] = ()
    scheme: Scheme | None = None
    bound: Bound | None = None
    answers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.runs == (self.cost is None):
            raise ValueError(f"'{self.call.name}': what runs has a cost, and nothing else has one")

    @property
    def runs(self) -> bool:
        """Whether it can be run today."""
        return bool(self.maker)

    def complete(self, options: Mapping[str, Value], spec: Spec) -> Mapping[str, Value]:
        """The options with those of the scheme that does the work."""
        return options if self.scheme is None else self.scheme.complete(options, spec)


_ROWS = (
    FreeEnergyMethod(
        call=METHODS["enumerate"],
        maker="rgc.flows.free_energies.count_states:make_count_states",
        cost=enumeration.count_states,
        limits=(needs.visited_states,),
        sizes=(3, 2),
    ),
    FreeEnergyMethod(
        call=METHODS["transfer"],
        maker="rgc.flows.free_energies.transfer:make_transfer",
        cost=methods.transfer,
        limits=(needs.layers,),
        sizes=(4, 3, 2),
    ),
    FreeEnergyMethod(
        call=METHODS["onsager"],
        maker="rgc.flows.free_energies.closed_form:make_onsager",
        cost=methods.closed_form,
        limits=(needs.plane,),
        answers=("energy", "m"),
    ),
    FreeEnergyMethod(
        call=METHODS["kaufman"],
        maker="rgc.flows.free_energies.closed_form:make_kaufman",
        cost=methods.closed_form,
        limits=(needs.torus,),
        answers=("energy",),
    ),
    FreeEnergyMethod(
        call=METHODS["trg"],
        maker="rgc.flows.tensors.trg:make_trg_free_energy",
        cost=tensors.trg,
        limits=(needs.square_bonds,),
        sizes=(8, 4, 2),
        scheme=trg.SCHEME,
    ),
    FreeEnergyMethod(
        call=METHODS["hotrg"],
        maker="rgc.flows.tensors.hotrg:make_hotrg_free_energy",
        cost=tensors.hotrg,
        limits=(needs.square_bonds,),
        sizes=(8, 4, 2),
        scheme=hotrg.SCHEME,
    ),
    FreeEnergyMethod(
        call=METHODS["mean_field"],
        bound="upper bound",
        maker="rgc.flows.free_energies.mean_field:make_mean_field",
        cost=methods.mean_field,
        limits=(needs.independent_spins,),
        sizes=(6, 4, 3),
    ),
    FreeEnergyMethod(  # it wants equal lengths, so that no instance is twice as long along one axis
        call=METHODS["lower_bound"],
        bound=lower_bound.SCHEME.bound,
        maker="rgc.flows.free_energies.tightest_bound:make_tightest_bound",
        cost=coupling_maps.lower_bound,
        limits=(needs.moved_potentials,),
    ),
    FreeEnergyMethod(call=METHODS["ais"]),
    FreeEnergyMethod(  # it would have to sample again for each size
        call=METHODS["integrate"],
        maker="rgc.flows.free_energies.integrate:make_integrate",
        cost=methods.integrate,
        limits=(paths.one_path, paths.sampled, needs.few_states),
    ),
)

FREE_ENERGIES: Mapping[str, FreeEnergyMethod] = {row.call.name: row for row in _ROWS}
"""The methods by name."""
