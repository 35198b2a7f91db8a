"""A renormalised Hamiltonian as a spec of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

from rgc.ast_to_model.scope import names
from rgc.errors import Problem, SpecError
from rgc.model.lattice import Lattice
from rgc.passes.write_sum import free_name, sum_text
from rgc.syntax import ast
from rgc.syntax.parse import parse
from rgc.syntax.print import print_text
from rgc.syntax.strings import quote
from rgc.text import Source

if TYPE_CHECKING:
    from rgc.model.hamiltonian import Term
    from rgc.model.spec import Spec
    from rgc.results.result import Level, Result

CONSTANT = "constant_"
"""The parameter that holds the constant per site of an emitted spec, where nothing else has that
name.
"""

ROUNDING = 1e-14
"""Couplings that the spec does not name are left out below this share of the largest one."""

KEPT = ("spins", "block", "flow", "measure", "stack", "data", "map")


def emit(spec: Spec, result: Result, level: int | None = None) -> str:
    """The spec, in the text spelling, whose Hamiltonian is that of a level.

    If `number` is None, the level is the last one that has couplings. Couplings keep their own
    names. The accumulated constant is a term without spins, so that free energies of the emitted
    spec are those of the original per site of its own lattice. Raises `SpecError` where the level
    has no couplings, or where they are no terms of the language.
    """
    refuse_supercells(spec)
    chosen = _level(result, level)
    largest = max(abs(coupling.value or 0.0) for coupling in chosen.couplings.values())
    values = {
        name: coupling.value
        for name, coupling in chosen.couplings.items()
        if abs(coupling.value or 0.0) > ROUNDING * largest or name in _names(spec)
    }
    taken = _elsewhere(spec)
    called: dict[str, str] = {}
    for name in values:
        others = taken | {*called.values(), *values} - {name}
        called[name] = free_name(name, others) if name in result.terms else name
    lines = [
        f"  {sign} {called[name]} * {text}" for name, sign, text in _terms(spec, result, values)
    ]
    renamed = {called[name]: value for name, value in values.items()}
    constant = chosen.observables.get("constant")
    if constant is not None and constant.value:
        label = free_name(CONSTANT, taken | renamed.keys())
        renamed[label] = constant.value * _shrinking(spec, result, chosen)
        lines.append(f"  + {sum_text([(1.0, ())], spec)}{label}")
    kept = {
        option: [called[name] for name in listed if name in called]
        for option, listed in result.kept.items()
    }
    return _document(spec, chosen, renamed, lines, kept)


def refuse_supercells(spec: Spec) -> None:
    """Raise `SpecError` for a lattice whose cells are larger than those of the spec, since terms of
    its letters cannot be written on that of the spec.
    """
    if isinstance(spec.lattice, Lattice) and spec.lattice.supercell is not None:
        message = (
            "couplings of single sublattices are sums over the sites of a letter, and the lattice "
            "of this spec has one letter for all of them"
        )
        hint = (
            "write it as crystal(vectors=..., basis=...) whose letters are the sublattices, and "
            "cell=[...] of the block with a list for each letter"
        )
        raise SpecError([Problem("nothing-to-emit", message, spec.place("lattice"), hint=hint)])


def _elsewhere(spec: Spec) -> set[str]:
    """The names of spins, and those that the sections use which an emitted spec keeps."""
    kept = (section for section in spec.document.sections if section.name in (*KEPT, "lattice"))
    used = {name for section in kept for name, _ in names(section)}
    return used | {species.name for species in spec.species}


def _level(result: Result, number: int | None) -> Level:
    levels = [
        level
        for level in result.levels
        if level.couplings and all(c.value is not None for c in level.couplings.values())
    ]
    if number is not None:
        levels = [level for level in levels if level.level == number]
    if not levels:
        what = "no level" if number is None else f"no level {number}"
        message = f"the flow has {what} with couplings, so that there is no Hamiltonian to write"
        hint = "schemes such as enumerate, migdal_kadanoff and lower_bound renormalise couplings"
        raise SpecError([Problem("nothing-to-emit", message, hint=hint)])
    return levels[-1]


def _names(spec: Spec) -> tuple[str, ...]:
    return tuple(term.name for term in spec.hamiltonian.terms) if spec.hamiltonian else ()


def _terms(
    spec: Spec, result: Result, values: Mapping[str, float | None]
) -> Iterator[tuple[str, str, str]]:
    """Name, sign and sum of every coupling."""
    own = {term.name: term for term in spec.hamiltonian.terms} if spec.hamiltonian else {}
    for name in values:
        if name in result.terms:
            yield name, "-", result.terms[name]
        elif name in own:
            yield name, "-" if own[name].sign < 0 else "+", _own(own[name], spec)
        else:
            message = f"the coupling '{name}' has no term in the language"
            raise SpecError([Problem("nothing-to-emit", message)])


def _own(term: Term, spec: Spec) -> str:
    """The sum of a term.

    It is written as in the spec where a parameter alone stands before it, and for alphabets without
    products. Otherwise its products are written out.
    """
    if not term.tables and term.name not in spec.parameters:
        return sum_text(term.products, spec)
    if term.span is None:
        raise SpecError(
            [Problem("nothing-to-emit", f"the term '{term.name}' was not read from a text")]
        )
    return " ".join(term.span.text.split())


def _shrinking(spec: Spec, result: Result, level: Level) -> float:
    """The number of sites of level 0 for one site of this level."""
    if level.shape:
        return prod(result.levels[0].shape) / prod(level.shape)
    per_step = result.provenance.get("sites_per_step", 1.0)
    return float(per_step) ** level.level


def _document(
    spec: Spec,
    level: Level,
    values: Mapping[str, float | None],
    terms: Sequence[str],
    listed: Mapping[str, Sequence[str]],
) -> str:
    kept = [section for section in spec.document.sections if section.name in KEPT]
    lattice = spec.document.section("lattice")
    body = "hamiltonian\n" + "\n".join(terms) + "\n"
    new = parse(Source("<emitted>", f"title {quote(_title(spec, level))}\n{body}"))
    sections = {section.name: section for section in (*new.sections, *kept)}
    if lattice is not None and not isinstance(lattice.body, str | tuple):
        sections["lattice"] = replace(lattice, body=_resized(lattice.body, level))
    if listed and "flow" in sections:
        sections["flow"] = _with_options(sections["flow"], listed)
    sections["parameters"] = _parameters(spec, values, list(sections.values()))
    first = [
        name
        for name in ("title", "parameters", "lattice", "spins", "hamiltonian")
        if name in sections
    ]
    order = [*first, *(name for name in sections if name not in first)]
    return print_text(ast.Document(tuple(sections[name] for name in order)))


def _with_options(section: ast.Section, listed: Mapping[str, Sequence[str]]) -> ast.Section:
    """The flow with options that list couplings."""
    body = section.body
    call = ast.Call(body.name, (), ()) if isinstance(body, ast.Name) else body
    if not isinstance(call, ast.Call):
        return section
    others = tuple(option for option in call.options if option.name not in listed)
    lists = tuple(
        ast.Option(option, ast.List(tuple(map(ast.Name, names))))
        for option, names in listed.items()
    )
    return replace(section, body=replace(call, options=(*others, *lists)))


def _title(spec: Spec, level: Level) -> str:
    return f"{spec.title or 'renormalised Hamiltonian'}: level {level.level}"


def _resized(body: ast.Expr, level: Level) -> ast.Expr:
    if not level.shape or not isinstance(body, ast.Call):
        return body
    sizes = level.shape if len(set(level.shape)) > 1 else level.shape[:1]
    options = tuple(option for option in body.options if option.name != "size")
    return replace(body, arguments=tuple(ast.Number(str(n)) for n in sizes), options=options)


def _parameters(
    spec: Spec, values: Mapping[str, float | None], sections: Sequence[ast.Section]
) -> ast.Section:
    """The couplings at their values, and the parameters that other sections still name."""
    used = {name for section in sections for name, _ in names(section)}
    entries = []
    section = spec.document.section("parameters")
    for entry in section.body if section is not None and isinstance(section.body, tuple) else ():
        if isinstance(entry, ast.Entry) and isinstance(entry.target, ast.Name):
            name = entry.target.name
            if name in used and name not in values:
                entries.append(entry)
    entries += [
        ast.Entry(ast.Name(name), "=", _number(value or 0.0)) for name, value in values.items()
    ]
    return ast.Section("parameters", tuple(entries))


def _number(value: float) -> ast.Expr:
    return ast.Negate(ast.Number(repr(-value))) if value < 0 else ast.Number(repr(value))
