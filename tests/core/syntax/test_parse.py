"""What the grammar makes of a text: shapes of trees, places, comments, and the same in YAML."""

import pytest

from rgc.errors import SpecError
from rgc.syntax.ast import (
    Ascending,
    Binary,
    Call,
    Entry,
    Expectation,
    Faces,
    Index,
    Item,
    List,
    Member,
    Members,
    Name,
    Negate,
    Node,
    Number,
    Option,
    Pairs,
    Range,
    Reduction,
    Shell,
    Sites,
    Text,
    Tuple,
    Within,
    addends,
)
from rgc.syntax.grammar import language
from rgc.syntax.parse import parse_entry, parse_expression
from rgc.syntax.print import print_expression
from rgc.syntax.read import read_text
from rgc.text import Source

a, b, c, i, j, s, x = (Name(name) for name in "abcijsx")
one, two = Number("1"), Number("2")


def expression(text: str) -> Node:
    return parse_expression(Source("<test>", text))


def product(left: Node, right: Node) -> Binary:
    return Binary("*", left, right)


si, sj = Index(s, (i,)), Index(s, (j,))
bonds = Reduction("sum", Pairs("i", "j"), product(si, sj))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("-2^2", Negate(Binary("^", two, two))),
        ("a^b^c", Binary("^", a, Binary("^", b, c))),
        ("2^-a", Binary("^", two, Negate(a))),
        ("a - b - c", Binary("-", Binary("-", a, b), c)),
        ("a/b*c", product(Binary("/", a, b), c)),
        ("-a*b", product(Negate(a), b)),
        ("a*-b", product(a, Negate(b))),
        ("+ a - b", Binary("-", a, b)),
        ("(a)", a),
        ("f()", Name("f")),
        ("f(a, n=2,)", Call("f", (a,), (Option("n", two),))),
        ("f(mean=a)", Call("f", (), (Option("mean", a),))),
        ("[]", List(())),
        ("[1:2:a, b]", List((Range(one, two, a), b))),
        ("(1,)", Tuple((one,))),
        ("(1, -2)", Tuple((one, Negate(two)))),
        ("1:2:a*b", Range(one, two, product(a, b))),
        ("a.b[c]", Index(Member(a, "b"), (c,))),
        ("a[i][j]", Index(Index(a, (i,)), (j,))),
        ("a[b, n=1]", Index(a, (b,), (Option("n", one),))),
        (".5", Number(".5")),
        ("1_000", Number("1_000")),
        (r'"a\"\\\u00e9\n"', Text('a"\\\u00e9\n')),
        ("infinite", Name("infinite")),
        ("summer*inner", product(Name("summer"), Name("inner"))),
    ],
)
def test_expression(text: str, tree: Node) -> None:
    assert expression(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("sum(<i,j>) s[i]*s[j]", bonds),
        ("a*b * sum(<i,j>) s[i]*s[j]", product(product(a, b), bonds)),
        ("sum(<i,j>) s[i]*s[j] + a", Binary("+", bonds, a)),
        ("-a * sum(<i,j>) s[i]*s[j]", product(Negate(a), bonds)),
        ("- sum(<i,j>) s[i]*s[j]", Negate(bonds)),
        ("(sum(i) a)*b", product(Reduction("sum", Sites("i"), a), b)),
        ("a / sum(i) b", Binary("/", a, Reduction("sum", Sites("i"), b))),
        (
            "sum(i) s[i]*sum(j) s[j]",
            Reduction("sum", Sites("i"), product(si, Reduction("sum", Sites("j"), sj))),
        ),
        ("mean(i) -s[i]", Reduction("mean", Sites("i"), Negate(si))),
        (
            "sum(f in cubes) prod(i in f) s[i]",
            Reduction("sum", Members("f", "cubes"), Reduction("prod", Members("i", "f"), si)),
        ),
        ("sum(i < j < k) a", Reduction("sum", Ascending(("i", "j", "k")), a)),
        ("sum(<<i,j>>) a", Reduction("sum", Pairs("i", "j", 2), a)),
        ("sum(<<<i,j>>>) a", Reduction("sum", Pairs("i", "j", 3), a)),
        ("sum(<i,j> along x) a", Reduction("sum", Pairs("i", "j", 1, x), a)),
        ("sum(shell(4,i,j)) a", Reduction("sum", Shell(Number("4"), "i", "j"), a)),
        ("sum(triangle(i,j,k)) a", Reduction("sum", Faces("triangle", ("i", "j", "k")), a)),
        (
            "sum(plaquette(i,j) along (0,1)) a",
            Reduction("sum", Faces("plaquette", ("i", "j"), Tuple((Number("0"), one))), a),
        ),
    ],
)
def test_reduction_binds_the_product_to_its_right(text: str, tree: Node) -> None:
    assert expression(text) == tree
    assert expression(print_expression(tree)) == tree


