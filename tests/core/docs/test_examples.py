"""Examples in the documents are read, built and compiled, or refused as they say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import pytest

import rgc
from rgc.loaded import Loaded
from tests.core.docs.pages import EXAMPLES, FENCE, LANGUAGE, Example, spec_of


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
