"""What is known about a scheme: the record that each file of this folder fills in.

The records here are plain data, and so is what a limit receives, because this package stands below
the front end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import Any, Literal

from rgc.errors import Problem, SpecError
from rgc.language.signatures import Signature
from rgc.language.values import Value
from rgc.model.options import Options
from rgc.model.spec import Spec
from rgc.model.target import Bound
from rgc.schemes.checks import Check
from rgc.schemes.cost import CostOf, SharesOf
from rgc.syntax import ast
from rgc.text import Span

ALWAYS = ("title", "about", "include", "parameters", "flow", "scan", "measure", "expect")
"""The sections that every scheme uses."""

EXAMPLES = {
    "lattice": "square(64)",
    "spins": "s: ising",
    "hamiltonian": "- K * sum(<i,j>) s[i]*s[j]",
    "block": "majority(2)",
    "data": "samples(20000)",
    "stack": "{ rbm(hidden=16, train=cd()) }",
    "map": "recursion(K = log(cosh(2*K))/2, scale=2)",
}
"""What a section may hold, for hints. A scheme that this does not suit has its own examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a spec asks of its scheme: all that a limit can look at.

    - `spec` is the physics as far as it could be read; a section that could not be read stands in
      `failed`.
    - `options` are the options in force: as written, or by default. An option with an error is
      missing.
    - `places` are the options that were written, as they were written.
    - `where` is the place of the name of the scheme, and `sections` the places of the sections that
      the spec has.
    - `lattice` is the word that the spec calls its lattice by, `spins` the places where its species
      are declared.
    - `maps` are the rules of its block maps as written, each with its place.
    - `parameters` are the names of its parameters.
    """

    scheme: Scheme
    spec: Spec
    options: Mapping[str, Value] = field(default_factory=dict)
    places: Mapping[str, ast.Expr] = field(default_factory=dict)
    where: Span | None = None
    sections: Mapping[str, Span | None] = field(default_factory=dict)
    lattice: str = ""
    spins: Mapping[str, Span | None] = field(default_factory=dict)
    parameters: frozenset[str] = frozenset()
    maps: tuple[tuple[str, Span | None], ...] = ()
    failed: frozenset[str] = frozenset()

    def read(self, *sections: str) -> bool:
        """Whether none of these sections holds an error."""
        return not self.failed.intersection(sections)

    def place(self, option: str) -> Span | None:
        """Where an option stands, or the name of the scheme where the option was not written."""
        return self.places[option].span if option in self.places else self.where

    def section(self, name: str) -> Span | None:
        """Where a section stands; None where the spec lacks it."""
        return self.sections.get(name)


Limit = Callable[[Asked], Iterable[Problem]]
"""A function that finds what a scheme cannot work with, with the place and the reason."""

Derived = Callable[[Spec, Mapping[str, Value]], Mapping[str, Value]]
"""A function from the spec and the options known so far to the defaults that depend on them."""


def nothing_derived(spec: Spec, options: Mapping[str, Value]) -> Mapping[str, Value]:
    """The derived defaults of a scheme all of whose defaults are constants."""
    return {}


@dataclass(frozen=True, slots=True)
class LatticeNeed:
    """What lattices a scheme runs on.

    `name` stands in the tables of the documentation, and the limit says so to the user.
    """

    name: str
    limit: Limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What of a scheme runs today; the rest is checked and printed.

    - `cost` finds beforehand what a run at one point takes.
    - `maker` is where its flow is made, `module:function`: a function from
      `rgc.flows.request.Request` to `rgc.flows.flow.Flow`.
    - `alphabets` are those of the spins, and `rules` those of block maps. With `free`, maps with a
      parameter that the scheme determines run too.
    - `measures` are built-in measures by name, `lattices` kinds of lattices, `maps` kinds of maps
      without spins, and `disorder` says whether couplings may be drawn.
    - `antiperiodic` says whether lattice programs run with antiperiodic boundaries.
    - `tempering` says whether replicas may be exchanged between the values of a parameter.
    - `shares` finds into how many shares a run at one point can be cut; None where it cannot be.
    - `kind` says what does the work: lattice programs, which sample the spins of the spec, dense
      programs, or functions of whole arrays.
    - `checks` are those of `rgc verify`; `small` are the options, as text, with which they run the
      scheme on a small instance.
    """

    maker: str
    cost: CostOf
    kind: Literal["programs", "dense", "arrays"]
    checks: tuple[Check, ...]
    shares: SharesOf | None = None
    alphabets: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    free: bool = False
    measures: tuple[str, ...] = ()
    lattices: tuple[Literal["crystal", "complete", "diamond", "graph"], ...] = ("crystal",)
    maps: tuple[str, ...] = ()
    disorder: bool = False
    antiperiodic: bool = False
    tempering: bool = False
    small: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme(Signature):
    """A scheme: its name and options as a `Signature`, and everything else that is known about it.

    - `needs` are the sections that it cannot do without, `uses` those that it can also use.
    - `lattice` is what it runs on, `alphabets` its spins (any where empty), `rules` its block maps
      (none where empty).
    - `limits` find everything else that it cannot work with.
    - `derived` gives the defaults that depend on the spec.
    - `answers` are what `expect` may name besides the measures of the spec. The words exponents,
      exchanges, couplings, operators (those of the basis), generated (couplings that block maps
      make) and fixed_point stand for one name each, and map for what the maps of the spec answer.
    - `bound` says on which side of F its free energy lies, where that is certain.
    - `ready` is what of it can be run today; it is None where the scheme is checked and printed
      only.
    - `examples` are what its sections may hold, for hints, where `EXAMPLES` does not suit it.
    - `template` is the spec that `rgc new` writes; it is empty where there is none.
    """

    lattice: LatticeNeed
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    alphabets: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    derived: Derived = nothing_derived
    answers: tuple[str, ...] = ()
    bound: Bound | None = None
    ready: Ready | None = None
    examples: Mapping[str, str] = field(default_factory=dict)
    template: str = ""

    @property
    def runs(self) -> bool:
        """Whether it can be run today."""
        return self.ready is not None

    @property
    def maker(self) -> Callable[..., Any]:
        """The function that makes its flow. Raises `SpecError` if the scheme does not run yet."""
        make: Callable[..., Any] = resolve_name(self._ready.maker)
        return make

    @property
    def cost(self) -> CostOf:
        """What a run takes. Raises `SpecError` if the scheme does not run yet."""
        return self._ready.cost

    def shares(self, spec: Spec, options: Options) -> int:
        """Into how many shares a run at one point can be cut, each a run by itself. Raises
        `SpecError` if the scheme does not run yet.
        """
        return 1 if self._ready.shares is None else self._ready.shares(spec, options)

    @property
    def _ready(self) -> Ready:
        if self.ready is None:
            raise SpecError([Problem("not-yet", f"the scheme '{self.name}' cannot be run yet")])
        return self.ready

    @property
    def sections(self) -> tuple[str, ...]:
        """Every section that the scheme makes use of."""
        return (*ALWAYS, *self.needs, *self.uses)

    def complete(self, options: Mapping[str, Value], spec: Spec) -> dict[str, Value]:
        """The options with their defaults, in the order of the fields."""
        known: dict[str, Any] = {**self.defaults, **options}
        known = {**self.derived(spec, known), **known}
        return {option.name: known[option.name] for option in self.fields if option.name in known}

    def example_of(self, section: str) -> str:
        """What a section that the scheme needs may hold, in the text spelling."""
        return {**EXAMPLES, **self.examples}[section]
