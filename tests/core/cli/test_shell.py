"""What the command line gives a shell: completion, specs on standard input, templates, colours."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

import rgc
from rgc.cli import COMMANDS, main
from rgc.cli.colour import write
from rgc.cli.completion import SHELLS
from rgc.results.document_schema import schema
from rgc.schemes import SCHEMES
from tests.core.json_schema import valid

SPEC = """title "from a pipe"
parameters { K = 0.4 }
lattice chain(4)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow enumerate
"""
RESULT = schema()
SAMPLED = ("train", "sample", "mcrg", "variational_mcrg")
"""Schemes whose templates run on numba, which compiles them first."""

RUNNING = [name for name, scheme in SCHEMES.items() if scheme.ready is not None]


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_has_every_command_and_option(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    for word in (*COMMANDS, "time-limit", "max-memory", "migdal_kadanoff"):
        assert word in script


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["c"], {"check", "claims", "convert", "completion"}),
        (["run", "--se"], {"--set", "--seed"}),
        (["show", "--as", "l"], {"latex"}),
        (["new", "--flow", "m"], {"mcrg", "migdal_kadanoff"}),
    ],
)
def test_bash_completes(words: list[str], expected: set[str]) -> None:
    script = SHELLS["bash"]()
    typed = " ".join(f"'{word}'" for word in ("rgc", *words))
    ask = f'COMP_WORDS=({typed}); COMP_CWORD={len(words)}; _rgc; echo "${{COMPREPLY[@]}}"'
    done = subprocess.run(
        ["bash", "-c", f"{script}\n{ask}"], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) == expected
    assert not done.stderr


def test_a_spec_comes_from_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["check", "-"], ["run", "-", "--backend", "reference"], ["show", "-"]):
        monkeypatch.setattr(sys, "stdin", io.StringIO(SPEC))
        assert main(command) == 0
    assert "from a pipe" in capsys.readouterr().out
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert main(["check", "-"]) == 2
    assert "empty-spec" in capsys.readouterr().err


def test_every_scheme_that_runs_has_a_template(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "--list"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == RUNNING
    assert main(["new"]) == 2


@pytest.mark.parametrize("name", RUNNING)
def test_template_is_in_the_standard_layout_and_has_no_warnings(name: str) -> None:
    from rgc.syntax.print import print_text

    loaded = rgc.load(SCHEMES[name].template)
    assert not loaded.warnings
    assert print_text(loaded.document) == SCHEMES[name].template


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name in SAMPLED else ()) for name in RUNNING],
)
def test_template_gives_what_it_expects(name: str) -> None:
    sampled = name in SAMPLED
    backend = "numba" if sampled else "reference"
    answer = rgc.compile(SCHEMES[name].template, backend=backend).run(checkpoints=False)
    assert answer.passed
    assert valid(answer.document(), RESULT)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_only_where_they_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a.rgc:1:2: error[unknown-name]: unknown name 'J'\n 1 | J\n   | ^\nhint: did you mean K"
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    plain, coloured, refused = io.StringIO(), Terminal(), Terminal()
    write(text, plain)
    write(text, coloured)
    monkeypatch.setenv("NO_COLOR", "1")
    write(text, refused)
    assert plain.getvalue() == refused.getvalue() == f"{text}\n"
    assert "\x1b[" in coloured.getvalue()
    assert "unknown name 'J'" in coloured.getvalue()
