"""What docs/security.md promises: no input reaches an interpreter, a shell, a pickle or a path
outside its folder, and a page shows texts of others and runs none of them.
"""

from __future__ import annotations

import json
import re
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import rgc
from rgc.cli import main
from rgc.errors import SpecError
from rgc.results.pages.report import report

with suppress(ImportError):  # xarray imports it where it is installed; it pickles what is its own
    import dask.array  # noqa: F401

MARK = "zq7x"
"""A word that no library has, in every name and text of the specs below."""

SPINS = f"""title "{MARK} `id` $(id)"
about "{MARK}; import os"
parameters {{ K_{MARK} = 0.3 }}
lattice square(4)
spins s_{MARK}: ising
hamiltonian - K_{MARK} * sum(<i,j>) s_{MARK}[i]*s_{MARK}[j]
flow sample(sweeps=10, thermalise=2, every=1, replicas=64)
measure {{ e_{MARK} = mean(i) s_{MARK}[i] }}
"""
RECURSION = f"""title "{MARK}"
parameters {{ a_{MARK} = 2 }}
map recursion(x_{MARK} = a_{MARK} * x_{MARK} * (1 - x_{MARK}), scale=2)
flow iterate(steps=3, find=fixed_point)
"""
FORBIDDEN = ("pickle.", "socket.connect", "os.system")
HANDED = ("compile", "subprocess.Popen", "os.exec", "os.posix_spawn")
"""Events of Python's audit hooks that never happen, and those that are handed nothing of a spec."""

heard: list[Callable[[str, tuple[Any, ...]], None]] = []
sys.addaudithook(lambda event, arguments: heard[-1](event, arguments) if heard else None)


@contextmanager
def watched(out: list[str]) -> Iterator[None]:
    """Record the events of `FORBIDDEN`, and those of `HANDED` whose code or program has `MARK`."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        handed = event in HANDED and MARK in str(arguments[0])
        if handed or event.startswith(FORBIDDEN):
            out.append(f"{event} {arguments}")

    heard.append(hook)
    try:
        yield
    finally:
        heard.pop()


@pytest.mark.parametrize("text", [SPINS, RECURSION])
def test_no_text_of_a_spec_is_compiled_or_handed_to_a_shell(tmp_path: Path, text: str) -> None:
    path = tmp_path / f"{MARK}.rgc"
    path.write_text(text)
    found: list[str] = []
    with watched(found):
        rgc.compile(path, backend="reference").run(out=tmp_path / "out", warn=lambda message: None)
    assert not found
    with watched(found):
        eval(compile(f"'{MARK}'", "here", "eval"))  # noqa: S307
    assert len(found) == 1  # what is watched for is seen


def test_no_text_of_a_spec_is_in_generated_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "spec.rgc"
    path.write_text(SPINS)
    assert main(["show", str(path), "--as", "code", "--backend", "numba"]) == 0
    shown = capsys.readouterr().out
    assert "def " in shown
    assert MARK not in re.sub("#.*", "", shown)  # comments name the fields


@pytest.mark.parametrize(
    "path", ["../secret.npy", "/etc/passwd", "in/../../secret.npy", "~/secret.npy"]
)
@pytest.mark.parametrize(
    "text",
    [
        'data file("{}")\nmap diffusion(scale=1)\nflow iterate\n',
        'include "{}"\n' + SPINS,
        "lattice square(2)\nspins s: ising\ndata patterns(8)\n"
        'stack {{ rbm(hidden=2, weights=file("{}"), train=cd(epochs=1)) }}\nflow train\n',
        'runs {{ a = "{}" }}\n',
        'runs {{ a = "{}" {{ K = [0.2, 0.3] }} }}\n',
        SPINS.replace("{", "{{").replace("}", "}}").replace("0.3", 'from "{}" energy', 1),
    ],
    ids=["data", "include", "weights", "runs", "changed runs", "from"],
)
def test_no_file_outside_the_folder_is_opened(tmp_path: Path, path: str, text: str) -> None:
    (tmp_path / "secret.npy").write_text("secret")
    inside = tmp_path / "inside"
    (inside / "in").mkdir(parents=True)
    spec = inside / "spec.rgc"
    spec.write_text(text.replace("{}", path).replace("{{", "{").replace("}}", "}"))
    opened: list[str] = []
    heard.append(lambda event, words: opened.append(str(words[0])) if event == "open" else None)
    try:
        with pytest.raises(SpecError) as refused:
            rgc.load(spec)
    finally:
        heard.pop()
    assert refused.value.problems[0].code == "path-outside"
    own = (
        str(inside),
        sysconfig.get_paths()["stdlib"],
        sys.prefix,
        str(Path(rgc.__file__).parents[1]),
    )
    assert [name for name in opened if not name.startswith(own)] == []
    assert str(spec) in opened


# -- pages -----------------------------------------------------------------------------------------

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&lt;"


class Tags(HTMLParser):
    """Every tag of a page with the names of its attributes, and the page's text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[tuple[str, ...]] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add((tag, *(name for name, _ in attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data


