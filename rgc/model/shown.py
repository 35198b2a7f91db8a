"""Records of the model on one line, as calls of the language with evaluated options."""

from __future__ import annotations

from collections.abc import Mapping

from rgc.language.values import CallValue
from rgc.model.lattice import Complete, Lattice


def call(name: str, *arguments: object, options: Mapping[str, object] | None = None) -> str:
    """`name(arguments, option=value)`.

    Options that are None are left out, and so are parentheses with nothing in them.
    """
    given = [
        f"{key}={value(option)}" for key, option in (options or {}).items() if option is not None
    ]
    inside = ", ".join([*map(value, arguments), *given])
    return f"{name}({inside})" if inside else name


def value(shown: object) -> str:
    """A number, a word, a list, a lattice or a record."""
    match shown:
        case bool():
            return "true" if shown else "false"
        case float():
            return f"{shown:.12g}"
        case tuple():
            return f"[{', '.join(map(value, shown))}]"
        case CallValue(name, arguments, options):
            return call(name, *arguments, options=dict(options))
        case Lattice(name=name, shape=shape):
            return call(name, *("infinite" if size is None else size for size in shape))
        case Complete(sites):
            return call("complete", sites)
    return str(shown)
