"""`docs/results.md` and `docs/verify.md` say what a run and a certificate answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

import rgc
from tests.core.docs.pages import EXAMPLES, ROOT, spec_of

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
