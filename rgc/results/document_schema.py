"""The JSON Schema of the document that `rgc run --json` prints and `summary.json` holds.

`python -m rgc.results.document_schema` prints it, and `grammar/result.json` is its output. Keys are
added to a document, never renamed; `FORMAT` in `rgc.results.document` counts what would break a
reader all the same.
"""

from __future__ import annotations

import json
from typing import Any

from rgc.model.claim import BEARINGS, WORDS
from rgc.results.document import FORMAT

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": ["number", "null"]}
KIND: Schema = {
    "anyOf": [
        {"const": kind} for kind in ("exact", "lower bound", "upper bound", "estimate", "truncated")
    ]
}


def _object(required: Schema, optional: Schema | None = None) -> Schema:
    """An object with these keys and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _named(inside: Schema) -> Schema:
    return {"type": "object", "additionalProperties": inside}


def _list(inside: Schema) -> Schema:
    return {"type": "array", "items": inside}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


NUMBERS = _named(_ref("number"))

RESULT: Schema = {
    "exponents": NUMBERS,
    "fixed_point": NUMBERS,
    "fixed_points": _list(_ref("fixed_point")),
    "levels": _list(_ref("level")),
    "eigenvalues": _list(_ref("eigenvalue")),
    "free_energy": _list(_ref("free_energy")),
    "observables": NUMBERS,
}
ITERATED = {"iterated": _list(_ref("chains"))}
STUDY = {"runs": _named(_ref("run")), "verdict": _ref("verdict")}

HEAD: Schema = {
    "format": {"const": FORMAT},
    "rgc": TEXT,
    "spec": _object({"title": TEXT, "sha256": TEXT}),
    "backend": TEXT,
    "seed": COUNT,
    "scheme": TEXT,
}
TAIL: Schema = {
    "checks": _list(_ref("check")),
    "warnings": _list(TEXT),
    "provenance": {"type": "object"},
}

DEFINITIONS: Schema = {
    "number": _object(
        {"value": NUMBER, "error": NUMBER, "kind": KIND},
        {"statistical": NUMBER, "systematic": NUMBER, "rule": TEXT, "note": TEXT},
    ),
    "level": _object(
        {"level": COUNT, "shape": _list(COUNT), "couplings": NUMBERS, "observables": NUMBERS}
    ),
    "eigenvalue": _object(
        {
            "value": NUMBER,
            "imag": NUMBER,
            "error": NUMBER,
            "exponent": NUMBER,
            "exponent_error": NUMBER,
            "sector": TEXT,
            "level": COUNT,
            "operators": COUNT,
            "index": COUNT,
            "wrapped": FLAG,
            "kind": KIND,
        },
        {"note": TEXT},
    ),
    "fixed_point": _object(
        {
            "couplings": NUMBERS,
            "kind": TEXT,
            "eigenvalues": _list(_ref("eigenvalue")),
            "period": COUNT,
        },
        {"cycle": _list(NUMBERS), "note": TEXT},
    ),
    "free_energy": _object(
        {"method": TEXT, "value": NUMBER, "per": TEXT, "error": NUMBER, "kind": KIND},
        {"note": TEXT},
    ),
    "chains": _object(
        {"start": COUNT, "temperature": NUMBER, "step": COUNT, "observables": NUMBERS}
    ),
    "check": _object(
        {
            "name": TEXT,
            "relation": {"anyOf": [{"const": sign} for sign in ("=", "below", "above")]},
            "expected": {"type": ["number", "null", "string"]},
            "within": NUMBER,
            "tolerances": _list(_object({"value": NUMBER, "unit": TEXT})),
            "source": {"type": ["string", "null"]},
            "value": {"type": ["number", "null", "string"]},
            "error": NUMBER,
            "passed": FLAG,
            "reason": TEXT,
        }
    ),
    "run": _object(
        {
            "spec": _object({"title": TEXT, "sha256": TEXT}),
            "seed": COUNT,
            "scheme": TEXT,
            "points": COUNT,
            "folder": {"type": ["string", "null"]},
            "passed": FLAG,
        }
    ),
    "verdict": _object(
        {
            "claim": TEXT,
            "from": TEXT,
            "verdict": {"anyOf": [{"const": word} for word in WORDS]},
            "because": TEXT,
            "lines": _list(_ref("line")),
        }
    ),
    "line": _object(
        {
            "bearing": {"anyOf": [{"const": bearing} for bearing in BEARINGS]},
            "runs": _list(TEXT),
            "name": TEXT,
            "asked": TEXT,
            "value": NUMBER,
            "error": NUMBER,
            "holds": {"type": ["boolean", "null"]},
            "reason": TEXT,
        },
        {"kind": KIND, "statistical": NUMBER, "systematic": NUMBER, "rule": TEXT, "note": TEXT},
    ),
    "point": _object(
        {"parameters": _named(NUMBER), **RESULT, "warnings": _list(TEXT)},
        {"provenance": {"type": "object"}, **ITERATED},
    ),
}


def schema() -> Schema:
    """The whole schema, a JSON document of draft 2020-12: a run at one point, or a scan."""
    scan = {
        "scan": _named(_list(NUMBER)),
        "observables": NUMBERS,
        "points": _list(_ref("point")),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "rgc result",
        "description": "What a run found: see the page on results.",
        "oneOf": [
            _object({**HEAD, **RESULT, **TAIL}, {**ITERATED, **STUDY}),
            _object({**HEAD, **scan, **TAIL}),
        ],
        "$defs": DEFINITIONS,
    }


def dump() -> str:
    """The schema as the text of `grammar/result.json`."""
    return json.dumps(schema(), indent=1) + "\n"


if __name__ == "__main__":
    print(dump(), end="")
