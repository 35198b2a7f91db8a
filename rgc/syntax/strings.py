r"""Quoted texts: the escapes `\" \\ \n \t \r \uXXXX \UXXXXXXXX`, the same in both spellings, and
long texts in triple quotes.
"""

from __future__ import annotations

import re

from rgc.errors import Problem, SpecError
from rgc.text import Span

_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)
_PLAIN = {'"': '"', "\\": "\\", "n": "\n", "t": "\t", "r": "\r"}
# Controls but tab and newline, surrogates, line separators, turns of the writing direction,
# byte-order marks, non-characters.
CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\u061c\u200e\u200f"
    "\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)


def unescape(text: str, span: Span) -> str:
    """The text that a quoted one stands for. Raises SpecError for an unknown escape or a character
    that does not exist.
    """
    return _ESCAPE.sub(lambda match: _character(match.group(1), span), text)


def _character(escape: str, span: Span) -> str:
    if escape in _PLAIN:
        return _PLAIN[escape]
    code = int(escape[1:], 16) if len(escape) > 1 else -1
    if not 0 <= code < 0x110000 or 0xD800 <= code < 0xE000:
        hint = r"a backslash itself is written \\; known are \" \\ \n \t \r \uXXXX"
        raise SpecError(
            [Problem("bad-escape", f"unknown escape '\\{escape}' in a text", span, hint=hint)]
        )
    return chr(code)


def quote(text: str) -> str:
    """The text between double quotes, on one line, printable: what both spellings read back as the
    same text.
    """
    named = {character: "\\" + letter for letter, character in _PLAIN.items()}
    return (
        '"' + "".join(named.get(c) or (_numbered(c) if CONTROL.match(c) else c) for c in text) + '"'
    )


def _numbered(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def unindent(text: str) -> str:
    '''The inside of `"""..."""`. Where it begins with a newline, that newline, the closing line and
    the common indentation are left out.

    The closing quotes, unless they stand in column one, count among the lines that share the
    indentation.
    '''
    if not text.startswith("\n"):
        return text
    *lines, last = text[1:].split("\n")
    if last.strip(" \t"):
        lines, last = [*lines, last], ""
    full = [line for line in (*lines, last and last + "|") if line.strip(" \t")]
    indent = min((len(line) - len(line.lstrip(" \t")) for line in full), default=0)
    return "\n".join(line[indent:] if line.strip(" \t") else "" for line in lines)
