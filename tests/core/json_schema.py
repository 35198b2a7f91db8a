"""A small checker of JSON documents against our own schemas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Rules = dict[str, Any]

TYPES: Mapping[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "integer": int,
    "number": (int, float),
}


def valid(value: object, rules: Rules, whole: Rules | None = None) -> bool:
    """Whether a value obeys the part of draft 2020-12 that our schemas are made of; an unknown word
    is an error. `whole` is the schema in which definitions are looked up.
    """
    place = rules if whole is None else whole
    return all(obeys(value, word, rule, rules, place) for word, rule in rules.items())


def obeys(value: Any, word: str, rule: Any, rules: Rules, whole: Rules) -> bool:
    match word:
        case "$ref":
            return valid(value, whole["$defs"][rule.removeprefix("#/$defs/")], whole)
        case "type":
            return any(is_a(value, kind) for kind in ([rule] if isinstance(rule, str) else rule))
        case "const":
            return bool(value == rule)
        case "pattern":
            return not isinstance(value, str) or re.search(rule, value) is not None
        case "anyOf":
            return any(valid(value, each, whole) for each in rule)
        case "oneOf":
            return sum(valid(value, each, whole) for each in rule) == 1
        case "required":
            return not isinstance(value, dict) or set(rule) <= set(value)
        case "properties":
            return not isinstance(value, dict) or all(
                valid(value[k], r, whole) for k, r in rule.items() if k in value
            )
        case "additionalProperties":
            others = (
                set(value) - set(rules.get("properties", {})) if isinstance(value, dict) else set()
            )
            return not others or (
                rule is not False and all(valid(value[key], rule, whole) for key in others)
            )
        case "items":
            return not isinstance(value, list) or all(valid(each, rule, whole) for each in value)
        case "minItems":
            return not isinstance(value, list) or len(value) >= rule
        case "maxProperties":
            return not isinstance(value, dict) or len(value) <= rule
        case "minimum" | "maximum" | "exclusiveMinimum" | "multipleOf":
            return not is_a(value, "number") or within(value, word, rule)
        case "$schema" | "title" | "description" | "default" | "examples" | "$defs":
            return True
    raise NotImplementedError(word)


def is_a(value: object, kind: str) -> bool:
    return isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def within(value: float, word: str, limit: float) -> bool:
    if word == "multipleOf":
        return value % limit == 0
    return (
        value >= limit
        if word == "minimum"
        else value <= limit
        if word == "maximum"
        else value > limit
    )
