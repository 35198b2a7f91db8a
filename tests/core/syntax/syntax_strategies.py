"""Random syntax trees: every node of the language, nothing that the parser would refuse or write in
another form.
"""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from rgc.syntax import ast
from rgc.syntax.strings import CONTROL

WORDS = ("sum", "prod", "mean", "in", "along", "within", "from", "below", "above", "and")

names = st.one_of(
    st.sampled_from(["K", "s", "i", "x", "infinite", "sums", "e", "sigma", "no", "null", "value"]),
    st.from_regex(r"\A[A-Za-z_][A-Za-z_0-9]{0,6}\Z").filter(lambda word: word not in WORDS),
)
digits = st.one_of(
    st.integers(0, 10**12).map(str),
    st.floats(0, 1e300).map(repr),
    st.sampled_from(["1e-3", "20_000", ".5", "2.", "010", "1E+5", "0.440_686_8", "1.e3"]),
)
texts = st.text(max_size=12) | st.text(
    alphabet=" \n\tab\"'\\#:-{}[],|~\u00e9\u2028\u0007", max_size=12
)
comments = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=10
).map(lambda text: CONTROL.sub("", text).rstrip())

numbers = st.builds(ast.Number, digits)
words = st.builds(ast.Name, names)
leaves = st.one_of(numbers, words, st.builds(ast.Text, texts))


def _tuples(strategy: st.SearchStrategy, least: int = 0, most: int = 3) -> st.SearchStrategy:
    return st.lists(strategy, min_size=least, max_size=most).map(tuple)


def _domains(inner: st.SearchStrategy) -> st.SearchStrategy:
    along = st.none() | inner
    return st.one_of(
        st.builds(ast.Sites, names),
        st.builds(ast.Pairs, names, names, st.integers(1, 3), along),
        st.builds(ast.Shell, inner, names, names),
        st.builds(
            ast.Faces, names.filter(lambda kind: kind != "shell"), _tuples(names, 1, 4), along
        ),
        st.builds(ast.Members, names, names),
        st.builds(ast.Ascending, _tuples(names, 2, 4)),
    )


def _values(inner: st.SearchStrategy) -> st.SearchStrategy:
    return inner | st.builds(ast.Range, inner, inner, inner)


def _given(inner: st.SearchStrategy) -> st.SearchStrategy:
    """Arguments and options, at least one of them."""
    options = st.builds(ast.Option, names | st.sampled_from(WORDS), _values(inner))
    unique = st.lists(options, max_size=2, unique_by=lambda option: option.name).map(tuple)
    return st.tuples(_tuples(_values(inner)), unique).filter(any)


def _grow(inner: st.SearchStrategy) -> st.SearchStrategy:
    return st.one_of(
        st.builds(ast.List, _tuples(_values(inner))),
        st.builds(ast.Tuple, _tuples(inner, 1)),
        st.builds(ast.Negate, inner),
        st.builds(ast.Binary, st.sampled_from("+-*/^"), inner, inner),
        st.builds(lambda name, given: ast.Call(name, *given), names, _given(inner)),
        st.builds(lambda base, given: ast.Index(base, *given), inner, _given(inner)),
        st.builds(ast.Member, inner, names),
        st.builds(ast.Reduction, st.sampled_from(["sum", "prod", "mean"]), _domains(inner), inner),
    )


@cache
def _grown(depth: int) -> st.SearchStrategy:
    return _grow(_expressions(depth - 1)) if depth else leaves


@st.composite
def _expressions(draw: st.DrawFn, depth: int) -> ast.Expr:
    return draw(leaves | _grown(depth))


expressions = _expressions(3)
values = _values(expressions)

_commented = {"above": _tuples(comments, 0, 2), "beside": st.none() | comments}
_functions = st.builds(lambda name, of: ast.Call(name, of), names, _tuples(words, 1, 2))


def _entries(targets: st.SearchStrategy, ops: tuple[str, ...]) -> st.SearchStrategy:
    entry = st.builds(ast.Entry, targets, st.sampled_from(ops), values, **_commented)
    return st.lists(entry, max_size=3, unique_by=lambda entry: entry.target.name).map(tuple)


_measures = st.lists(
    st.builds(ast.Entry, words, st.just("="), values, **_commented)
    | st.builds(ast.Entry, expressions, **_commented),
    max_size=3,
    unique_by=lambda entry: entry.target.name if entry.op else id(entry),
).map(tuple)
_within = st.builds(ast.Within, expressions, st.sampled_from(["absolute", "percent", "sigma"]))
_expectations = st.builds(
    ast.Expectation,
    expressions,
    st.sampled_from(["=", "below", "above"]),
    expressions,
    _tuples(_within, 0, 2),
    st.none() | texts,
    **_commented,
)
_settings = st.lists(
    st.builds(ast.Option, names, values), min_size=1, max_size=2, unique_by=lambda each: each.name
).map(tuple)
_runs = st.builds(
    ast.Entry,
    words,
    st.just("="),
    st.builds(ast.Text, texts) | st.builds(ast.Changed, texts, _settings),
    **_commented,
)
_lines = _tuples(_expectations)
_claims = st.builds(ast.Sourced, texts, texts) | st.builds(ast.Text, texts)
_bodies = {
    "runs": st.lists(_runs, max_size=3, unique_by=lambda entry: entry.target.name).map(tuple),
    **dict.fromkeys(("supports", "refutes", "identity"), _lines),
    "parameters": _entries(words | _functions, ("=", "~")),
    "spins": _entries(words, (":",)),
    "scan": _entries(words, ("=",)),
    "measure": _measures,
    "stack": _tuples(st.builds(ast.Item, values, **_commented)),
    "expect": _lines,
}


@st.composite
def _section(draw: st.DrawFn, name: str) -> ast.Section:
    around = {
        "above": draw(_commented["above"]),
        "beside": draw(_commented["beside"]),
        "below": draw(_commented["above"]),
    }
    if name in _bodies:
        return ast.Section(name, draw(_bodies[name]), **around)
    kinds = {"claim": _claims, **dict.fromkeys(ast.TEXT_SECTIONS, texts)}
    body = draw(kinds.get(name, values))
    terms = 1 if isinstance(body, str) else len(ast.addends(body))
    chosen = draw(st.sets(st.integers(0, terms - 1), max_size=2))
    notes = (draw(st.builds(ast.Note, st.just(term), **_commented)) for term in sorted(chosen))
    return ast.Section(
        name,
        body,
        notes=tuple(note for note in notes if note.above or note.beside is not None),
        **around,
    )


@st.composite
def documents(draw: st.DrawFn) -> ast.Document:
    """A whole document of one section or more in a random order, an `include` only where it may
    stand.
    """
    order = draw(st.lists(st.sampled_from(ast.SECTIONS), unique=True, min_size=1, max_size=5))
    first = [name for name in order if name in ast.TEXT_SECTIONS]
    rest = [name for name in order if name not in ast.TEXT_SECTIONS]
    sections = tuple(draw(_section(name)) for name in (*first, *rest))
    return ast.Document(sections, draw(_tuples(comments, 0, 2)))
