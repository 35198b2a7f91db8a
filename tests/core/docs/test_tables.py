"""The tables of `docs/language.md` are those of the code.

`UPDATE_DOCS=1 pytest tests/core/docs` writes them again.
"""

from __future__ import annotations

import os
import re

from rgc.language.measures import METHODS
from rgc.schemes.free_energies import FREE_ENERGIES
from tests.core.docs.pages import LANGUAGE
from tests.core.docs.tables import TABLES

TABLE = re.compile(r"(<!-- table: ([a-z ]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def with_tables(text: str) -> str:
    return TABLE.sub(lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n{found[4]}", text)


def test_tables_of_the_language_are_current() -> None:
    text = LANGUAGE.read_text("utf-8")
    if os.environ.get("UPDATE_DOCS"):
        LANGUAGE.write_text(with_tables(text), "utf-8")
    assert {found[2] for found in TABLE.finditer(text)} == set(TABLES)
    assert LANGUAGE.read_text("utf-8") == with_tables(text)


def test_every_method_has_a_row() -> None:
    assert set(METHODS) == set(FREE_ENERGIES)


def test_every_section_is_described() -> None:
    from rgc.syntax.ast import SECTIONS

    described = LANGUAGE.read_text("utf-8").split("## 6.")[1].split("## 7.")[0]
    assert not [
        name for name in SECTIONS if f"`{name}`" not in described and f"`{name} " not in described
    ]
