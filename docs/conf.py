"""The documentation site: `sphinx-build -W docs out/site`, with the `docs` extra."""

from __future__ import annotations

from pygments.lexer import RegexLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, Text
from sphinx.application import Sphinx

from rgc.ast_to_model import SECTIONS
from rgc.version import __version__

project, author, release = "rgc", "the founders of rgc", __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
suppress_warnings = ["myst.xref_missing"]  # links to files of the repository, outside the site
highlight_language = "none"
html_theme = "furo"
html_title = f"rgc {release}"
autodoc_typehints = "description"
autodoc_member_order = "bysource"
exclude_patterns = ["pictures"]


WORDS = ("title", "about", "include", "parameters", *SECTIONS)


class Spec(RegexLexer):
    """Specs in the text spelling, coloured by word."""

    name = "rgc"
    aliases = ("rgc", *(f"rgc-{section}" for section in WORDS))
    tokens = {  # noqa: RUF012
        "root": [
            (r"#.*", Comment.Single),
            (r'"""(.|\n)*?"""|"[^"\n]*"', String),
            (rf"^({'|'.join(WORDS)})\b", Keyword),
            (r"\b(sum|prod|mean|avg|var|within|from|in)\b", Name.Builtin),
            (r"\b\d+(\.\d+)?([eE][-+]?\d+)?\b", Number),
            (r"[-+*/^=<>|:,]", Operator),
            (r"\w+", Name),
            (r"\s+|.", Text),
        ]
    }


html_show_copyright = False


def setup(app: Sphinx) -> None:
    for name in Spec.aliases:
        app.add_lexer(name, Spec)
