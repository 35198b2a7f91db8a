"""The tables of `docs/language.md`, made from the tables of the language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from rgc.ast_to_model.scope import CONSTANTS, FUNCTIONS, GEOMETRIC
from rgc.language.alphabets import ALPHABETS
from rgc.language.conventions import CONVENTIONS
from rgc.language.data import DATA
from rgc.language.layers import CONNECTIONS, LAYERS
from rgc.language.maps import MAPS
from rgc.language.measures import MEASURES, METHODS, SCAN_MEASURES
from rgc.language.signatures import Field, Signature
from rgc.language.trainers import TRAINERS
from rgc.language.updates import UPDATES
from rgc.schemes import SCHEMES
from rgc.schemes.answers import DISCRETE
from rgc.schemes.free_energies import FREE_ENERGIES
from rgc.schemes.sample import SCHEME as SAMPLE
from rgc.schemes.scheme import Scheme


def table(head: str, rows: Iterable[Iterable[str]]) -> str:
    columns = head.split("|")
    lines = [columns, ["---"] * len(columns), *([_cell(each) for each in row] for row in rows)]
    return "".join("| " + " | ".join(cell.strip() for cell in line) + " |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("<", "&lt;")


def code(words: Iterable[object]) -> str:
    return " ".join(f"`{word}`" for word in words)


def kind(field: Field) -> str:
    """What an option takes, with its limits: `integer, at least 1`."""
    if field.calls and field.kind == "call":
        what = (
            "one of " + code(each.name for each in field.calls)
            if len(field.calls) > 1
            else f"`{field.calls[0].name}(...)`"
        )
    elif field.choices:
        what = ("a list of " if field.kind == "names" else "") + " or ".join(
            f"`{each}`" for each in field.choices
        )
    else:
        what = {
            "numbers": "a list or range",
            "knots": "a number or a list",
            "points": "a list of points",
            "flag": "`true` or `false`",
        }.get(field.kind, field.kind)
    limits = (
        [f"at least {field.least:g}"] if field.least is not None and field.multiple == 1 else []
    )
    limits += [f"above {field.above:g}"] if field.above is not None else []
    limits += [f"at most {field.most:g}"] if field.most is not None and field.most < 1e9 else []
    limits += [f"a multiple of {field.multiple}"] if field.multiple > 1 else []
    return ", ".join([what, *limits])


def default(field: Field) -> str:
    if field.required:
        return "needed"
    if field.default is None:
        return ""
    if field.kind == "call" and not isinstance(field.default, str):
        values = ", ".join(
            f"{each.name}={getattr(field.default, each.name)}" for each in field.calls[0].fields
        )
        return f"`{field.calls[0].name}({values})`"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def written(signature: Signature) -> str:
    """A call as it is written: `cd(k=1, epochs=100, ...)`; what must be given stands without a
    value.
    """
    parts = []
    for field in signature.fields:
        plain = isinstance(field.default, str | int | float)
        shown = str(field.default).lower() if isinstance(field.default, bool) else field.default
        parts.append(
            f"{field.name}={shown}"
            if plain
            else field.name
            if field.required
            else f"{field.name}=..."
        )
    parts += [f"{signature.free}=..."] if signature.free else []
    return f"`{signature.name}({', '.join(parts)})`" if parts else f"`{signature.name}`"


def runs(value: bool) -> str:
    return "yes" if value else "*later*"


def calls(signatures: Mapping[str, Signature], ready: Iterable[str] | None = None) -> str:
    if ready is None:
        return table(
            "call | what it is", ((written(each), each.doc) for each in signatures.values())
        )
    rows = ((written(each), each.doc, runs(each.name in ready)) for each in signatures.values())
    return table("call | what it is | runs", rows)


def measures() -> str:
    """Every built-in measure, and the schemes that give it today."""
    given = {
        name: [each.name for each in SCHEMES.values() if each.ready and name in each.ready.measures]
        for name in MEASURES
    }
    rows = (
        (written(each), each.doc, code(given[each.name]) or "*later*") for each in MEASURES.values()
    )
    return table("call | what it is | given by", rows)


def scheme_row(scheme: Scheme) -> tuple[str, ...]:
    needs = code(scheme.needs) + (f", may use {code(scheme.uses)}" if scheme.uses else "")
    ready = [rule for rule in scheme.rules if scheme.ready is None or rule in scheme.ready.rules]
    later = [rule for rule in scheme.rules if rule not in ready]
    maps = "; ".join([code(ready)] * bool(ready) + [f"*later:* {code(later)}"] * bool(later))
    return f"`{scheme.name}`", runs(scheme.runs), scheme.doc, needs, scheme.lattice.name, maps


def options_of(signatures: Iterable[Signature], what: str) -> str:
    """One row for each option of some calls; equal options of several share it."""
    found: list[tuple[Field, list[str]]] = []
    for signature in signatures:
        for field in signature.fields:
            same = next((names for known, names in found if known == field), None)
            if same is None:
                found.append((field, [signature.name]))
            else:
                same.append(signature.name)
    rows = ((f"`{f.name}`", kind(f), default(f), f.doc, code(names)) for f, names in found)
    return table(f"option | takes | default | meaning | {what}", rows)


def options() -> str:
    """The options of schemes, those of the schemes that run first."""
    return options_of(sorted(SCHEMES.values(), key=lambda each: not each.runs), "schemes")


def conventions() -> str:
    """How files of weights write the energy, and their arrays."""
    rows = (
        (f"`{row.name}`", row.doc, code(row.arrays(1)) + (" of layer 1" if row.numbered else ""))
        for row in CONVENTIONS.values()
    )
    return table("convention | energy | arrays: weights, biases of visible and hidden units", rows)


def functions() -> str:
    one = code(name for name, (arity, _) in FUNCTIONS.items() if arity == 1)
    more = code(name for name, (arity, _) in FUNCTIONS.items() if arity < 0)
    return (
        f"Functions of one number: {one}; of any number of them: {more}; `delta(a, b)` is 1 where "
        f"a = b, else 0; `mod(a, b)` is what dividing a by b leaves. Of sites: {code(GEOMETRIC)}, "
        f"as in `distance(i,j)`, `coordinate(i,x)`. Constants: {code(CONSTANTS)}.\n"
    )


def alphabets() -> str:
    """Every alphabet, and whether its spins are summed over and sampled today."""
    rows = (
        (
            written(each),
            each.doc,
            "; ".join(f"`{field.name}`: {kind(field)}" for field in each.fields),
            runs(name in DISCRETE),
            runs(SAMPLE.ready is not None and name in SAMPLE.ready.alphabets),
        )
        for name, each in ALPHABETS.items()
    )
    return table("alphabet | states | takes | summed over | sampled", rows)


TABLES: Mapping[str, Callable[[], str]] = {
    "alphabets": alphabets,
    "functions": functions,
    "schemes": lambda: table(
        "scheme | runs | does | needs the sections | lattice | block maps",
        map(scheme_row, SCHEMES.values()),
    ),
    "options": options,
    "updates": lambda: calls(UPDATES, set(UPDATES)),
    "measures": measures,
    "methods": lambda: calls(METHODS, {name for name, row in FREE_ENERGIES.items() if row.runs}),
    "scan measures": lambda: calls(SCAN_MEASURES),
    "data": lambda: calls(DATA),
    "layers": lambda: calls(LAYERS),
    "layer options": lambda: options_of(LAYERS.values(), "layers"),
    "connections": lambda: calls(CONNECTIONS),
    "trainers": lambda: table(
        "call | what it is", ((f"`{each.name}(...)`", each.doc) for each in TRAINERS.values())
    ),
    "trainer options": lambda: options_of(TRAINERS.values(), "trainers"),
    "conventions": conventions,
    "maps": lambda: calls(MAPS),
}
