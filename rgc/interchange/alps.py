"""Lattices and models of the ALPS libraries as specs.

A lattice file holds LATTICEGRAPH elements, a unit cell on a finite lattice, and GRAPH elements,
edges one by one. A model file holds HAMILTONIAN elements, of which the parts that are diagonal in
Sz are those of classical spins: Sz is s/2 for local_S = 1/2, and s of spin-1 for local_S = 1.
The Hamiltonian is the energy times `beta`. Format: the ALPS project, "Lattices and Graphs" and
"Model definitions" of its documentation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, fromstring

from rgc.errors import listing
from rgc.interchange.alps_lattices import of_cells, of_graph
from rgc.interchange.alps_terms import Energy, Names
from rgc.interchange.foreign import Foreign, content, refused
from rgc.syntax.strings import quote


@dataclass(frozen=True, slots=True)
class Chosen:
    """`lattice` and `hamiltonian` are names of elements, None for the only one; `values` are the
    texts of parameters."""

    lattice: str | None = None
    hamiltonian: str | None = None
    values: Mapping[str, str] | None = None


def read_alps(path: Path, stem: str, chosen: Chosen, model: Path | None = None) -> Foreign:
    """The lattice in a file, with the Hamiltonian of a model file or else K on every bond.

    Raises `SpecError` (foreign-model) for what is no such file, names of elements that it lacks,
    parameters without a value, and what is not of classical spins.
    """
    library, names = _library(path), Names(chosen.values or {})
    kinds = ("LATTICEGRAPH", "GRAPH")
    graphs = [each for kind in kinds for each in library.iter(kind)]
    graph = _only(graphs, chosen.lattice, "lattice")
    hamiltonian = None
    if model is not None:
        found = list(_library(model).iter("HAMILTONIAN"))
        hamiltonian = _only(found, chosen.hamiltonian, "hamiltonian")
    energy = Energy(names, hamiltonian)
    tables: dict[str, str] = {}
    if graph.tag == "GRAPH":
        place, terms, tables = of_graph(graph, energy, stem)
    else:
        place, terms = of_cells(graph, library, names, energy)
    if not terms:
        raise refused(f"nothing of '{path.name}' is a term of the Hamiltonian")
    parameters = ", ".join(f"{name} = {value}" for name, value in names.used.items())
    lines = [
        f"title {quote(graph.get('name') or path.stem)}",
        f"parameters {{ beta = 1{', ' if parameters else ''}{parameters} }}",
        f"lattice {place}",
        f"spins s: {energy.spin}",
        "hamiltonian",
        *(f"  + beta * {term}" for term in terms),
        "flow sample(sweeps=1000)",
        "measure { energy }",
    ]
    return Foreign("\n".join(lines) + "\n", tables)


def _library(path: Path) -> Element:
    try:  # as text: bytes might say in an encoding of their own what is looked for here
        text = content(path).decode("utf-8")
    except UnicodeDecodeError:
        raise refused(f"'{path.name}' is no text in UTF-8") from None
    if "<!ENTITY" in text or "<!DOCTYPE" in text:
        raise refused(f"'{path.name}' defines entities, which are not read")
    try:
        return fromstring(text)  # noqa: S314  (without entities nothing can grow)
    except ParseError as error:
        raise refused(f"'{path.name}' is no XML: {error}") from None


def _only(found: Sequence[Element], name: str | None, what: str) -> Element:
    """The element of this name, or the only one."""
    named = [each for each in found if name is None or each.get("name") == name]
    if len(named) == 1:
        return named[0]
    names = [f"'{each.get('name')}'" for each in found if each.get("name")]
    if not found:
        raise refused(f"the file holds no {what}")
    if name is None:
        message = f"the file holds {len(found)} of them: {listing(names[:12])}"
        raise refused(message, f"choose one: --{what} {names[0] if names else 'NAME'}")
    raise refused(f"no {what} '{name}'; there are {listing(names[:12])}")