def test_grammar_has_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    from lark import Lark
    from lark.load_grammar import logger

    with caplog.at_level("DEBUG", logger=logger.name):
        Lark(
            language().source_grammar,
            parser="lalr",
            lexer="basic",
            start=language().options.start,
            debug=True,
        )
    assert not [record for record in caplog.records if "conflict" in record.getMessage().lower()]


def test_signed_terms() -> None:
    assert addends(expression("a - b + c")) == (("+", a), ("-", b), ("+", c))


def test_an_entry_for_the_command_line() -> None:
    assert parse_entry(Source("--set", "J ~ normal(0, 1)")) == Entry(
        Name("J"), "~", expression("normal(0, 1)")
    )


def test_entries_end_at_commas_and_newlines() -> None:
    text = (
        "parameters {\n K = 1, h = \n 2\n J(r)\n = 1 +\n\n 2\n L = [1,\n 2]\n}\nexpect {\n y = "
        '1\n within 3 % and 2 sigma\n from "me"\n kl below 1\n}\n'
    )
    parameters, expect = (section.body for section in read_text(text).sections)
    three = Binary("+", one, two)
    assert parameters == (
        Entry(Name("K"), "=", one),
        Entry(Name("h"), "=", two),
        Entry(Call("J", (Name("r"),)), "=", three),
        Entry(Name("L"), "=", List((one, two))),
    )
    within = (Within(Number("3"), "percent"), Within(two, "sigma"))
    assert expect == (
        Expectation(Name("y"), "=", one, within, "me"),
        Expectation(Name("kl"), "below", one),
    )


def test_spins_and_stack() -> None:
    entries = (Entry(s, ":", Name("ising")), Entry(Name("t"), ":", Name("ising")))
    for text in (
        "spins s: ising, t: ising",
        "spins {s: ising, t: ising}",
        "spins\n  s: ising\n  t: ising",
        "spins {\n s:\n ising\n t: ising}",
    ):
        assert read_text(text).sections[0].body == entries
    assert read_text("stack { a\n b }").sections[0].body == (Item(a), Item(b))


def test_long_texts() -> None:
    for text in (
        'about """a\nb"""',
        'about """\n  a\n  b\n  """',
        'about """\na\nb\n"""',
        'about """\n  a\n  b\n"""',
    ):
        assert read_text(text).sections[0].body == "a\nb", text
    assert read_text('about """\n    a\n\n   b\n  """').sections[0].body == "  a\n\n b"
    assert read_text("about: |\n  a\n  b\n", "yaml").sections[0].body == "a\nb"


BOTH = (
    (
        "rgc",
        """# top

title "t"  # of the title
# couplings
parameters {  # in kT
  # critical
  K = 1  # Onsager
  L = [1,  # first
       2]  # second
  # none
}
hamiltonian  # H
  # bonds
  - K * sum(<i,j>) s[i]*s[j]  # nearest
  + sum(i) 1
  # no field
lattice square  # open
# end
""",
    ),
    (
        "yaml",
        """# top

title: t  # of the title
# couplings
parameters:  # in kT
  # critical
  K: 1  # Onsager
  L: [1,  # first
      2]  # second
  # none
hamiltonian: |  # H
  # bonds
  - K * sum(<i,j>) s[i]*s[j]  # nearest
  + sum(i) 1
  # no field
lattice: square  # open
# end
""",
    ),
)


@pytest.mark.parametrize(("spelling", "text"), BOTH)
def test_comments_find_their_places(spelling: str, text: str) -> None:
    document = read_text(text, spelling)
    title, parameters, hamiltonian, lattice = document.sections
    assert (title.above, title.beside) == (("top",), "of the title")
    assert (parameters.above, parameters.beside, parameters.below) == (
        ("couplings",),
        "in kT",
        ("none",),
    )
    K, L = parameters.body
    assert (K.above, K.beside) == (("critical",), "Onsager")
    assert (L.above, L.beside) == (("first",), "second")
    assert (hamiltonian.beside, hamiltonian.below) == ("H", ("no field",))
    (note,) = hamiltonian.notes
    assert (note.term, note.above, note.beside) == (0, ("bonds",), "nearest")
    assert (lattice.beside, document.below) == ("open", ("end",))


