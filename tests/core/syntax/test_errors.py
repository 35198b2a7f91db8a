"""What is no spec ends in an error with a place: known mistakes, hostile files, the traps of YAML;
never in a traceback.
"""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgc.errors import Problem, Problems, SpecError, render
from rgc.syntax.grammar import WORD_LIMIT, Start
from rgc.syntax.mistakes import explain, fault, mistakes
from rgc.syntax.read import SIZE_LIMIT, Spelling, read, read_text
from rgc.text import Source, Span

EXAMPLES = [
    (mistake.code, start, text) for mistake in mistakes() for start, text in mistake.examples
]


def problems_in(text: str, spelling: Spelling = "rgc") -> tuple[Problem, ...]:
    """The problems of a text; each can be shown and has its place inside the text."""
    problems: tuple[Problem, ...] = ()
    try:
        read_text(text, spelling)
    except SpecError as error:
        problems = error.problems or (Problem("none", "an error without a problem"),)
    for problem in problems:
        assert problem.code != "none"
        assert problem.span is None or 0 <= problem.span.start <= problem.span.end <= len(text) + 1
        shown = render(problem)
        assert all(line.isprintable() for line in shown.split("\n")), shown
        assert len(shown) < 3000
    return problems


def codes_in(text: str, spelling: Spelling = "rgc") -> list[str]:
    return [problem.code for problem in problems_in(text, spelling)]


@pytest.mark.parametrize(("code", "start", "text"), EXAMPLES)
def test_example_of_a_mistake_is_told_as_such(code: str, start: Start, text: str) -> None:
    error = fault(start, text)
    assert error is not None, "the grammar takes this text"
    end = Span(error.words[0].span.source, len(text), len(text))
    assert explain(error, end).code == code


LONG = 300_000


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("lattice " + "[" * LONG, "too-long"),
        ("lattice " + "[" * 65, "too-deep"),
        ("lattice " + "f(" * 65 + "1" + ")" * 65, "too-deep"),
        ("[" * LONG, "too-long"),
        ("hamiltonian " + "1+" * 201 + "1", "too-deep"),
        ("hamiltonian " + "2^-" * 201 + "1", "too-deep"),
        ("hamiltonian a" + ".b" * 300, "too-deep"),
        ("hamiltonian " + "sum(i) " * 300 + "1", "too-deep"),
        ("hamiltonian " + "9" * LONG, "number-range"),
        ("hamiltonian 1e999", "number-range"),
        ('title "' + "a" * LONG, "unclosed-text"),
        ('about """' + "a" * LONG, "unclosed-text"),
        ('title "\\ud800"', "bad-escape"),
        ('title "\\U00110000"', "bad-escape"),
        ("lattice " + "ö" * 1000, "unknown-character"),
        ("parameters {" + "," * 1000 + "}", "stray-comma"),
        ("title \x00", "control-character"),
        ('title "\u202e"', "control-character"),
        ('title "\udc80"', "control-character"),
        ('title "\x1b[31m"', "control-character"),
        ("x" * (SIZE_LIMIT + 1), "too-large"),
        ("a\n" * WORD_LIMIT, "too-long"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_hostile_text(text: str, code: str) -> None:
    assert codes_in(text)[0] == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("lattice: " + "[" * LONG, "too-deep"),
        ("{a: " * LONG, "too-deep"),
        ("- " * LONG, "too-deep"),
        ("lattice: &a [*a]", "yaml-alias"),
        ("lattice: *a", "yaml-alias"),
        ("lattice: !!python/object/apply:os.system [ls]", "yaml-tag"),
        ("title: !str a", "yaml-tag"),
        ("title: a\n---\ntitle: b", "yaml-documents"),
        ("title: a\ntitle: b", "duplicate-section"),
        ("parameters: {K: 1, K: 2}", "duplicate-entry"),
        ("flow: {f: {n: 1, n: 2}}", "duplicate-option"),
        ("expect: {y: {value: 1, value: 2}}", "duplicate-field"),
        ("lattice:\n\tsquare: 3", "yaml-tab"),
        ("hamiltonian: - K * sum(i) s[i]", "yaml-dash"),
        ("hamiltonian:\n  - K * sum(i) s[i]\n  - h * sum(i) s[i]", "yaml-shape"),
        ("title: a: b", "yaml-colon"),
        ("title: @a", "yaml-quote"),
        ("lattice: 'a", "yaml-syntax"),
        ("lattice: 'a # b'", "yaml-comment"),
        ("hamiltonian: >\n  - a  # b\n  - c", "yaml-comment"),
        ("? [a]\n: b", "yaml-key"),
        ("lattice: {a: 1, b: 2}", "yaml-shape"),
        ("- title", "yaml-shape"),
        ("parameters: {K: {f: 1}}", "yaml-shape"),
        ("parameters: K", "yaml-shape"),
        ("expect: {y: {below: 1, above: 0}}", "expect-form"),
        ("expect: {y: {values: 1}}", "unknown-field"),
        ("lattice: ", "empty-section"),
        ("parameters: {K: }", "missing-value"),
        ("lattice: 1 within 2", "tolerance-place"),
        ("latice: square", "unknown-section"),
        ('title: "\\U00110000"', "bad-escape"),
        ('title: "\\UFFFFFFFF"', "bad-escape"),
        ('title: "\\ud800"', "bad-escape"),
    ],
)
def test_traps_of_yaml(text: str, code: str) -> None:
    assert codes_in(text, "yaml")[0] == code


