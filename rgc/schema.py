"""The JSON Schema of the YAML spelling, by which editors complete and check a spec.

`python -m rgc.schema` prints it, and `grammar/schema.json` is its output. It is made from the
tables of schemes and calls. It knows names, options and kinds; what expressions mean is left to
`rgc check`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from rgc.language.alphabets import ALPHABETS
from rgc.language.data import DATA
from rgc.language.lattices import LATTICES
from rgc.language.layers import LAYERS
from rgc.language.maps import MAPS
from rgc.language.measures import MEASURES, SCAN_MEASURES
from rgc.language.signatures import Field, Signature
from rgc.model.block_maps import BLOCKS
from rgc.schemes import SCHEMES

Schema = dict[str, Any]

_EXPRESSION: Schema = {"$ref": "#/$defs/expression"}
_TEXT: Schema = {"type": "string"}
_NAMES = "^[A-Za-z_][A-Za-z_0-9]*$"


def schema() -> Schema:
    """The whole schema, a JSON document of draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "rgc spec",
        "description": "What physics to run: see the documentation of the language.",
        "type": "object",
        "additionalProperties": False,
        "properties": _sections(),
        "$defs": _definitions(),
    }


def _sections() -> Schema:
    return {
        "title": {**_TEXT, "description": "one line for people"},
        "about": {**_TEXT, "description": "more lines for people"},
        "include": {
            **_TEXT,
            "description": "a spec that this one stands on, a path relative to this file",
        },
        "parameters": _named(
            _values(), "numbers, lists, matrices, functions J(r), draws '~ normal(0, 1)'"
        ),
        "lattice": _one_of(LATTICES.values(), "sizes count unit cells; no size is infinite"),
        "spins": _named(_texts(ALPHABETS.values()), "the species and their alphabets"),
        "hamiltonian": {**_TEXT, "description": "H in units of kT; the weight is exp(-H)"},
        "block": _one_or_list(_one_of(BLOCKS.values(), "the block-spin map")),
        "data": _one_of(DATA.values(), "where training data come from"),
        "stack": {
            "type": "array",
            "items": _one_of(LAYERS.values(), "a layer"),
            "description": "layers, bottom up",
        },
        "map": _one_or_list(_one_of(MAPS.values(), "a flow map without spins")),
        "flow": _one_of(SCHEMES.values(), "the scheme that is run"),
        "runs": _named(_run(), "other specs that a study runs"),
        "scan": _named(
            _values(), "parameters and the values that they run through, such as 0.43:0.45:9"
        ),
        "measure": _measure(),
        "claim": _claim(),
        "supports": _lines("lines that support the claim where all of them hold"),
        "refutes": _lines("lines that refute the claim where all of them hold"),
        "identity": _lines("lines that make the claim true by construction"),
        "expect": _lines("what must come out"),
    }


def _definitions() -> Schema:
    scalar = {"type": ["string", "number", "boolean", "null"]}
    nested = {"type": "array", "items": _EXPRESSION}
    call = {"type": "object", "maxProperties": 1}
    calls = {key: _options(signature) for signature, key in _keys().items()}
    return {"expression": {"anyOf": [scalar, nested, call]}, **dict(sorted(calls.items()))}


@cache
def _keys() -> Mapping[Signature, str]:
    """The definition of each call inside a call: `call_file`, and `call_file_2` of another call
    that has the same name.
    """
    tables = (SCHEMES, DATA, LAYERS, MAPS)
    known = (signature for table in tables for signature in table.values())
    keys: dict[Signature, str] = {}
    for signature in _nested(known):
        if signature not in keys:
            before = sum(other.name == signature.name for other in keys)
            keys[signature] = f"call_{signature.name}" + (f"_{before + 1}" if before else "")
    return keys


def _nested(signatures: Iterable[Signature]) -> Iterable[Signature]:
    """The signatures of calls inside calls."""
    for signature in signatures:
        for field in signature.fields:
            inner = (*field.calls, *((field.also,) if field.also else ()))
            yield from inner
            yield from _nested(inner)


# -- entries ---------------------------------------------------------------------------------------


def _named(values: Schema, description: str) -> Schema:
    """A mapping of names to values, or a list of such mappings."""
    mapping = {"type": "object", "additionalProperties": values}
    return {"anyOf": [mapping, {"type": "array", "items": mapping}], "description": description}


