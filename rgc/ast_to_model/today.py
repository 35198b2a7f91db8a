"""What can be checked and printed today but not yet run: refused by the compiler, in one place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rgc.ast_to_model.scope import names
from rgc.errors import Problem, SpecError, listing
from rgc.language.measures import MEASURES, METHODS, SCAN_MEASURES
from rgc.language.values import Value
from rgc.model.data import Samples, Source, source_of
from rgc.model.graphs import GRAPH
from rgc.model.lattice import Complete, Lattice
from rgc.model.pair_sums import MOST_PAIRED, MOST_WRITTEN, kept_whole, obstacle
from rgc.model.point_clouds import Cloud
from rgc.model.spec import Spec
from rgc.model.tempering import inner_update, tempering
from rgc.model.weighed import Weighed
from rgc.schemes import SCHEMES
from rgc.schemes.free_energies import FREE_ENERGIES
from rgc.schemes.sample import SCHEME as SAMPLE
from rgc.schemes.scheme import Ready, Scheme
from rgc.syntax import ast
from rgc.text import Span, section_text

_SAMPLED = SAMPLE.ready.alphabets if SAMPLE.ready is not None else ()


def refuse_later(spec: Spec) -> None:
    """Raise `SpecError` with every reason why this version checks a spec but cannot run it."""
    problems = tuple(_reasons(spec))
    if problems:
        raise SpecError(problems)


def later(spec: Spec) -> tuple[Problem, ...]:
    """Warnings of a checked spec about what of it cannot be run yet.

    There are none for a spec without a flow and without measures, of which the check says that it
    runs nothing.
    """
    if spec.flow is None and (not spec.measures or spec.runs):
        return ()
    return tuple(replace(problem, severity="warning") for problem in _reasons(spec))


def _reasons(spec: Spec) -> Iterator[Problem]:
    if spec.runs:
        return  # its runs were checked with it
    if spec.flow is None:
        yield from _without_flow(spec)
        return
    ready = SCHEMES[spec.flow.scheme].ready
    if ready is None:
        today = listing([name for name, scheme in SCHEMES.items() if scheme.runs])
        message = (
            f"the scheme '{spec.flow.scheme}' comes later: it is checked but cannot be run yet"
        )
        yield Problem("not-yet", message, spec.flow.span, hint=f"{today} run today")
        return
    yield from _physics(_used(spec, SCHEMES[spec.flow.scheme]), ready)
    yield from _update(spec, spec.flow.options.get("update"), spec.flow.span)
    if tempering(spec.flow.options.get("update")) is not None and not ready.tempering:
        yield _tempered(spec.flow.span)
    if spec.data is not None:
        yield from _samples(spec, source_of(spec.data))
    if ("disorder" in spec.flow.options or _inhomogeneous(spec)) and not ready.disorder:
        yield _differing(spec)
    else:
        yield from _computed(spec)
        if ready.kind == "programs":
            yield from _differing_methods(spec)
    yield from _methods(spec)
    yield from _measures(spec, ready)


def _used(spec: Spec, scheme: Scheme) -> Spec:
    """The spec without lattice and spins that its scheme makes no use of."""
    used = {*scheme.needs, *scheme.uses}
    lattice = spec.lattice if "lattice" in used else None
    return replace(spec, lattice=lattice, species=spec.species if "spins" in used else ())


def _update(spec: Spec, update: Value | None, place: Span | None) -> Iterator[Problem]:
    """An update that comes later for these spins."""
    several = [spin.alphabet for spin in spec.species if not spin.two_states]
    if inner_update(update) == "heat_bath" and several:
        message = f"heat_bath of {several[0]} spins comes later"
        yield Problem("not-yet", message, place, hint="update=metropolis runs today")


def _tempered(place: Span | None) -> Problem:
    exchanged = [name for name, each in SCHEMES.items() if each.ready and each.ready.tempering]
    message = "tempering comes later here"
    hint = f"{listing(exchanged)} take update=tempering(...) today"
    return Problem("not-yet", message, place, hint=hint)


def _samples(spec: Spec, source: Source | Cloud) -> Iterator[Problem]:
    """Samples of spins that cannot be sampled yet, and by updates that come later."""
    if not isinstance(source, Samples) or SAMPLE.ready is None:
        return
    yield from _physics(replace(spec, blocks=()), SAMPLE.ready)
    yield from _update(spec, source.update, source.span)
    if tempering(source.update) is not None:
        yield _tempered(source.span)
    if _inhomogeneous(spec):
        yield _differing(spec)


def _inhomogeneous(spec: Spec) -> bool:
    return any(term.inhomogeneous for term in spec.hamiltonian.terms) if spec.hamiltonian else False


def _differing(spec: Spec) -> Problem:
    message = "couplings that differ from place to place come later"
    return Problem("not-yet", message, spec.document.place("hamiltonian"))


def _computed(spec: Spec) -> Iterator[Problem]:
    """Couplings that are computed from something else."""
    for term in spec.hamiltonian.terms if spec.hamiltonian is not None else ():
        name = term.inhomogeneous
        if name is None:
            continue
        if name not in {*spec.draws, *spec.given}:
            message = f"'{name}' is computed: such couplings come later"
            yield Problem("not-yet", message, term.span, hint=f"draw it: {name} ~ normal(0, 1)")


def _differing_methods(spec: Spec) -> Iterator[Problem]:
    """Free energies by methods of their own of couplings that differ from place to place."""
    methods = (method for measure in spec.measures for method in measure.methods)
    for method in methods if _inhomogeneous(spec) else ():
        message = "free energies of couplings that differ from place to place come later here"
        hint = "flow enumerate gives log_z and free_energy, averaged over realisations"
        yield Problem("not-yet", message, method.span, hint=hint)


def _without_flow(spec: Spec) -> Iterator[Problem]:
    """Check a spec without a flow.

    It can hold free energies by methods of their own, and measures of a scan of them.
    """
    written = section_text("flow", "sample()", _last(spec))
    hint = f"add a flow, such as: {written}; without one free_energy(methods=[...]) runs today"
    if not any(measure.methods for measure in spec.measures):
        message = "this spec has no flow, and no free energy to find without one"
        entries = _entries(spec)
        place = entries[0].target.span if entries else _last(spec)
        yield Problem("not-yet", message, place, hint=hint)
        return
    for measure, entry in zip(spec.measures, _entries(spec), strict=False):
        if not measure.methods and not measure.of_scan:
            message = f"'{measure.name}' comes later where there is no flow"
            yield Problem("not-yet", message, entry.target.span, hint=hint)
    if _inhomogeneous(spec):
        yield _differing(spec)
    yield from _methods(spec)


def _last(spec: Spec) -> Span | None:
    """The place of the last section."""
    sections = spec.document.sections
    return sections[-1].name_span if sections else None


def _methods(spec: Spec) -> Iterator[Problem]:
    ready = listing([name for name, row in FREE_ENERGIES.items() if row.runs])
    asked = [method for measure in spec.measures for method in measure.methods]
    if asked and any(axis.tempered for axis in spec.scan):
        message = f"'{asked[0].name}' comes later where replicas are exchanged"
        hint = "ask for free energies in a spec that scans the parameter"
        yield Problem("not-yet", message, asked[0].span, hint=hint)
    for method in asked:
        if not FREE_ENERGIES[method.name].runs:
            message = f"the method '{method.name}' comes later"
            yield Problem("not-yet", message, method.span, hint=f"{ready} run today")
        later = [s.alphabet for s in spec.species if s.alphabet not in _SAMPLED]
        if METHODS[method.name].free == "parameter" and later:
            message = f"{later[0]} spins cannot be sampled yet, so that nothing can be integrated"
            hint = "take transfer, trg or mean_field"
            yield Problem("not-yet", message, method.span, hint=hint)


def _entries(spec: Spec) -> list[ast.Entry]:
    section = spec.document.section("measure")
    body = section.body if section is not None and isinstance(section.body, tuple) else ()
    return [entry for entry in body if isinstance(entry, ast.Entry)]


def _measures(spec: Spec, ready: Ready) -> Iterator[Problem]:
    """Built-in measures, bare or inside others, that sampling cannot give yet, at their places."""
    entries = _entries(spec)
    own = {
        entry.target.name
        for entry in entries
        if entry.op is not None and isinstance(entry.target, ast.Name)
    }
    later = set(MEASURES) - {*ready.measures, *own, *spec.parameters}
    hint = (
        f"{listing(ready.measures)} run today, and of a scan {listing(SCAN_MEASURES)}"
        if ready.measures
        else ""
    )
    averages = any(MEASURES[name].built_in for name in ready.measures)
    for measure, entry in zip(spec.measures, entries, strict=False):
        if measure.methods:
            continue
        if entry.op is not None and measure.of_scan is None and not averages:
            message = f"'{measure.name}' comes later: this scheme averages over no configurations"
            yield Problem("not-yet", message, entry.target.span, hint=hint)
            continue
        expr = entry.target if entry.op is None else entry.value
        for name, span in names(expr) if expr is not None else ():
            if name in later:
                yield Problem("not-yet", f"the measure '{name}' comes later", span, hint=hint)


def _large_complete(spec: Spec) -> Iterator[Problem]:
    """What is not sampled on a complete graph whose products are not written out."""
    assert isinstance(spec.lattice, Complete)  # noqa: S101  # kept_whole
    place, flow, larger = spec.document.place("lattice"), spec.flow, f"more than {MOST_WRITTEN}"
    if spec.lattice.sites > MOST_PAIRED:
        message = f"sampling on complete graphs of more than {MOST_PAIRED} sites comes later"
        yield Problem("not-yet", message, place, hint=f"complete({MOST_PAIRED}) runs today")
    why = obstacle(spec.hamiltonian, spec.species) if spec.hamiltonian is not None else ""
    if why:
        message = f"complete graphs of {larger} sites come later here: {why}"
        yield Problem("not-yet", message, place, hint=f"complete({MOST_WRITTEN}) runs today")
    update = flow.options.get("update") if flow is not None else None
    place = flow.span if flow is not None else place
    if tempering(update) is not None:
        message = f"tempering on complete graphs of {larger} sites comes later"
        yield Problem("not-yet", message, place, hint="a scan of the parameter runs today")
    elif inner_update(update) not in (None, "auto", "local", "heat_bath"):
        message = f"'{inner_update(update)}' on complete graphs of {larger} sites comes later"
        yield Problem("not-yet", message, place, hint="update=heat_bath runs today")
    for method in (method for measure in spec.measures for method in measure.methods):
        message = f"'{method.name}' on complete graphs of {larger} sites comes later"
        yield Problem("not-yet", message, method.span)


def _physics(spec: Spec, ready: Ready) -> Iterator[Problem]:
    kind = type(spec.lattice).__name__.lower()
    if isinstance(spec.lattice, Lattice):
        kind = GRAPH if spec.lattice.edges else "crystal"
    if spec.lattice is not None and kind not in ready.lattices:
        message = f"{kind} lattices come later for this scheme"
        yield Problem("not-yet", message, spec.document.place("lattice"))
    if kept_whole(spec.lattice) and ready.kind == "programs":
        yield from _large_complete(spec)
    turned = isinstance(spec.lattice, Lattice) and "antiperiodic" in spec.lattice.boundary
    if turned and ready.kind == "programs" and not ready.antiperiodic:
        message = "antiperiodic boundaries come later for this scheme"
        hint = "use boundary=periodic or open; sample and enumerate take them"
        yield Problem("not-yet", message, spec.document.place("lattice"), hint=hint)
    for species in spec.species:
        if species.alphabet not in ready.alphabets:
            message = f"{species.alphabet} spins come later for this scheme"
            hint = f"{listing(ready.alphabets)} spins run today"
            yield Problem("not-yet", message, spec.document.place("spins"), hint=hint)
    for step in spec.map if ready.maps else ():
        if step.name not in ready.maps:
            message = f"the map '{step.name}' comes later for this scheme"
            hint = f"{listing(ready.maps)} run today"
            yield Problem("not-yet", message, spec.document.place("map"), hint=hint)
    for block in spec.blocks if spec.flow is not None and SCHEMES[spec.flow.scheme].rules else ():
        if block.name not in ready.rules or (block.free and not ready.free):
            what = "p=free" if block.free else f"the block map '{block.name}'"
            hint = "give p a number" if block.free else f"{listing(ready.rules)} run today"
            yield Problem(
                "not-yet",
                f"{what} comes later for this scheme",
                spec.document.place("block"),
                hint=hint,
            )
    several = [spin.alphabet for spin in spec.species if not spin.two_states]
    for block in spec.blocks if several and ready.kind == "programs" else ():
        laws = (law for rule in block.rules for law in rule.laws)
        if block.layer is not None or any(isinstance(law, Weighed) for law in laws):
            message = f"'{block.name}' of {several[0]} spins cannot be drawn yet"
            hint = "majority and decimate run today"
            yield Problem("not-yet", message, spec.document.place("block"), hint=hint)
