"""Specs in canonical layout, in either spelling: what `rgc fmt` and `rgc convert` write.

`parse(print(document)) == document`, in both spellings and across them.
"""

from __future__ import annotations

from typing import Literal

from rgc.syntax.ast import Document
from rgc.syntax.print_expression import print_expression
from rgc.syntax.print_text import print_text
from rgc.syntax.print_yaml import print_yaml

__all__ = ["convert", "print_expression", "print_text", "print_yaml"]


def convert(document: Document, to: Literal["rgc", "yaml"]) -> str:
    """The document in the spelling asked for."""
    return print_yaml(document) if to == "yaml" else print_text(document)