def spans_of(node: object) -> list[tuple[str, str]]:
    """The names in a tree, each with the text at its place."""
    if isinstance(node, tuple):
        return [pair for part in node for pair in spans_of(part)]
    if not isinstance(node, Node):
        return []
    own = [(node.name, node.span.text)] if isinstance(node, Name) else []
    fields = (
        field
        for kind in type(node).__mro__
        for field in getattr(kind, "__slots__", ())
        if not field.endswith("span")
    )
    return own + [pair for field in fields for pair in spans_of(getattr(node, field))]


@pytest.mark.parametrize(
    ("spelling", "text"),
    [
        (
            "rgc",
            "parameters { K = alpha + f(beta) # c\n L ~ gamma }\nhamiltonian - K * sum(i < j) "
            "s[i]\n  - h",
        ),
        ("yaml", 'parameters: {K: alpha + f(beta), L: "~  gamma"}\n'),
        (
            "yaml",
            "hamiltonian: |\n\n   - K * sum(i) s[i]  # nn\n     + h\n   - alpha\nlattice: "
            "{square: L}\n",
        ),
        (
            "yaml",
            "hamiltonian: >2-\n\n    - K\n     + h\n\n    - alpha\nblock:\n- majority:\n  - beta\n",
        ),
        ("yaml", 'lattice: "gr\\u0061nd(\\\n    beta , \\x67) + f(gamma,\n   delta)"\n'),
        ("yaml", "lattice: 'f(alpha,\n\n   beta)'\nblock: f(alpha,\n   beta, gamma)\n"),
    ],
)
def test_places_point_at_what_was_written(spelling: str, text: str) -> None:
    found = spans_of(read_text(text, spelling).sections)
    assert found
    assert all(name == written or "\\" in written for name, written in found), found


def test_yaml_forms_mean_their_calls() -> None:
    text = """
flow: {mcrg: {steps: 4, basis: {operators: {range: 2}}, update: wolff}}
data: {file: digits.npy}
block: [{majority: 2}, {kadanoff: [2, 1e-3]}, exact, {decimate: }]
parameters: {J: "~ normal(0, 1)", on: no, x: 010, W: [[1, 2], [a, b]]}
measure: [energy, {m: 'mean(i) s[i]'}, u = 1]
expect:
  - y: {value: 1, within: [3 sigma, 0.1]}
  - y: {above: 0}
  - z: 2
"""
    flow, data, block, parameters, measure, expect = (
        section.body for section in read_text(text, "yaml").sections
    )
    assert flow == expression("mcrg(steps=4, basis=operators(range=2), update=wolff)")
    assert data == Call("file", (Text("digits.npy"),))
    assert block == expression("[majority(2), kadanoff(2, 1e-3), exact, decimate]")
    assert [print_expression(entry.value) for entry in parameters] == [
        "normal(0, 1)",
        "no",
        "010",
        "[[1, 2], [a, b]]",
    ]
    assert [(print_expression(entry.target), entry.op) for entry in parameters][:2] == [
        ("J", "~"),
        ("on", "="),
    ]
    assert measure == (
        Entry(Name("energy")),
        Entry(Name("m"), "=", expression("mean(i) s[i]")),
        Entry(Name("u"), "=", one),
    )
    assert expect[0].within == (Within(Number("3"), "sigma"), Within(Number("0.1")))
    assert [entry.op for entry in expect] == ["=", "above", "="]


def test_all_problems_of_a_file_in_one_pass() -> None:
    text = "latice q\nparameters { K = 1 +, h = ], J : 2 }\nblock f(\nflow a b\ntitle 3\n"
    with pytest.raises(SpecError) as caught:
        read_text(text)
    found = [
        (problem.span.position, problem.code) for problem in caught.value.problems if problem.span
    ]
    assert found == [
        ((1, 1), "unknown-section"),
        ((2, 27), "unmatched-bracket"),
        ((3, 8), "unclosed-bracket"),
        ((4, 8), "missing-operator"),
        ((5, 7), "expected-text"),
    ]
