"""The documents are true: examples are read, built and compiled, paths and names exist, tables are
those of the code.

`UPDATE_DOCS=1 pytest
tests/core/test_docs.py` writes the tables of `docs/language.md` again from `rgc.model`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import rgc
from rgc.ast_to_model.scope import CONSTANTS, FUNCTIONS, GEOMETRIC
from rgc.cli import COMMANDS, main
from rgc.language.alphabets import ALPHABETS
from rgc.language.conventions import CONVENTIONS
from rgc.language.data import DATA
from rgc.language.layers import CONNECTIONS, LAYERS
from rgc.language.maps import MAPS
from rgc.language.measures import MEASURES, METHODS, SCAN_MEASURES
from rgc.language.signatures import Field, Signature
from rgc.language.trainers import TRAINERS
from rgc.language.updates import UPDATES
from rgc.loaded import Loaded
from rgc.schemes import SCHEMES
from rgc.schemes.answers import DISCRETE
from rgc.schemes.free_energies import FREE_ENERGIES
from rgc.schemes.sample import SCHEME as SAMPLE
from rgc.schemes.scheme import Scheme

ROOT = Path(__file__).parents[2]
LANGUAGE = ROOT / "docs/language.md"
DOCS = [ROOT / f"{name}.md" for name in ("README", "ARCHITECTURE", "CONTRIBUTING", "CHANGELOG")]
DOCS += sorted((ROOT / "docs").rglob("*.md"))
FENCE = re.compile(r"^```(\S*)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"(<!-- table: ([a-z ]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


@dataclass(frozen=True)
class Example:
    """A fenced block: its language, the words behind it, its text, and where it stands."""

    language: str
    words: tuple[str, ...]
    text: str
    place: str

    @property
    def names(self) -> list[str]:
        """The file that the page calls it, if it does: `name=binder.rgc`."""
        return [word.removeprefix("name=") for word in self.words if word.startswith("name=")]

    def lines(self) -> list[str]:
        """Its lines without comments and blank ones."""
        bare = (line.split("#")[0].rstrip() for line in self.text.splitlines())
        return [line for line in bare if line]


def examples(path: Path) -> Iterator[Example]:
    text = path.read_text("utf-8")
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Example(
            found[1], tuple(found[2].split()), found[3], f"{path.relative_to(ROOT)}:{line}"
        )


EXAMPLES = [example for path in DOCS for example in examples(path)]


# -- examples --------------------------------------------------------------------------------------


def spec_of(
    *,
    parameters: str = "  K = 0.3",
    lattice: str = "square(8)",
    spins: str = "ising",
    terms: str = "- K * sum(<i,j>) s[i]*s[j]",
    block: str = "",
    more: str = "",
    flow: str = "",
) -> str:
    sampled = (
        "mcrg(sweeps=100, steps=1, basis=operators(range=1, bodies=2))"
        if block
        else "sample(sweeps=100)"
    )
    flow = flow or sampled
    blocks = f"block {block}\n" if block else ""
    return (
        f'title "example"\nparameters {{\n{parameters}\n}}\nlattice {lattice}\nspins s: {spins}\n'
        f"hamiltonian {terms}\n{blocks}flow {flow}\n{more}"
    )


def indented(lines: Iterable[str]) -> str:
    return "\n".join(f"  {line}" for line in lines)


def exactly(example: Example, arguments: list[str]) -> str:
    """What the rest of a fragment says after the word enumerate, which is the scheme that it is
    for.
    """
    if "enumerate" not in arguments:
        return ""
    arguments.remove("enumerate")
    return "enumerate(minimise=kl)" if "p=free" in example.text else "enumerate"


def parameter_specs(example: Example, arguments: list[str]) -> Iterator[str]:
    flow = exactly(example, arguments)
    used = "J[i,j]*" if "~" in example.text else ""
    yield spec_of(
        parameters=indented(["K0 = 0.3", *example.lines()]),
        lattice="square(4)",
        terms=f"- K0 * sum(<i,j>) {used}s[i]*s[j]",
        flow=flow,
    )


def lattice_specs(example: Example, arguments: list[str]) -> Iterator[str]:
    flow = exactly(example, arguments)
    for line in example.lines():
        yield spec_of(lattice=line.strip(), terms="- K * sum(i) s[i]", flow=flow)


def hamiltonian_specs(example: Example, arguments: list[str]) -> Iterator[str]:
    flow = exactly(example, arguments)
    lattice, spins = [*arguments, "ising"][:2]
    for line in example.lines():
        yield spec_of(lattice=lattice, spins=spins, terms=line, flow=flow)


def block_specs(example: Example, arguments: list[str]) -> Iterator[str]:
    flow = exactly(example, arguments)
    for line in example.lines():
        how = flow.removesuffix("(minimise=kl)") if "p=free" not in line else flow
        yield spec_of(lattice=arguments[0], block=line.strip(), flow=how)


def measure_specs(example: Example, arguments: list[str]) -> Iterator[str]:
    yield spec_of(lattice=arguments[0], more=f"measure {{\n{indented(example.lines())}\n}}\n")


def expect_specs(example: Example, arguments: list[str]) -> Iterator[str]:
    measured = "measure { energy, tau = avg(m^2) }\n"
    yield spec_of(
        block="majority(2)", more=f"{measured}expect {{\n{indented(example.lines())}\n}}\n"
    )


FRAGMENTS: Mapping[str, Callable[[Example, list[str]], Iterator[str]]] = {
    "rgc-parameters": parameter_specs,
    "rgc-lattice": lattice_specs,
    "rgc-hamiltonian": hamiltonian_specs,
    "rgc-block": block_specs,
    "rgc-measure": measure_specs,
    "rgc-expect": expect_specs,
}


def loaded(example: Example, tmp_path: Path) -> Loaded:
    """The spec of an example, in a folder with the examples of its page that have a name."""
    page = example.place.rpartition(":")[0]
    for other in EXAMPLES:
        for name in other.names if other.place.rpartition(":")[0] == page else ():
            (tmp_path / name).write_text(other.text, "utf-8")
    path = tmp_path / ("spec.yaml" if example.language == "yaml" else "spec.rgc")
    path.write_text(example.text, "utf-8")
    return rgc.load(path)


def codes(error: rgc.SpecError) -> set[str]:
    return {problem.code for problem in error.problems}


def assert_later(text: str | Loaded) -> None:
    """It is refused because it comes later, or, for a lattice without a size, because nothing that
    runs takes it.
    """
    with pytest.raises(rgc.SpecError) as refused:
        rgc.compile(text, backend="reference")
    assert codes(refused.value) <= {"not-yet", "needs-finite-lattice"}


@pytest.mark.parametrize(
    "example",
    [each for each in EXAMPLES if each.language in ("rgc", "yaml")],
    ids=lambda each: each.place,
)
def test_spec_in_a_document(example: Example, tmp_path: Path) -> None:
    expected = {word.removeprefix("error=") for word in example.words if word.startswith("error=")}
    if expected:
        with pytest.raises(rgc.SpecError) as refused:
            loaded(example, tmp_path)
        assert codes(refused.value) == expected
        return
    spec = loaded(example, tmp_path)
    assert not spec.warnings
    if "later" in example.words:
        assert_later(spec)
    else:
        rgc.compile(spec, backend="reference")


@pytest.mark.parametrize(
    "example",
    [each for each in EXAMPLES if each.language in FRAGMENTS],
    ids=lambda each: each.place,
)
def test_fragment_in_a_document(example: Example) -> None:
    arguments = [word for word in example.words if word != "later"]
    texts = list(FRAGMENTS[example.language](example, arguments))
    assert texts
    for text in texts:
        if "later" in example.words:
            assert_later(text)
        else:
            rgc.compile(text, backend="reference")


def test_twins_are_the_same_spec(tmp_path: Path) -> None:
    pairs = [(a, b) for a, b in pairwise(EXAMPLES) if "same" in b.words]
    assert pairs
    for one, other in pairs:
        assert loaded(one, tmp_path).sha256 == loaded(other, tmp_path).sha256


def test_message_in_the_language_page(tmp_path: Path) -> None:
    """The message that the page shows is the one that is printed."""
    section = LANGUAGE.read_text("utf-8").split("## 9.")[1]
    spec, message = (found[3] for found in list(FENCE.finditer(section))[:2])
    path = tmp_path / "bad.rgc"
    path.write_text(spec, "utf-8")
    with pytest.raises(rgc.SpecError) as refused:
        rgc.load(path)
    assert str(refused.value).replace(str(path), "bad.rgc") == message.rstrip("\n")


def test_every_example_has_a_kind_that_is_checked() -> None:
    known = {"rgc", "yaml", "python", "bash", "json", "", *FRAGMENTS}
    directives = {each.language for each in EXAMPLES if each.language.startswith("{")}
    assert {each.language for each in EXAMPLES} <= known | directives


# -- tables ----------------------------------------------------------------------------------------


def table(head: str, rows: Iterable[Iterable[str]]) -> str:
    columns = head.split("|")
    lines = [columns, ["---"] * len(columns), *([_cell(each) for each in row] for row in rows)]
    return "".join("| " + " | ".join(cell.strip() for cell in line) + " |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("<", "&lt;")


def code(words: Iterable[object]) -> str:
    return " ".join(f"`{word}`" for word in words)


def kind(field: Field) -> str:
    """What an option takes, with its limits: `integer, at least 1`."""
    if field.calls and field.kind == "call":
        what = (
            "one of " + code(each.name for each in field.calls)
            if len(field.calls) > 1
            else f"`{field.calls[0].name}(...)`"
        )
    elif field.choices:
        what = ("a list of " if field.kind == "names" else "") + " or ".join(
            f"`{each}`" for each in field.choices
        )
    else:
        what = {
            "numbers": "a list or range",
            "knots": "a number or a list",
            "points": "a list of points",
            "flag": "`true` or `false`",
        }.get(field.kind, field.kind)
    limits = (
        [f"at least {field.least:g}"] if field.least is not None and field.multiple == 1 else []
    )
    limits += [f"above {field.above:g}"] if field.above is not None else []
    limits += [f"at most {field.most:g}"] if field.most is not None and field.most < 1e9 else []
    limits += [f"a multiple of {field.multiple}"] if field.multiple > 1 else []
    return ", ".join([what, *limits])


def default(field: Field) -> str:
    if field.required:
        return "needed"
    if field.default is None:
        return ""
    if field.kind == "call" and not isinstance(field.default, str):
        values = ", ".join(
            f"{each.name}={getattr(field.default, each.name)}" for each in field.calls[0].fields
        )
        return f"`{field.calls[0].name}({values})`"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def written(signature: Signature) -> str:
    """A call as it is written: `cd(k=1, epochs=100, ...)`; what must be given stands without a
    value.
    """
    parts = []
    for field in signature.fields:
        plain = isinstance(field.default, str | int | float)
        shown = str(field.default).lower() if isinstance(field.default, bool) else field.default
        parts.append(
            f"{field.name}={shown}"
            if plain
            else field.name
            if field.required
            else f"{field.name}=..."
        )
    parts += [f"{signature.free}=..."] if signature.free else []
    return f"`{signature.name}({', '.join(parts)})`" if parts else f"`{signature.name}`"


def runs(value: bool) -> str:
    return "yes" if value else "*later*"


def calls(signatures: Mapping[str, Signature], ready: Iterable[str] | None = None) -> str:
    if ready is None:
        return table(
            "call | what it is", ((written(each), each.doc) for each in signatures.values())
        )
    rows = ((written(each), each.doc, runs(each.name in ready)) for each in signatures.values())
    return table("call | what it is | runs", rows)


def measures() -> str:
    """Every built-in measure, and the schemes that give it today."""
    given = {
        name: [each.name for each in SCHEMES.values() if each.ready and name in each.ready.measures]
        for name in MEASURES
    }
    rows = (
        (written(each), each.doc, code(given[each.name]) or "*later*") for each in MEASURES.values()
    )
    return table("call | what it is | given by", rows)


def scheme_row(scheme: Scheme) -> tuple[str, ...]:
    needs = code(scheme.needs) + (f", may use {code(scheme.uses)}" if scheme.uses else "")
    ready = [rule for rule in scheme.rules if scheme.ready is None or rule in scheme.ready.rules]
    later = [rule for rule in scheme.rules if rule not in ready]
    maps = "; ".join([code(ready)] * bool(ready) + [f"*later:* {code(later)}"] * bool(later))
    return f"`{scheme.name}`", runs(scheme.runs), scheme.doc, needs, scheme.lattice.name, maps


def options_of(signatures: Iterable[Signature], what: str) -> str:
    """One row for each option of some calls; equal options of several share it."""
    found: list[tuple[Field, list[str]]] = []
    for signature in signatures:
        for field in signature.fields:
            same = next((names for known, names in found if known == field), None)
            if same is None:
                found.append((field, [signature.name]))
            else:
                same.append(signature.name)
    rows = ((f"`{f.name}`", kind(f), default(f), f.doc, code(names)) for f, names in found)
    return table(f"option | takes | default | meaning | {what}", rows)


def options() -> str:
    """The options of schemes, those of the schemes that run first."""
    return options_of(sorted(SCHEMES.values(), key=lambda each: not each.runs), "schemes")


def conventions() -> str:
    """How files of weights write the energy, and their arrays."""
    rows = (
        (f"`{row.name}`", row.doc, code(row.arrays(1)) + (" of layer 1" if row.numbered else ""))
        for row in CONVENTIONS.values()
    )
    return table("convention | energy | arrays: weights, biases of visible and hidden units", rows)


def functions() -> str:
    one = code(name for name, (arity, _) in FUNCTIONS.items() if arity == 1)
    more = code(name for name, (arity, _) in FUNCTIONS.items() if arity < 0)
    return (
        f"Functions of one number: {one}; of any number of them: {more}; `delta(a, b)` is 1 where "
        f"a = b, else 0; `mod(a, b)` is what dividing a by b leaves. Of sites: {code(GEOMETRIC)}, "
        f"as in `distance(i,j)`, `coordinate(i,x)`. Constants: {code(CONSTANTS)}.\n"
    )


def alphabets() -> str:
    """Every alphabet, and whether its spins are summed over and sampled today."""
    rows = (
        (
            written(each),
            each.doc,
            "; ".join(f"`{field.name}`: {kind(field)}" for field in each.fields),
            runs(name in DISCRETE),
            runs(SAMPLE.ready is not None and name in SAMPLE.ready.alphabets),
        )
        for name, each in ALPHABETS.items()
    )
    return table("alphabet | states | takes | summed over | sampled", rows)


TABLES: Mapping[str, Callable[[], str]] = {
    "alphabets": alphabets,
    "functions": functions,
    "schemes": lambda: table(
        "scheme | runs | does | needs the sections | lattice | block maps",
        map(scheme_row, SCHEMES.values()),
    ),
    "options": options,
    "updates": lambda: calls(UPDATES, set(UPDATES)),
    "measures": measures,
    "methods": lambda: calls(METHODS, {name for name, row in FREE_ENERGIES.items() if row.runs}),
    "scan measures": lambda: calls(SCAN_MEASURES),
    "data": lambda: calls(DATA),
    "layers": lambda: calls(LAYERS),
    "layer options": lambda: options_of(LAYERS.values(), "layers"),
    "connections": lambda: calls(CONNECTIONS),
    "trainers": lambda: table(
        "call | what it is", ((f"`{each.name}(...)`", each.doc) for each in TRAINERS.values())
    ),
    "trainer options": lambda: options_of(TRAINERS.values(), "trainers"),
    "conventions": conventions,
    "maps": lambda: calls(MAPS),
}


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


# -- results ---------------------------------------------------------------------------------------

RESULTS = ROOT / "docs/results.md"


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("out")
    text = spec_of(block="majority(2)", more="expect { y_t = 1 within 0.5 }\n").replace(
        "sweeps=100", "sweeps=200"
    )
    return rgc.compile(text, backend="reference").run(seed=3, out=folder)


def keys(value: Any, path: str = "") -> Iterator[str]:
    """The paths of all keys, names that a spec chooses left out."""
    if isinstance(value, dict):
        for name, inner in value.items():
            free = path.split(".")[-1] in ("exponents", "observables", "couplings", "fixed_point")
            yield from keys(inner, path if free else f"{path}.{name}")
            yield path if free else f"{path}.{name}"
    for inner in value if isinstance(value, list) else ():
        yield from keys(inner, path)


def json_example(name: str) -> Any:
    (shown,) = (
        json.loads(each.text)
        for each in EXAMPLES
        if each.language == "json" and each.place.startswith(name)
    )
    return shown


def test_the_documented_keys_are_those_of_a_run(answer: Any) -> None:
    shown = json_example("docs/results.md")
    real = set(keys(answer.document()))
    assert set(keys(shown)) <= real
    assert list(shown) == list(answer.document())
    assert {path for path in real - set(keys(shown)) if "provenance" not in path} <= {
        ".exponents.note"
    }


def test_the_documented_keys_are_those_of_a_certificate() -> None:
    shown, real = (
        json_example("docs/verify.md"),
        rgc.verify(spec_of(lattice="chain(4)"), backends=[]).document(),
    )
    assert list(shown) == list(real)
    assert list(shown["findings"][0]) == list(real["findings"][0])
    assert set(shown["provenance"]) == set(real["provenance"])
    assert set(shown["instances"]) <= set(real["instances"])


def test_documented_files_are_written(answer: Any) -> None:
    text = RESULTS.read_text("utf-8").split("## The output folder")[1].split("\n## ")[0]
    for path in answer.folder.iterdir():
        assert f"`{path.name}`" in text or f"`{path.stem}`" in text
    families = "exponents observables coupling average eigenvalue series table configuration"
    variables = set(re.findall(rf"`((?:{families.replace(' ', '|')})_\w+)`", text))
    assert len(variables) > 8
    flow = "flow migdal_kadanoff(find=fixed_point, plane=[K, h], starts=[0.3])"
    terms = "- K * sum(<i,j>) s[i]*s[j] - h * sum(i) s[i]"
    text = (
        "parameters { K = 0.4, h = 0 }\nlattice square\nspins s: ising\nhamiltonian "
        f"{terms}\n{flow}\n"
    )
    couplings = rgc.compile(rgc.load(text), backend="reference").run()
    assert "flow" in couplings.plot()
    counted = spec_of(
        lattice="square(2)", block="kadanoff(2, p=free)", flow="enumerate(minimise=kl)"
    )
    unblocked = spec_of(lattice="square(2)", flow="enumerate")
    enumerated = [
        rgc.compile(rgc.load(each), backend="reference").run() for each in (counted, unblocked)
    ]
    corner = "data simplex(5, 3)\nmap convex_nmf(3, variant=lp)\nflow iterate\n"
    updates = corner.replace("variant=lp", "iterations=3")
    walk = corner.replace("convex_nmf(3, variant=lp)", "diffusion(scale=0.5)")
    wave = (
        "parameters { phi(x) = 2*x, g(x) = 1 - cos(x) }\nmap scale(phi, g, mu=3)\n"
        "flow iterate(find=fixed_point, starts=[0.1], oscillations=1, range=[0, 1])\n"
    )
    iterated = [
        rgc.compile(rgc.load(each), backend="reference").run()
        for each in (corner, updates, walk, wave)
    ]
    assert {"oscillation"} <= set(iterated[-1].plot())
    assert {"points", "spectrum"} <= set(iterated[0].plot())
    stack = (
        "parameters { K = 0.4 }\nlattice chain(4)\nspins s: ising\n"
        "hamiltonian - K * sum(<i,j>) s[i]*s[j]\ndata samples(20, thermalise=5)\n"
        "stack { rbm(2, spins=ising, train=cd(epochs=1)) }\nflow train(reconstruct=2)\n"
    )
    trained = rgc.compile(rgc.load(stack), backend="reference").run()
    assert "training" in trained.plot()
    small = "sweeps=100, steps=1, basis=operators(range=1, bodies=2)"
    every_level = f"mcrg({small}, couplings=callen, histograms=true)"
    asked = spec_of(block="majority(2)", flow=every_level)
    blocked = rgc.compile(rgc.load(asked), backend="reference").run()
    assert {"histograms", "configurations"} <= set(blocked.plot())
    scanned = rgc.compile(asked + "scan { K = 0.2:0.4:3 }\n", backend="reference").run()
    assert "zoom" in scanned.plot()
    runs = (answer, couplings, *enumerated, *iterated, trained, blocked)
    every = [each.to_xarray().variables for each in runs]
    assert variables <= {name for each in every for name in each}


def test_the_headline_rule_is_quoted() -> None:
    from rgc.analysis.exponents import DERIVED
    from rgc.analysis.headline import RULE

    text = RESULTS.read_text("utf-8")
    assert RULE in " ".join(text.replace("\n> ", " ").split())
    assert all(f"| `{name}` |" in text for name in DERIVED)


def test_warnings_are_described_as_they_are_said() -> None:
    section = RESULTS.read_text("utf-8").split("## Warnings")[1].split("## ")[0]
    sources = [
        path for folder in ("flows", "analysis") for path in (ROOT / "rgc" / folder).rglob("*.py")
    ]
    said = "".join(path.read_text("utf-8") for path in sorted(sources))
    phrases = [
        part.strip()
        for words in re.findall(r"^- \*(.+?)\*", section, re.MULTILINE)
        for part in words.split("...")
    ]
    assert len(phrases) >= 4
    for phrase in phrases:
        assert phrase in said or phrase.replace("20 ", "{ENOUGH} ") in said, phrase


def test_kinds_and_exit_statuses_are_described() -> None:
    from typing import get_args

    from rgc import cli
    from rgc.results.result import Kind

    text = RESULTS.read_text("utf-8")
    assert all(f"`{each}`" in text for each in get_args(Kind))
    listed = {
        int(number)
        for number in re.findall(r"^\| (\d+) \|", text.split("## Exit status")[1], re.MULTILINE)
    }
    assert listed == {
        cli.DONE,
        cli.UNEXPECTED,
        cli.WRONG,
        cli.FAILED,
        cli.OUT_OF_TIME,
        cli.INTERRUPTED,
    }


# -- paths and names -------------------------------------------------------------------------------

FOLDERS = ("rgc", "backends", "tests", "docs", "grammar", "specs", "examples", "benchmarks", ".ci")
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(?:#([\w-]+))?\)")
PATH = re.compile(rf"`((?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]*)`")
NAMED_IN = re.compile(r"`(\w+)` (?:of|in) `([\w./]+\.py)`")


def prose(path: Path) -> str:
    return FENCE.sub("", path.read_text("utf-8"))


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_paths_named_in_a_document_exist(path: Path) -> None:
    text = prose(path)
    links = {path.parent / found[1] for found in LINK.finditer(text)}
    named = {ROOT / found[1] for found in PATH.finditer(text)}
    assert not sorted(str(each.relative_to(ROOT)) for each in links | named if not each.exists())


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_names_said_to_stand_in_a_file_do(path: Path) -> None:
    for name, file in NAMED_IN.findall(prose(path)):
        source = (ROOT / file).read_text("utf-8")
        assert re.search(rf"^\s*(def |class )?{name}\b( *[:=(\[]|:)", source, re.MULTILINE), (
            f"{name} in {file}"
        )


def test_links_inside_the_language_page_arrive() -> None:
    text = LANGUAGE.read_text("utf-8")
    heads = {
        re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-")
        for head in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }
    assert {found[1] for found in re.finditer(r"\]\(#([\w-]+)\)", text)} <= heads


def test_the_map_of_the_architecture_is_the_tree() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8").split("## The map")[1]
    above, found = ["", ""], set()
    for line in next(FENCE.finditer(text))[3].splitlines():
        depth, name = (len(line) - len(line.lstrip())) // 2, line.split()[0]
        above[depth + 1 :] = [above[depth] + name]
        found.add(above[depth + 1].rstrip("/"))
    missing = sorted(name for name in found if not (ROOT / name).exists())
    assert not missing
    inside = {
        f"rgc/{path.name}"
        for path in (ROOT / "rgc").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    inside |= {
        f"tests/{path.name}"
        for path in (ROOT / "tests").iterdir()
        if path.is_dir() and path.name != "__pycache__" and any(path.iterdir())
    }
    inside |= {
        f"backends/{path.name}"
        for path in (ROOT / "backends").iterdir()
        if (path / "__init__.py").exists()
    }
    assert not sorted(inside - found)


def test_python_of_the_howtos_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines of Python run as they stand, on short runs and the reference backend."""
    own = [each for each in EXAMPLES if each.place.startswith("docs/howto")]
    for each in own:
        for name in each.names:
            text = re.sub(r"sweeps=\d+", "sweeps=200", each.text).replace("(16)", "(4)")
            (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    compile = rgc.compile
    monkeypatch.setattr(
        rgc, "compile", lambda spec, **how: compile(spec, **how, backend="reference")
    )
    blocks = [each.text.replace("16 * 16", "4 * 4") for each in own if each.language == "python"]
    scope: dict[str, Any] = {}
    for block in blocks:
        exec(block, scope)  # noqa: S102
    assert scope["rows"].shape == (256 * 20, 4 * 4)
    assert scope["saved"].series["energy"].shape == (256, 20)
    assert set(scope["saved"].series) == {"energy", "m^2", "m"}
    assert len(scope["answer"].to_dataframe()) == 2
    assert (tmp_path / "energy.pdf").exists()


# -- the README ------------------------------------------------------------------------------------


def readme_spec() -> str:
    return next(
        each.text for each in EXAMPLES if each.place.startswith("README") and each.language == "rgc"
    )


def test_commands_in_the_readme_exist() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert set(re.findall(rf"\brgc ({'|'.join(COMMANDS)})\b", text)) == set(COMMANDS)
    from rgc.cli.run import parser

    synopsis = next(line for line in text.splitlines() if line.startswith("rgc run SPEC"))
    written = set(re.findall(r"--[a-z-]+", synopsis))
    assert written
    assert written <= set(parser()._option_string_actions)


def test_readme_shows_the_spec_of_its_main_job() -> None:
    command = next(
        each.text for each in EXAMPLES if "rgc run" in each.text and each.language == "bash"
    )
    path = re.search(r"rgc run (\S+)", command)
    assert path is not None
    assert rgc.load(ROOT / path[1]).sha256 == rgc.load(readme_spec()).sha256


@pytest.mark.parametrize("form", ["model", "latex", "spec"])
def test_readme_spec_checks_and_shows(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "readme.rgc"
    path.write_text(readme_spec(), "utf-8")
    assert main(["check", str(path)]) == 0
    assert main(["show", str(path), "--as", form]) == 0
    shown = capsys.readouterr().out
    assert {"model": "square, 64 x 64 cells", "latex": r"\sum", "spec": 'from "Yang 1952"'}[
        form
    ] in shown


def test_readme_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines of Python run as they stand, on a smaller lattice and the reference backend."""
    small = readme_spec()
    for old, new in (
        ("square(64)", "square(16)"),
        ("steps=4, sweeps=30000", "steps=2, sweeps=100"),
        ("range=2, bodies=4", "range=1, bodies=2"),
    ):
        assert old in small
        small = small.replace(old, new)
    load, compile = rgc.load, rgc.compile
    monkeypatch.setattr(rgc, "load", lambda path: load(small))
    monkeypatch.setattr(rgc, "compile", lambda spec, backend: compile(spec, backend="reference"))
    lines = next(
        each.text
        for each in EXAMPLES
        if each.place.startswith("README") and each.language == "python"
    )
    scope: dict[str, Any] = {}
    exec(lines, scope)  # noqa: S102
    assert set(scope["flow"].plot()) == {"configurations", "exponents", "autocorrelation"}