def _values() -> Schema:
    return {"anyOf": [{"type": ["string", "number"]}, {"type": "array", "items": _EXPRESSION}]}


def _measure() -> Schema:
    words = _texts((*MEASURES.values(), *SCAN_MEASURES.values()))
    named = {"type": "object", "additionalProperties": {"type": ["string", "number", "null"]}}
    items = {"anyOf": [words, _TEXT, named]}
    return {
        "anyOf": [{"type": "array", "items": items}, named],
        "description": "built-ins by name, or name: expression",
    }


def _run() -> Schema:
    """The path of a spec, or a mapping of the path to what is changed."""
    changes = {"type": "object", "additionalProperties": _values()}
    changed = {"type": "object", "additionalProperties": changes, "maxProperties": 1}
    return {"anyOf": [_TEXT, changed]}


def _claim() -> Schema:
    return {
        "description": "what somebody claims, and whose it is",
        "type": "object",
        "properties": {"says": _TEXT, "from": _TEXT},
        "required": ["says", "from"],
        "additionalProperties": False,
    }


def _lines(description: str) -> Schema:
    tolerance = {"type": ["number", "string"], "examples": [0.01, "3 %", "3 sigma"]}
    fields = {
        "value": _EXPRESSION,
        "below": _EXPRESSION,
        "above": _EXPRESSION,
        "within": {"anyOf": [tolerance, {"type": "array", "items": tolerance}]},
        "from": {**_TEXT, "description": "the source of the value"},
    }
    one: Schema = {
        "type": "object",
        "properties": fields,
        "additionalProperties": False,
        "oneOf": [{"required": [name]} for name in ("value", "below", "above")],
    }
    return _named(one, description)


# -- calls -----------------------------------------------------------------------------------------


def _one_or_list(one: Schema) -> Schema:
    return {"anyOf": [one, {"type": "array", "items": one}]}


def _one_of(signatures: Iterable[Signature], description: str) -> Schema:
    """One of some calls: a word, a text `name(...)`, or a mapping of one key."""
    known = tuple(signatures)
    return {"description": description, "oneOf": [*_texts(known)["oneOf"], *map(_mapping, known)]}


def _texts(signatures: Iterable[Signature]) -> Schema:
    """The same calls as texts alone: a word where nothing is required, or `name(...)`."""
    return {"oneOf": [one for signature in signatures for one in _written(signature)]}


def _written(signature: Signature) -> Iterator[Schema]:
    required = any(field.required for field in signature.fields)
    if not required:
        yield {"const": signature.name, "description": signature.doc}
    argument = "".join(map(_argument, signature.fields)) if _is_narrow(signature) else ""
    optional = "" if required or not argument else "?"
    inside = rf"\s*({argument}){optional}\s*\)\s*$" if argument else r"\s*\)\s*$"
    pattern = rf"^\s*{signature.name}\s*\("
    yield {"type": "string", "pattern": pattern + (inside if _is_narrow(signature) else "")}


def _is_narrow(signature: Signature) -> bool:
    """Whether a pattern can say what stands inside the parentheses.

    That is possible for nothing, a word, or a number within limits. Anything else is left to `rgc
    check`.
    """
    if signature.free or len(signature.fields) > 1:
        return False
    return all(
        field.kind == "word" or (field.kind == "integer" and (field.choices or field.most))
        for field in signature.fields
    )


def _argument(field: Field) -> str:
    """The pattern of an argument, with or without its name.

    The argument is one of the choices of its option, a number within the limits, or an expression
    that is more than a number, which is left to `rgc check`.
    """
    name = rf"({field.name}\s*=\s*)?"
    if field.kind == "word":
        return rf"{name}({'|'.join(map(str, field.choices))})"
    numbers = map(str, field.choices) if field.choices else _between(*_bounds(field))
    written = "|".join(numbers)
    return rf"{name}({written})|(?!\s*{name}[0-9]+\s*\)){name}[^=]+"


def _bounds(field: Field) -> tuple[int, int]:
    return int(field.least or 0), int(field.most or 0)