def spoilt(document: Any) -> Iterator[Any]:
    """Copies of a document of which one text, or one name that a spec may choose, is hostile."""
    for place in places(document):
        copy = json.loads(json.dumps(document))
        inner = copy
        for key in place[:-1]:
            inner = inner[key]
        if isinstance(inner[place[-1]], str):
            inner[place[-1]] = HOSTILE
        else:
            inner[HOSTILE] = inner.pop(place[-1])
        yield copy


NAMED = ("observables", "exponents", "couplings", "parameters", "runs")
"""What holds names of the spec's own."""


def places(document: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in list(pairs):
        if isinstance(value, str) or (above and above[-1] in NAMED):
            yield (*above, key)
        if isinstance(value, dict | list):
            yield from places(value, (*above, key))


SHOWN = SPINS + f'expect {{ e_{MARK} = 0 within 1 from "somebody" }}\n'


@pytest.mark.parametrize("scan", ["", f"scan {{ K_{MARK} = [0.1, 0.2] }}\n"])
def test_texts_of_others_are_shown_and_not_run(scan: str) -> None:
    text = (
        SHOWN.replace(f"expect {{ e_{MARK}", f"expect {{ e_{MARK}[K_{MARK}=0.1]") if scan else SHOWN
    )
    answer = rgc.compile(text + scan, backend="reference").run(warn=lambda message: None)
    document = answer.document()
    allowed = Tags(report(document, "spec", {"scan": "<svg/>"})).tags
    shown = 0
    for changed in spoilt(document):
        page = report(changed, HOSTILE, {"scan": f"<svg>{HOSTILE}</svg>", HOSTILE: "<svg/>"})
        tags = Tags(page)
        assert tags.tags == allowed
        shown += tags.text.count(HOSTILE)
    assert shown > len(list(spoilt(document)))  # the spec alone is once on every page


STUDY = f"""title "{MARK}"
about "{MARK}"
runs {{ a_{MARK} = "spins.rgc" }}
claim "{MARK} is right" from "{MARK} 1999"
supports {{ a_{MARK}.e_{MARK} above -2 }}
refutes {{ a_{MARK}.e_{MARK} below -3 }}
measure {{ twice_{MARK} = 2 * a_{MARK}.e_{MARK} }}
expect {{
  verdict = supported
  a_{MARK}.e_{MARK} = 0 within 1 from "{MARK} 2000"
}}
"""


def test_the_page_of_a_study(tmp_path: Path) -> None:
    """Its claim, its verdict, its runs and their answers are texts as well."""
    (tmp_path / "spins.rgc").write_text(SPINS)
    (tmp_path / "study.rgc").write_text(STUDY)
    compiled = rgc.compile(tmp_path / "study.rgc", backend="reference")
    document = compiled.run(warn=lambda message: None).document()
    assert "verdict" in document
    allowed = Tags(report(document, "spec", {})).tags
    shown = foreign = 0
    for changed in spoilt(document):
        try:
            tags = Tags(report(changed, HOSTILE, {}))
        except LookupError:  # a verdict, or a scheme, that there is not: `rgc report` refuses it
            foreign += 1
            continue
        assert tags.tags == allowed
        shown += tags.text.count(HOSTILE)
    assert shown > len(list(spoilt(document))) - foreign
    assert foreign < 4


def test_a_page_runs_nothing_and_fetches_nothing() -> None:
    answer = rgc.compile(SPINS, backend="reference").run(warn=lambda message: None)
    page = report(answer.document(), "spec", {})
    policy = re.search('http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    stated = dict(part.split(maxsplit=1) for part in policy[1].split("; "))
    assert stated["default-src"] == "'none'"
    assert stated.keys().isdisjoint({"script-src", "connect-src", "frame-src", "object-src"})
    assert stated["img-src"] == "data:"
    assert policy.end() < page.index("<title>") < page.index("<style>")
    assert not re.search("https?:", page)
