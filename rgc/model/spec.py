"""A whole spec at one point of its parameters, on which passes, lowering and flows work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rgc.language.values import Value
from rgc.model.block import Block
from rgc.model.draw import Distribution, Given, Written
from rgc.model.expressions import Expression, written
from rgc.model.graphs import Column
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Geometry
from rgc.model.spins import Species
from rgc.model.target import ExpectedValue, Target
from rgc.syntax import ast
from rgc.text import Span

if TYPE_CHECKING:  # parts that few specs have
    from rgc.model.claim import Claim
    from rgc.model.data import Data
    from rgc.model.map import FlowMap
    from rgc.model.observables import Observable
    from rgc.model.stack import Stack


STAND_IN = 0.5
"""The value with which a parameter is checked that another spec will answer: no integer, so that no
size depends on it, and a probability.
"""


@dataclass(frozen=True, slots=True)
class FlowOfSpec:
    """The scheme to run and its options, with the defaults that `rgc.schemes` fills in."""

    scheme: str
    options: Mapping[str, Value]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Axis:
    """One entry of `scan`: a parameter and its values. Along a `tempered` one, which the update of
    the flow names, replicas are exchanged, so that all its values are run at once.
    """

    name: str
    values: tuple[float, ...]
    tempered: bool = False


def same_value(one: float, other: object) -> bool:
    """Whether a selector such as `K=0.44` chooses a value of a scan, up to rounding."""
    return isinstance(other, int | float) and abs(one - other) <= 1e-9 * max(1.0, abs(one))


@dataclass(frozen=True, slots=True)
class Method:
    """One way to the free energy, as in `free_energy(methods=[trg(16), integrate(K=0:0.4:9)])`,
    with its options, defaults filled in.

    `path`: of a method that runs along a parameter, the Hamiltonian at each of its values.
    """

    name: str
    options: Mapping[str, Value] = field(default_factory=dict)
    path: tuple[Hamiltonian, ...] = field(default=(), repr=False)
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def label(self) -> str:
        """What results call it: `transfer`, `trg(16)`, `integrate(K)`."""
        lists = [name for name, value in self.options.items() if isinstance(value, tuple)]
        shown = [str(value) for name, value in self.options.items() if name == "chi"] + lists
        return f"{self.name}({', '.join(shown)})" if shown else self.name


@dataclass(frozen=True, slots=True)
class Measure:
    """One entry of `measure`: the `methods` of a free energy, a number of a finished scan, or else
    an observable. Behind those of the section stand the built-in measures that measures of the scan
    ask for besides.

    `of_scan` is an expression whose leaves are `ScanMeasure`, `of_runs` one whose leaves are
    `RunAnswer`. `observable` is None besides where no configuration of the spec can be written
    down, so that no flow measures it.
    """

    name: str
    observable: Observable | None = None
    of_scan: Expression | None = None
    of_runs: Expression | None = None
    methods: tuple[Method, ...] = ()

    def __str__(self) -> str:
        made = self.of_scan or self.of_runs
        if made is not None:
            return f"{self.name} = {written(made)}"
        return str(self.observable) if self.observable is not None else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenAnswer:
    """A parameter that is the answer of another spec, as in `K = from "binder.rgc" K_c`.

    `path` is the other spec as written, `file` where it lies, and `spec` its physics.
    """

    name: str
    path: str
    file: Path
    target: Target
    spec: Spec = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of another spec.

    - `path` is the spec as written, `file` where it lies.
    - `settings` and `scan` replace parameters and values of its scan, as on the command line.
    - `spec` is its physics with these.
    """

    name: str
    path: str
    file: Path
    settings: tuple[ast.Entry, ...] = ()
    scan: tuple[ast.Entry, ...] = ()
    spec: Spec = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Spec:
    """The physics of a spec at one point of its parameters.

    `parameters` holds every evaluated scalar, `draws` the couplings that are drawn and
    `given` those that files hold. `taken` are the
    parameters that other specs answer; their value is `STAND_IN` until these have run. `runs` are
    those of a study, which has no physics of its own, and `claim` what they decide about.
    `document` is the syntax tree it came from, includes merged, for those who write specs and check
    this one. Flows do not look into it.
    """

    title: str
    document: ast.Document
    parameters: Mapping[str, float] = field(default_factory=dict)
    about: str = ""
    lattice: Geometry | None = None
    species: tuple[Species, ...] = ()
    hamiltonian: Hamiltonian | None = None
    draws: Mapping[str, Distribution] = field(default_factory=dict)
    given: Mapping[str, Given | Written | Column] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    flow: FlowOfSpec | None = None
    scan: tuple[Axis, ...] = ()
    measures: tuple[Measure, ...] = ()
    expectations: tuple[ExpectedValue, ...] = ()
    data: Data | None = None
    stack: Stack | None = None
    map: tuple[FlowMap, ...] = ()
    taken: tuple[TakenAnswer, ...] = ()
    runs: tuple[Run, ...] = ()
    claim: Claim | None = None

    def place(self, section: str) -> Span | None:
        """Where a section stands in the document; None without the section."""
        return self.document.place(section)
