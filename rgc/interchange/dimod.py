"""Binary quadratic models of dimod, and polynomials in the same rows, as specs on a graph.

The energy of dimod is E = sum_i h_i s_i + sum_(i<j) J_ij s_i s_j + offset, of spins or of bits; the
Hamiltonian is E times `beta`. Its formats are those of dimod 0.12: `dimod.serialization.coo`, the
dictionary of `BinaryQuadraticModel.to_serializable`, and the bytes of `to_file`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import numpy as np

from rgc.interchange.foreign import Foreign, content, refused
from rgc.model.graphs import MOST_SITES
from rgc.syntax.strings import quote

MAGIC = b"DIMODBQM"
OTHERS = {b"DIMODQM": "quadratic model", b"DIMODDQM": "discrete quadratic model"}
"""Other files of dimod, by how they begin."""

SPINS = {"SPIN": "ising", "BINARY": "binary"}
INTEGERS = {"int8", "int16", "int32", "int64", "uint16", "uint32", "uint64"}
FLOATS = {"float32", "float64"}


@dataclass(slots=True)
class Polynomial:
    """A sum of products of variables, by the variables of each. `labels` are their names."""

    vartype: str
    terms: dict[tuple[int, ...], float] = field(default_factory=dict)
    labels: list[Any] = field(default_factory=list)
    offset: float = 0.0

    def add(self, variables: Iterable[int], bias: float) -> None:
        """Add a product. A variable that stands in it twice is 1 as a spin, itself as a bit."""
        if not isfinite(bias):
            raise refused(f"a bias is {bias}, which is no finite number")
        given = sorted(variables)
        if self.vartype == "SPIN":
            kept = tuple(v for v in sorted(set(given)) if given.count(v) % 2)
        else:
            kept = tuple(sorted(set(given)))
        if kept:
            self.terms[kept] = self.terms.get(kept, 0.0) + bias
        else:
            self.offset += bias


def read_dimod(path: Path, stem: str) -> Foreign:
    """The model in a file, as a spec whose tables have names that begin with `stem`.

    Raises `SpecError` (foreign-model) for what is no such model, and for one that no graph holds.
    """
    data = content(path)
    if path.suffix == ".bqm":
        found = from_file(data, path.name)
    else:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            raise refused(f"'{path.name}' is no text") from None
        reader = from_serializable if path.suffix == ".json" else from_rows
        found = reader(text, path.name)
    return _spec(found, path.name, stem)


def from_rows(text: str, name: str) -> Polynomial:
    """Rows of variables and a bias, `0 1 0.5`; a variable with itself is a linear term."""
    comments = [line for line in text.splitlines() if line.lstrip().startswith("#")]
    said = [line.partition("vartype=")[2].strip() for line in comments if "vartype=" in line]
    if len(set(said)) != 1 or said[0] not in SPINS:
        has = f"says vartype={said[0]}" if said else "does not say what its variables are"
        raise refused(f"'{name}' {has}", "begin it with # vartype=SPIN or # vartype=BINARY")
    found = Polynomial(said[0])
    most = -1
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            variables, bias = [int(word) for word in words[:-1]], float(words[-1])
        except ValueError:
            raise refused(f"'{name}', line {number}: no row of variables and a bias") from None
        if not variables or min(variables) < 0:
            raise refused(f"'{name}', line {number}: variables are numbers from 0")
        most = max(most, *variables)
        linear = len(variables) == 2 and variables[0] == variables[1]
        found.add(variables[:1] if linear else variables, bias)
    found.labels = list(range(min(most + 1, MOST_SITES)))
    return found


def from_serializable(text: str, name: str) -> Polynomial:
    """The dictionary of `to_serializable`."""
    try:
        said = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        raise refused(f"'{name}' is no JSON") from None
    kind = said.get("type") if isinstance(said, dict) else None
    if kind != "BinaryQuadraticModel":
        raise refused(f"'{name}' holds {kind or 'no model'}, and not a BinaryQuadraticModel")
    if said.get("use_bytes"):
        raise refused(
            f"the numbers of '{name}' are bytes", "write to_serializable(use_bytes=False)"
        )
    try:
        found = Polynomial(_vartype(said["variable_type"]), labels=list(said["variable_labels"]))
        found.offset = float(said["offset"])
        for variable, bias in enumerate(said["linear_biases"]):
            found.add([variable], float(bias))
        names = ("quadratic_head", "quadratic_tail", "quadratic_biases")
        for one, other, bias in zip(*(said[each] for each in names), strict=True):
            found.add([int(one), int(other)], float(bias))
    except (KeyError, TypeError, ValueError) as error:
        raise refused(f"'{name}' is no dictionary of to_serializable: {error}") from None
    return found


def from_file(data: bytes, name: str) -> Polynomial:
    """The bytes of `to_file`, in version 1 or 2 of the format."""
    if not data.startswith(MAGIC):
        other = next((what for magic, what in OTHERS.items() if data.startswith(magic)), None)
        other = "constrained quadratic model" if data.startswith(b"PK") else other
        raise refused(f"'{name}' is {f'a {other}' if other else 'no file of dimod'}")
    try:
        version, length = data[len(MAGIC)], int.from_bytes(data[10:14], "little")
        header = json.loads(data[14 : 14 + length])
        kinds = [np.dtype(_known(header[key], INTEGERS)) for key in ("ntype", "itype")]
        bias = np.dtype(_known(header["dtype"], FLOATS))
        variables, pairs = map(int, header["shape"])
        at = 14 + length
        (offset,) = np.frombuffer(data, bias, 1, at)
        at += bias.itemsize
        linear = np.frombuffer(data, [("first", kinds[0]), ("bias", bias)], variables, at)
        at += linear.nbytes
        quadratic = np.frombuffer(data, [("other", kinds[1]), ("bias", bias)], 2 * pairs, at)
        at += quadratic.nbytes
        labels: list[Any] = list(range(variables))
        if version == 1:
            labels = list(header["variables"])
        elif header["variables"]:
            size = int.from_bytes(data[at + 4 : at + 8], "little")
            labels = list(json.loads(data[at + 8 : at + 8 + size]))
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise refused(f"'{name}' is damaged: {error}") from None
    found = Polynomial(_vartype(header.get("vartype")), labels=labels, offset=float(offset))
    ends = [*linear["first"][1:].tolist(), 2 * pairs]
    for k, (first, own) in enumerate(linear.tolist()):
        found.add([k], own)
        for other, each in quadratic[first : ends[k]].tolist():
            if other < k:  # a pair stands with both of its variables
                found.add([k, other], each)
    return found


def _known(kind: Any, kinds: set[str]) -> str:
    if kind not in kinds:
        raise ValueError(f"{kind!r} is no type of numbers")
    return str(kind)


def _vartype(said: Any) -> str:
    if said not in SPINS:
        raise refused(f"variables of the type {said}", "spins (SPIN) and bits (BINARY) are known")
    return str(said)


# -- the spec --------------------------------------------------------------------------------------


def _spec(found: Polynomial, title: str, stem: str) -> Foreign:
    joined = {term: bias for term, bias in found.terms.items() if len(term) > 1}
    sizes = sorted({len(term) for term in joined})
    if not sizes:
        raise refused(f"no term of '{title}' joins variables")
    most = max(v for term in found.terms for v in term)
    if most >= min(len(found.labels), MOST_SITES):
        known = min(len(found.labels), MOST_SITES)
        raise refused(f"'{title}' has a variable {most}; those of this file are 0 to {known - 1}")
    number = _order(found, joined)
    spin, tables = "s", {f"{stem}_edges.csv": _edges(joined, number, sizes[-1])}
    fields = {number[v]: bias for (v, *rest), bias in found.terms.items() if not rest and bias}
    given = f", field = file({quote(f'{stem}_fields.csv')})" if fields else ""
    lines = [
        f"title {quote(title)}",
        f"parameters {{ beta = 1{given} }}",
        f"lattice graph({quote(f'{stem}_edges.csv')})",
        f"spins {spin}: {SPINS[found.vartype]}",
        "hamiltonian",
        "  + beta * sum(<i,j>) bias[i,j]*s[i]*s[j]"
        if sizes == [2]
        else "  + beta * sum(e in edges) bias[e] * prod(i in e) s[i]",
    ]
    if fields:
        lines.append("  + beta * sum(i) field[i]*s[i]")
        column = (repr(fields.get(k, 0.0)) for k in range(len(number)))
        tables[f"{stem}_fields.csv"] = "\n".join(column) + "\n"
    lines += ["flow sample(sweeps=1000)", "measure { energy }"]
    notes = []
    if found.offset:
        notes.append(f"the offset {found.offset!r} is left out: it is the same in every state")
    if any(number[v] != label for v, label in enumerate(found.labels)):
        rows = (f"{number[v]},{json.dumps(label)}" for v, label in enumerate(found.labels))
        tables[f"{stem}_sites.csv"] = "site,variable\n" + "\n".join(rows) + "\n"
        notes.append(f"{stem}_sites.csv says which site each variable is")
    return Foreign("\n".join(lines) + "\n", tables, tuple(notes))


def _order(found: Polynomial, joined: Mapping[tuple[int, ...], float]) -> list[int]:
    """The site of each variable: their order, but that the last site has an edge, by which a graph
    knows how many sites there are."""
    last = max(v for term in joined for v in term)
    order = [*(v for v in range(len(found.labels)) if v != last), last]
    sites = {v: site for site, v in enumerate(order)}
    return [sites[v] for v in range(len(order))]


def _edges(joined: Mapping[tuple[int, ...], float], number: list[int], size: int) -> str:
    if size > len(ascii_lowercase):
        raise refused(f"a term joins {size} variables, and an edge at most {len(ascii_lowercase)}")
    rows = [",".join([*ascii_lowercase[:size], "bias"])]
    for term, bias in joined.items():
        sites = [str(number[v]) for v in term]
        rows.append(",".join([*sites, *[""] * (size - len(sites)), repr(bias)]))
    return "\n".join(rows) + "\n"
