"""The README and the how-tos: their commands exist, and their Python runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import rgc
from rgc.cli import COMMANDS, main
from tests.core.docs.pages import EXAMPLES, ROOT


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