def test_several_problems_of_a_yaml_file() -> None:
    found = [
        (p.code, p.span and p.span.position)
        for p in problems_in("lattice: f(]\nblock: |\n  a\n  + * b\nflow: 'a ''b'\n", "yaml")
    ]
    assert found == [
        ("unmatched-bracket", (1, 12)),
        ("doubled-operator", (4, 5)),
        ("single-quotes", (5, 10)),
    ]


WORDS = st.sampled_from(
    [
        *(
            "a",
            "1",
            " ",
            "\n",
            "\n  ",
            "\t",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            "<",
            ">",
            ",",
            ":",
            "=",
            "~",
            "+",
            "-",
            "*",
            "/",
            "^",
            ".",
            "#",
        ),
        *(
            '"',
            '"""',
            "'",
            "%",
            "|",
            "&",
            "!",
            "?",
            "@",
            "\\",
            "é",
            "\u2028",
            ": ",
            "\n- ",
            "sum(i) ",
            "sum",
            "in",
            "along",
            "within",
            "from",
        ),
        *(
            "title ",
            "lattice ",
            "\nparameters {",
            "\nspins ",
            "\nhamiltonian ",
            "\nflow ",
            "\nexpect {",
            "\nstack {",
            "hamiltonian: |\n  ",
        ),
    ]
)


@settings(max_examples=400)
@given(st.lists(WORDS, max_size=25).map("".join) | st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    problems_in(text, "rgc")
    problems_in(text, "yaml")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    def code(path: Path) -> str:
        with pytest.raises(SpecError) as caught:
            read(path)
        return caught.value.problems[0].code

    latin, large, other = tmp_path / "a.rgc", tmp_path / "b.yaml", tmp_path / "c.txt"
    latin.write_bytes(b'title "caf\xe9"\n')
    large.write_bytes(b"#" * (SIZE_LIMIT + 1))
    other.write_text("title: a")
    assert code(latin) == "bad-encoding"
    assert code(large) == "too-large"
    assert code(other) == "unknown-suffix"
    assert code(tmp_path / "absent.rgc") == "unreadable-file"
    assert code(tmp_path / "nul\0.rgc") == "unreadable-file"
    folder = tmp_path / "folder.rgc"
    folder.mkdir()
    assert code(folder) == "unreadable-file"


def test_line_ends_and_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.rgc"
    path.write_bytes(b'\xef\xbb\xbftitle "a"\r\nlattice square\r\n')
    assert read(path) == read_text('title "a"\nlattice square\n')


def test_a_problem_is_reported_once_and_in_order() -> None:
    problems = Problems()
    for _ in range(2):
        problems.error("b", "second")
    problems.warning("a", "first")
    assert [problem.code for problem in problems.errors] == ["b"]
    assert [problem.code for problem in problems.warnings] == ["a"]


def test_the_excerpt_of_a_long_line_shows_where_it_is_cut() -> None:
    source = Source("long", "a" * 300 + "!" + "b" * 300)
    _, excerpt, caret = render(Problem("code", "message", Span(source, 300, 301))).split("\n")
    assert excerpt.startswith(" 1 | ...aaa")
    assert excerpt.endswith("bbb...")
    assert excerpt.index("!") == caret.index("^")
    start, _, _ = (
        render(Problem("code", "message", Span(source, 3, 4))).split("\n")[1].partition("a")
    )
    assert start == " 1 | "


@pytest.mark.parametrize("spelling", ["rgc", "yaml"])
@pytest.mark.parametrize("text", ["", "\n", "\ufeff", "   \n\n", "# a comment\n", "# one\n\n# two"])
def test_an_empty_file_is_no_spec(text: str, spelling: Spelling) -> None:
    (problem,) = problems_in(text, spelling)
    assert problem.code == "empty-spec"
    assert problem.hint
    assert problem.span is not None
    assert problem.span.position == (1, 1)