def _between(low: int, high: int) -> Iterator[str]:
    """Patterns of the integers from `low` to `high`.

    The first covers those of one digit, and the others cover the rest decade by decade.
    """
    if low < 10:
        yield f"[{low}-{min(high, 9)}]"
        low = 10
    first, last = -(-low // 10), (high + 1) // 10  # whole decades are those from first to last - 1
    if low > high:
        return
    if first > last:
        yield f"{high // 10}[{low % 10}-{high % 10}]"
        return
    if low % 10:
        yield f"{low // 10}[{low % 10}-9]"
    if first < last:
        yield f"({'|'.join(_between(first, last - 1))})[0-9]"
    if high % 10 != 9:
        yield f"{high // 10}[0-{high % 10}]"


def _mapping(signature: Signature) -> Schema:
    return {
        "type": "object",
        "properties": {signature.name: _options(signature)},
        "required": [signature.name],
        "additionalProperties": False,
        "description": signature.doc,
    }


def _options(signature: Signature) -> Schema:
    """What stands under the key of a call.

    It is a mapping of options, a list of arguments, the one argument, or nothing.
    """
    properties = {field.name: _field(field) for field in signature.fields}
    required = [field.name for field in signature.fields if field.required]
    free = _values() if signature.free else False
    forms: list[Schema] = [
        {
            "type": "object",
            "properties": properties,
            "additionalProperties": free,
            "required": required,
        }
    ]
    if signature.positional:
        forms.append(_single(signature))
        forms.append({"type": "array", "items": _EXPRESSION, "minItems": 1})
    if not required:
        forms.append({"type": "null"})
    return {"oneOf": forms}


def _single(signature: Signature) -> Schema:
    """The only argument of a call, without its name."""
    field = signature.field(signature.positional[0])
    if field is not None and field.kind in ("integer", "number"):
        return {"anyOf": [_limits(field), _TEXT]}
    return {"type": ["string", "number"]}


def _field(field: Field) -> Schema:
    described = {"description": field.doc, **({} if field.default is None else _default(field))}
    match field.kind:
        case "integer" | "number":
            return {**described, "anyOf": [_limits(field), _TEXT]}
        case "flag":
            return {**described, "type": "boolean"}
        case "word":
            return {**described, "oneOf": [{"const": word} for word in field.choices]}
        case "text" | "path":
            return {**described, **_TEXT}
        case "name":
            return {**described, "type": "string", "pattern": _NAMES}
        case "names":
            item: Schema = (
                {"oneOf": [{"const": word} for word in field.choices]} if field.choices else _TEXT
            )
            return {
                **described,
                "anyOf": [
                    {"type": "array", "items": item},
                    {"type": "string", "pattern": r"^\s*\["},
                ],
            }
        case "knots":
            items: Schema = {"type": "array", "items": _EXPRESSION, "minItems": 1}
            also = [] if field.also is None else [_mapping(field.also)]
            return {**described, "anyOf": [_limits(field), items, _TEXT, *also]}
        case "call":
            return {**described, **_inner(field.calls)}
    return {**described, **_EXPRESSION}


def _default(field: Field) -> Mapping[str, Any]:
    return {"default": field.default} if isinstance(field.default, bool | int | float | str) else {}


def _limits(field: Field) -> Schema:
    if field.choices:
        return {"oneOf": [{"const": choice} for choice in field.choices]}
    limits = {
        "minimum": field.least,
        "exclusiveMinimum": field.above,
        "maximum": field.most,
        "multipleOf": field.multiple if field.multiple > 1 else None,
    }
    return {
        "type": "integer" if field.kind == "integer" else "number",
        **{name: limit for name, limit in limits.items() if limit is not None},
    }


def _inner(signatures: tuple[Signature, ...]) -> Schema:
    """The calls that an option takes. They are referred to, since calls may stand inside calls."""
    mappings = [
        {
            "type": "object",
            "properties": {signature.name: {"$ref": f"#/$defs/{_keys()[signature]}"}},
            "required": [signature.name],
            "additionalProperties": False,
        }
        for signature in signatures
    ]
    return {"oneOf": [*_texts(signatures)["oneOf"], *mappings]}


def dump() -> str:
    """The schema as the text of `grammar/schema.json`."""
    return json.dumps(schema(), indent=1) + "\n"


if __name__ == "__main__":
    print(dump(), end="")
