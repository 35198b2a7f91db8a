"""The YAML spelling: the mapping says where sections and entries are, the same grammar reads what
stands in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NoReturn

from rgc.errors import Problem, Problems, SpecError, suggest
from rgc.syntax.ast import (
    EXPECTATION_SECTIONS,
    ITEM_SECTIONS,
    LIST_SECTIONS,
    SECTIONS,
    TEXT_SECTIONS,
    Call,
    Changed,
    Document,
    Entry,
    Expectation,
    Expr,
    Item,
    List,
    Name,
    Option,
    Section,
    Sourced,
    Text,
    Within,
    addends,
)
from rgc.syntax.comments import Comment, attach
from rgc.syntax.grammar import Start, Word, scan
from rgc.syntax.layout import check_nesting
from rgc.syntax.parse import parse_words
from rgc.syntax.sections import Body, Part, check_duplicates, check_entry, check_sections
from rgc.syntax.yamltree import Items, Mapping, Scalar, Tree, read_yaml
from rgc.text import Source, Span

TEXT_CALLS = ("file", "graph")  # their first argument is a path
FIELDS = ("value", "below", "above", "within", "from")
CLAIM_FIELDS = ("says", "from")

Op = Literal["=", "~", ":"]


def parse_yaml(source: Source) -> Document:
    """The syntax tree of a spec in the YAML spelling. Raises SpecError with every problem found."""
    return _Reader(source).document()


class _Reader:
    """Collects problems and comments while it walks the tree of one file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems = Problems()
        self.comments: list[Comment] = []

    def document(self) -> Document:
        tree, self.comments = read_yaml(self.source)
        parts: list[Part] = []
        if isinstance(tree, Mapping):
            parts = [part for key, value in tree.pairs if (part := self.section(key, value))]
        elif tree is not None:
            hint = "as in `lattice: square(64)`"
            self.problems.error(
                "yaml-shape",
                "a spec is a mapping of section names to what they say",
                tree.span,
                hint=hint,
            )
        check_sections([part.section for part in parts], self.problems)
        self.problems.raise_errors()
        return attach(self.source, parts, self.comments)

    # -- sections ----------------------------------------------------------------------------------

    def section(self, key: Scalar, value: Tree) -> Part | None:
        name = key.value
        if name not in SECTIONS:
            hint = suggest(name, SECTIONS) or f"sections are {', '.join(SECTIONS)}"
            self.problems.error("unknown-section", f"unknown section '{name}'", key.span, hint=hint)
            return None
        if _is_null(value):
            self.problems.error("empty-section", f"section '{name}' is empty", key.span)
            return None
        try:
            body, spans = self.body(name, value)
        except SpecError as error:
            self.problems.extend(error.problems)
            return None
        return Part(Section(name, body, span=key.span.to(value.span), name_span=key.span), spans)

    def body(self, name: str, value: Tree) -> tuple[Body, tuple[Span, ...]]:
        if name in TEXT_SECTIONS:
            return self.text(value), (value.span,)
        if name in LIST_SECTIONS:
            entries = tuple(self.entries(name, value))
            check_duplicates(name, entries, self.problems)
            return entries, tuple(entry.span for entry in entries if entry.span)
        if name == "claim" and isinstance(value, Mapping):
            return self.claim(value), (value.span,)
        if name == "hamiltonian" and not isinstance(value, Scalar):
            _fail(
                "yaml-shape",
                "a Hamiltonian is one expression; YAML reads this as a list or mapping",
                value.span,
                "write `hamiltonian: |` and the terms below it",
            )
        expression = self.expression(value)
        return expression, tuple(term.span for _, term in addends(expression) if term.span)

    def text(self, value: Tree) -> str:
        if not isinstance(value, Scalar):
            _fail("expected-text", "a text belongs here", value.span, "put it in quotes")
        return value.value.removesuffix("\n") if value.style in ("|", ">") else value.value

    def claim(self, value: Mapping) -> Expr:
        """`{says: ..., from: ...}`; without a source the text alone."""
        fields = self.fields(value, CLAIM_FIELDS)
        if "says" not in fields:
            _fail(
                "missing-field",
                "a claim says something",
                value.span,
                'write says: "each layer is an RG step"',
            )
        said = self.text(fields["says"])
        if "from" not in fields:
            return Text(said, span=value.span)
        return Sourced(said, self.text(fields["from"]), span=value.span)

    def fields(self, value: Mapping, known: Sequence[str]) -> dict[str, Tree]:
        """The fields of a mapping by name, each of which is known and stands once."""
        fields: dict[str, Tree] = {}
        for word, tree in value.pairs:
            if word.value not in known:
                _fail(
                    "unknown-field",
                    f"unknown field '{word.value}'",
                    word.span,
                    suggest(word.value, known) or f"known are {', '.join(known)}",
                )
            if word.value in fields:
                _fail("duplicate-field", f"'{word.value}' stands twice", word.span)
            fields[word.value] = tree
        return fields

    def entries(self, name: str, value: Tree) -> Iterator[Any]:
        """Each entry, item or expectation by itself: a problem in one hides no other."""
        for key, tree in self.listed(name, value):
            try:
                if key is None:
                    yield self.unnamed(name, tree)
                else:
                    yield (
                        self.expectation(key, tree)
                        if name in EXPECTATION_SECTIONS
                        else self.entry(name, key, tree)
                    )
            except SpecError as error:
                self.problems.extend(error.problems)

    def listed(self, name: str, value: Tree) -> Iterator[tuple[Scalar | None, Tree]]:
        """The pairs of a mapping; of a list its one-key mappings as pairs and all else without a
        key.
        """
        if isinstance(value, Scalar) or (isinstance(value, Mapping) and name in ITEM_SECTIONS):
            what = "list" if name in (*ITEM_SECTIONS, "measure") else "mapping"
            _fail("yaml-shape", f"section '{name}' is a {what} in YAML", value.span)
        if isinstance(value, Mapping):
            yield from value.pairs
            return
        for item in value.items:
            if name not in ITEM_SECTIONS and isinstance(item, Mapping):
                yield from item.pairs
            elif name in (*ITEM_SECTIONS, "measure"):
                yield None, item
            else:
                self.problems.error(
                    "yaml-shape",
                    f"an entry of '{name}' has a name",
                    item.span,
                    hint="as in `name: value`",
                )

    # -- entries -----------------------------------------------------------------------------------

    def unnamed(self, name: str, value: Tree) -> Entry | Item:
        """A layer of `stack`, or of `measure` a bare expression or the text `name = expression`."""
        if name in ITEM_SECTIONS:
            return Item(self.expression(value), span=value.span)
        entry: Entry = self.words("entry", self.scalar(value))
        check_entry(name, entry, self.problems)
        return entry

    def entry(self, name: str, key: Scalar, value: Tree) -> Entry:
        target: Expr = self.words("value", key)
        entry = Entry(target, span=key.span)
        if name == "runs":
            entry = Entry(target, "=", self.other_spec(value), span=key.span.to(value.span))
        elif name != "measure" or not _is_null(value):
            op, result = self.right_side(":" if name == "spins" else "=", value)
            entry = Entry(target, op, result, span=key.span.to(value.span))
        check_entry(name, entry, self.problems)
        return entry

    def other_spec(self, value: Tree) -> Expr:
        """A path, or `{path: {K: 0.2}}`, where the path is a text without quotes too."""
        if isinstance(value, Mapping) and len(value.pairs) == 1:
            ((path, inside),) = value.pairs
            if isinstance(inside, Mapping):
                settings = self.options(inside)
                return Changed(path.value, settings, span=value.span)
        if isinstance(value, Scalar) and not value.value.startswith('"'):
            return Text(value.value, span=value.span)
        return self.expression(value)

    def right_side(self, op: Op, value: Tree) -> tuple[Op, Expr]:
        if isinstance(value, Mapping):
            _fail(
                "yaml-shape",
                "a mapping stands where a value belongs",
                value.span,
                "write a call as a text: `J: f(x, n=2)`",
            )
        if isinstance(value, Scalar) and value.value.startswith("~"):
            return "~", self.words("value", value, skip=1)
        return op, self.expression(value)

    def expectation(self, key: Scalar, value: Tree) -> Expectation:
        target, span = self.words("value", key), key.span.to(value.span)
        if not isinstance(value, Mapping):
            return Expectation(target, "=", self.expression(value), span=span)
        fields = self.fields(value, FIELDS)
        ops: list[Literal["value", "below", "above"]] = [
            op for op in ("value", "below", "above") if op in fields
        ]
        if len(ops) != 1:
            _fail(
                "expect-form",
                "an expectation has one of value, below, above",
                value.span,
                "several bounds of one target are a list of mappings",
            )
        result = self.expression(fields[ops[0]])
        within = self.tolerances(fields["within"]) if "within" in fields else ()
        source = self.text(fields["from"]) if "from" in fields else None
        return Expectation(
            target, "=" if ops[0] == "value" else ops[0], result, within, source, span=span
        )

    def tolerances(self, value: Tree) -> tuple[Within, ...]:
        trees = value.items if isinstance(value, Items) else (value,)
        return tuple(part for tree in trees for part in self.words("tolerances", self.scalar(tree)))

    # -- expressions -------------------------------------------------------------------------------

    def expression(self, value: Tree) -> Expr:
        if isinstance(value, Scalar):
            result: Expr = self.words("value", value)
            return result
        if isinstance(value, Items):
            return List(tuple(self.expression(item) for item in value.items), span=value.span)
        if len(value.pairs) != 1:
            _fail(
                "yaml-shape",
                "a mapping stands for a call where it has one key, the name of the call",
                value.span,
                "its options stand below that name",
            )
        ((key, inside),) = value.pairs
        return self.call(key, inside, value.span)

    def call(self, key: Scalar, value: Tree, span: Span) -> Expr:
        name = self.words("value", key)
        if not isinstance(name, Name):
            _fail("expected-name", "the key of a call is its name", key.span)
        if _is_null(value):
            return Name(name.name, span=span)
        arguments: tuple[Expr, ...] = ()
        options: tuple[Option, ...] = ()
        if isinstance(value, Mapping):
            options = self.options(value)
        else:
            trees = value.items if isinstance(value, Items) else (value,)
            arguments = tuple(self.argument(name.name, k, tree) for k, tree in enumerate(trees))
        if not arguments and not options:
            return Name(name.name, span=span)
        return Call(name.name, arguments, options, span=span)

    def options(self, value: Mapping) -> tuple[Option, ...]:
        options = tuple(self.option(word, tree) for word, tree in value.pairs)
        names = [option.name for option in options]
        for k, (word, _) in enumerate(value.pairs):
            if word.value in names[:k]:
                _fail("duplicate-option", f"option '{word.value}' is given twice", word.span)
        return options

    def argument(self, call: str, position: int, value: Tree) -> Expr:
        if (
            call in TEXT_CALLS
            and position == 0
            and isinstance(value, Scalar)
            and not value.value.startswith('"')
        ):
            return Text(value.value, span=value.span)
        return self.expression(value)

    def option(self, key: Scalar, value: Tree) -> Option:
        if not key.value.isidentifier() or not key.value.isascii():
            _fail("expected-name", "an option is named by a word", key.span)
        return Option(key.value, self.expression(value), span=key.span.to(value.span))

    def scalar(self, value: Tree) -> Scalar:
        if not isinstance(value, Scalar):
            _fail(
                "yaml-shape",
                "a single value belongs here",
                value.span,
                "put an expression with brackets or braces in quotes",
            )
        return value

    def words(self, start: Start, scalar: Scalar, skip: int = 0) -> Any:
        """What the grammar makes of a scalar behind its first `skip` characters."""
        offsets = scalar.offsets[skip:]
        end = Span(self.source, offsets[-1], offsets[-1])
        words = [
            word
            for word in scan(self.source, scalar.value[skip:], offsets)
            if word.type != "NEWLINE"
        ]
        comments = [word for word in words if word.type == "COMMENT"]
        if comments and scalar.style != "|":
            _fail(
                "yaml-comment",
                "a comment inside a quoted or folded value",
                comments[0].span,
                "write the value behind | on lines of its own",
            )
        self.comments += map(Comment.of, comments)
        words = [word for word in words if word.type != "COMMENT"]
        if not words:
            _fail("missing-value", "a value is missing", scalar.span if scalar.value else end)
        check_nesting(words)
        if start == "tolerances":
            words.insert(0, Word("WITHIN", "within", words[0].span))
        return parse_words(start, words, end)


def _fail(code: str, message: str, span: Span, hint: str = "") -> NoReturn:
    raise SpecError([Problem(code, message, span, hint=hint)])


def _is_null(value: Tree) -> bool:
    return isinstance(value, Scalar) and value.value == "" and value.style == ""
