"""What a page shows of a spec besides numbers: what it is about, its formulas, and its text."""

from __future__ import annotations

from dataclasses import dataclass

from rgc.errors import SpecError
from rgc.portrait.markup import escape, highlighted
from rgc.portrait.mathml import formulas
from rgc.syntax.read import read_text


@dataclass(frozen=True, slots=True)
class Portrait:
    """Parts of a page as HTML: paragraphs, one `<math>`, and the inside of a `<pre>`. Parts that a
    spec does not have are empty.
    """

    about: str
    formulas: str
    code: str


def portrait(text: str) -> Portrait:
    """The portrait of a spec in the text spelling. A text that is no spec is shown as it is."""
    try:
        document = read_text(text)
        section = document.section("about")
        about = section.body if section is not None and isinstance(section.body, str) else ""
        paragraphs = "".join(
            f"<p>{escape(part)}</p>" for part in about.split("\n\n") if part.strip()
        )
        return Portrait(paragraphs, formulas(document), highlighted(text))
    except SpecError:
        return Portrait("", "", escape(text))
