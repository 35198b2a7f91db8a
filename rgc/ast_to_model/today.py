"""What can be checked and printed today but not yet run: refused by the compiler, in one place."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.ast_to_model.options import listing
from rgc.ast_to_model.scope import names
from rgc.errors import Problem, SpecError
from rgc.model.lattice import Lattice
from rgc.model.schemes import LATER_UPDATES, SCHEMES, Ready
from rgc.model.spec import CallValue, Spec
from rgc.model.vocabulary import MEASURES, SCAN_MEASURES
from rgc.syntax import ast
from rgc.text import Span

OF_SCAN = ("crossing", "extremum")


def refuse_later(spec: Spec) -> None:
    """Raise `SpecError` for a spec that checks but cannot be run by this version, with every reason."""
    problems = tuple(_reasons(spec))
    if problems:
        raise SpecError(problems)


def _reasons(spec: Spec) -> Iterator[Problem]:
    if spec.flow is None:
        hint = "add a flow, such as: flow sample()"
        yield Problem("not-yet", "this spec has no flow, and measuring without one comes later", hint=hint)
        return
    ready = SCHEMES[spec.flow.scheme].ready
    if ready is None:
        today = listing([name for name, scheme in SCHEMES.items() if scheme.runs])
        message = f"the scheme '{spec.flow.scheme}' comes later: it is checked but cannot be run yet"
        yield Problem("not-yet", message, spec.flow.span, hint=f"{today} run today")
        return
    yield from _physics(spec, ready)
    update = spec.flow.options.get("update")
    name = update.name if isinstance(update, CallValue) else update
    if name in LATER_UPDATES:
        hint = "update=auto chooses between metropolis and heat_bath"
        yield Problem("not-yet", f"the update '{name}' comes later", spec.flow.span, hint=hint)
    random = any(term.inhomogeneous for term in spec.hamiltonian.terms) if spec.hamiltonian else False
    if (random or "disorder" in spec.flow.options) and not ready.disorder:
        message = "couplings that differ from place to place come later"
        yield Problem("not-yet", message, _place(spec, "hamiltonian"))
    yield from _measures(spec, ready)


def _measures(spec: Spec, ready: Ready) -> Iterator[Problem]:
    """Built-in measures, bare or inside others, that sampling does not give yet, each at its place."""
    section = spec.document.section("measure")
    body = section.body if section is not None and isinstance(section.body, tuple) else ()
    entries = [entry for entry in body if isinstance(entry, ast.Entry)]
    own = {
        entry.target.name for entry in entries if entry.op is not None and isinstance(entry.target, ast.Name)
    }
    later = {*MEASURES, *SCAN_MEASURES} - {*ready.measures, *OF_SCAN, *own, *spec.parameters}
    hint = f"{listing(ready.measures)} run today, and of a scan {listing(OF_SCAN)}" if ready.measures else ""
    for entry in entries:
        expr = entry.target if entry.op is None else entry.value
        for name, span in names(expr) if expr is not None else ():
            if name in later:
                yield Problem("not-yet", f"the measure '{name}' comes later", span, hint=hint)


def _physics(spec: Spec, ready: Ready) -> Iterator[Problem]:
    kind = "crystal" if isinstance(spec.lattice, Lattice) else type(spec.lattice).__name__.lower()
    if spec.lattice is not None and kind not in ready.lattices:
        message = f"{kind} lattices come later for this scheme"
        yield Problem("not-yet", message, _place(spec, "lattice"))
    for species in spec.species:
        if species.alphabet not in ready.alphabets:
            message = f"{species.alphabet} spins come later for this scheme"
            hint = f"{listing(ready.alphabets)} spins run today"
            yield Problem("not-yet", message, _place(spec, "spins"), hint=hint)
    for block in spec.blocks if spec.flow is not None and SCHEMES[spec.flow.scheme].rules else ():
        if block.rule not in ready.rules or (block.free and not ready.free):
            what = "p=free" if block.free else f"the block map '{block.rule}'"
            hint = f"{listing(ready.rules)} run today"
            yield Problem("not-yet", f"{what} comes later for this scheme", _place(spec, "block"), hint=hint)


def _place(spec: Spec, name: str) -> Span | None:
    section = spec.document.section(name)
    if section is None:
        return None
    return section.body.span if isinstance(section.body, ast.Node) else section.name_span
