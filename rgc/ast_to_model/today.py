"""What can be checked and printed today but not yet run: refused by the compiler, in one place."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.ast_to_model.scope import names
from rgc.errors import Problem, SpecError
from rgc.model.lattice import Lattice
from rgc.model.schemes import LATER_UPDATES, SCHEMES
from rgc.model.shapes import SAMPLED_BLOCKS
from rgc.model.spec import CallValue, Spec
from rgc.model.vocabulary import MEASURES, SCAN_MEASURES
from rgc.syntax import ast
from rgc.text import Span

ALPHABETS = ("ising", "binary")
MEASURED = (
    *("energy", "specific_heat", "m", "abs_m", "susceptibility", "binder"),
    *("correlation", "correlation_length"),
)
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
    if not SCHEMES[spec.flow.scheme].runs:
        ready = " and ".join(name for name, scheme in SCHEMES.items() if scheme.runs)
        message = f"the scheme '{spec.flow.scheme}' comes later: it is checked but cannot be run yet"
        yield Problem("not-yet", message, spec.flow.span, hint=f"{ready} run today")
        return
    yield from _physics(spec)
    update = spec.flow.options.get("update")
    name = update.name if isinstance(update, CallValue) else update
    if name in LATER_UPDATES:
        hint = "update=auto chooses between metropolis and heat_bath"
        yield Problem("not-yet", f"the update '{name}' comes later", spec.flow.span, hint=hint)
    random = any(term.inhomogeneous for term in spec.hamiltonian.terms) if spec.hamiltonian else False
    if random or "disorder" in spec.flow.options:
        message = "couplings that differ from place to place come later"
        yield Problem("not-yet", message, _place(spec, "hamiltonian"))
    yield from _measures(spec)


def _measures(spec: Spec) -> Iterator[Problem]:
    """Built-in measures, bare or inside others, that sampling does not give yet, each at its place."""
    section = spec.document.section("measure")
    body = section.body if section is not None and isinstance(section.body, tuple) else ()
    entries = [entry for entry in body if isinstance(entry, ast.Entry)]
    own = {
        entry.target.name for entry in entries if entry.op is not None and isinstance(entry.target, ast.Name)
    }
    later = {*MEASURES, *SCAN_MEASURES} - {*MEASURED, *OF_SCAN, *own, *spec.parameters}
    for entry in entries:
        expr = entry.target if entry.op is None else entry.value
        for name, span in names(expr) if expr is not None else ():
            if name in later:
                yield Problem("not-yet", f"the measure '{name}' comes later", span, hint=_WHAT_RUNS)


_WHAT_RUNS = f"{', '.join(MEASURED)}, and of a scan {' and '.join(OF_SCAN)} run today"


def _physics(spec: Spec) -> Iterator[Problem]:
    if not isinstance(spec.lattice, Lattice):
        message = "lattices without unit cells come later"
        yield Problem("not-yet", message, _place(spec, "lattice"))
    for species in spec.species:
        if species.alphabet not in ALPHABETS:
            message = f"{species.alphabet} spins come later"
            yield Problem("not-yet", message, _place(spec, "spins"), hint="ising and binary spins run today")
    for block in spec.blocks if spec.flow is not None and spec.flow.scheme == "mcrg" else ():
        if block.rule not in SAMPLED_BLOCKS or block.free:
            what = "p=free" if block.free else f"the block map '{block.rule}'"
            hint = "majority, decimate and kadanoff(b, p=...) run today"
            yield Problem("not-yet", f"{what} comes later", _place(spec, "block"), hint=hint)


def _place(spec: Spec, name: str) -> Span | None:
    section = spec.document.section(name)
    if section is None:
        return None
    return section.body.span if isinstance(section.body, ast.Node) else section.name_span
