"""The commands: exit status, what goes to stdout and what to stderr, mistakes with hints, nothing
heavy imported.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import rgc
from rgc.cli import main

HEAVY = ("numpy", "scipy", "numba", "jax", "rich", "xarray", "matplotlib")

SPEC = """\
title "A small Ising model"
parameters {
  K = 0.3   # weak
  h = 0
}
lattice square(4)
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]
flow sample(sweeps=100)
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.rgc"
    path.write_text(SPEC)
    return path


def lines(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    out, err = capsys.readouterr()
    return out, err


# -- nothing heavy ---------------------------------------------------------------------------------

PROBE = """
import sys
from rgc.cli import main
status = main(sys.argv[1:])
loaded = sorted(name for name in sys.modules if name.partition(".")[0] in {heavy})
print("HEAVY", loaded, file=sys.stderr)
sys.exit(status)
"""


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        ["run", "--help"],
        ["check", "SPEC"],
        ["fmt", "--check", "SPEC"],
        ["convert", "SPEC", ".yaml"],
    ],
)
def test_light_commands_import_nothing_heavy(words: list[str], spec: Path) -> None:
    words = [str(spec) if word == "SPEC" else word for word in words]
    command = [sys.executable, "-c", PROBE.format(heavy=set(HEAVY)), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    assert "HEAVY []" in done.stderr, done.stderr


def test_import_rgc_imports_nothing_heavy() -> None:
    code = f"import sys, rgc; print(sorted(set(sys.modules) & set({HEAVY})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# -- the table of commands -------------------------------------------------------------------------


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out, err = lines(capsys)
    assert err == ""
    for command in ("run", "check", "show", "convert", "fmt", "report", "backends", "new"):
        assert re.search(rf"^  {command} ", out, re.MULTILINE)


def test_every_command_in_the_table_is_there_and_has_help(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from rgc.cli import COMMANDS

    for command in COMMANDS:
        assert main([command, "--help"]) == 0
        out = capsys.readouterr().out
        assert f"usage: rgc {command}" in out
        assert f"example: rgc {command}" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["chek"], "did you mean 'check'?"),
        (["run", "x.rgc", "--bakend", "numba"], "did you mean '--backend'?"),
        (["run", "x.rgc", "--bakend=numba"], "did you mean '--backend'?"),
        (["run", "x.rgc", "--frobnicate"], "rgc run --help lists the options"),
        (["run"], "required: SPEC"),
        (["run", "x.rgc", "y.rgc"], "no use for 'y.rgc'"),
        (["run", "x.rgc", "--seed", "-1"], "-1 is below 0"),
        (["run", "x.rgc", "--threads", "many"], "'many' is not an integer"),
        (["run", "x.rgc", "--time-limit", "soon"], "'soon' is no duration"),
        (["run", "nowhere.rgc"], "'nowhere.rgc' cannot be read"),
        (["report", "nowhere"], "'nowhere' holds no result"),
        (["new", "model", "--flow", "magic"], "invalid choice: 'magic'"),
    ],
)
def test_mistakes_on_the_command_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    out, err = lines(capsys)
    assert out == ""
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        ("K=3+", "--set:1:5: error["),
        ("Kay=3", "--set:1:1: error[unknown-parameter]"),
        ("K", "--set:1:"),
        ("=3", "--set:1:"),
    ],
)
def test_mistakes_in_settings_have_a_place(
    spec: Path, setting: str, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(spec), "--set", setting]) == 2
    assert place in capsys.readouterr().err


def test_explain_says_what_the_catalogue_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "assignment"]) == 0
    assert capsys.readouterr().out == (
        "`=` gives a value to a name inside a list of entries or a call.\n"
        "Elsewhere it has no meaning.\n"
    )
    assert main(["explain"]) == 0
    assert "assignment" in capsys.readouterr().out.splitlines()
    assert main(["explain", "asignment"]) == 2
    assert "did you mean 'assignment'?" in capsys.readouterr().err


def test_without_a_command_the_usage_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage: rgc" in capsys.readouterr().out


# -- check, fmt, convert, new, backends ------------------------------------------------------------


def test_check_says_what_is_there_and_goes_on_after_a_bad_file(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.rgc"
    bad.write_text(SPEC.replace("- K *", "- Kay *"))
    assert main(["check", str(bad), str(spec)]) == 2
    out, err = lines(capsys)
    assert out == f"{spec}: ok: square 4x4, 4 neighbours, sample; about 1 MiB and 1 s of one core\n"
    assert f"{bad}:9:5: error[" in err


def test_check_counts_the_neighbours_of_a_shell_whose_number_is_a_parameter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "shell.rgc"
    path.write_text(
        SPEC.replace("sum(<i,j>)", "sum(shell(n,i,j))").replace("h = 0", "h = 0, n = 2")
    )
    assert main(["check", str(path)]) == 0
    assert "4 second neighbours" in lines(capsys)[0]


def test_check_refuses_an_empty_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "empty.rgc"
    path.write_text("")
    assert main(["check", str(path)]) == 2
    out, err = lines(capsys)
    assert out == ""
    assert "error[empty-spec]" in err


def test_check_says_ok_of_a_spec_without_a_lattice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "titled.rgc"
    path.write_text('title "to be included"\n')
    assert main(["check", str(path)]) == 0
    assert lines(capsys)[0] == f"{path}: ok\n"


def test_fmt_changes_layout_and_nothing_else(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = rgc.load(spec).document
    spec.write_text(SPEC.replace("K = 0.3 ", "K=0.30e0"))
    assert main(["fmt", "--check", str(spec)]) == 1
    assert "K=0.30e0" in spec.read_text()
    assert main(["fmt", str(spec)]) == 0
    assert "K = 0.30e0" in spec.read_text()
    assert "# weak" in spec.read_text()
    assert main(["fmt", "--check", str(spec)]) == 0
    spec.write_text(spec.read_text().replace("0.30e0", "0.3"))
    assert rgc.load(spec).document == before


def test_convert_there_and_back(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    twin, back = spec.with_suffix(".yaml"), spec.with_name("back.rgc")
    assert main(["convert", str(spec), str(twin)]) == 0
    assert main(["convert", str(twin), str(back)]) == 0
    assert rgc.load(twin).document == rgc.load(back).document == rgc.load(spec).document
    assert rgc.load(twin).sha256 == rgc.load(spec).sha256
    assert main(["convert", str(spec), str(twin)]) == 2  # it exists
    assert main(["convert", str(spec), str(twin), "--force"]) == 0
    assert main(["convert", str(spec), str(spec.with_suffix(".txt"))]) == 2
    capsys.readouterr()
    assert main(["convert", str(spec), ".yaml"]) == 0
    assert capsys.readouterr().out == twin.read_text()


@pytest.mark.parametrize("flow", ["sample", "mcrg"])
@pytest.mark.parametrize("suffix", [".rgc", ".yaml"])
def test_new_specs_are_good_and_formatted(tmp_path: Path, flow: str, suffix: str) -> None:
    path = tmp_path / f"model{suffix}"
    assert main(["new", str(path), "--flow", flow]) == 0
    assert main(["check", "--strict", str(path)]) == 0
    assert main(["fmt", "--check", str(path)]) == 0
    assert main(["new", str(path)]) == 2  # never over an old one


def test_backends_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backends"]) == 0
    assert re.search(r"^reference +ready", capsys.readouterr().out, re.MULTILINE)


# -- the hash --------------------------------------------------------------------------------------


def test_the_hash_sees_physics_and_settings_but_no_comments(spec: Path) -> None:
    plain = rgc.load(spec).sha256
    assert rgc.load(SPEC).sha256 == plain
    assert rgc.load(SPEC.replace("# weak", "# strong")).sha256 == plain
    assert rgc.load(SPEC.replace("K = 0.3", "K = 0.4")).sha256 != plain
    changed = rgc.load(spec, settings={"K": 0.4})
    assert changed.sha256 == rgc.load(SPEC.replace("K = 0.3", "K = 0.4")).sha256
    assert changed.spec.parameters["K"] == 0.4
    assert "K = 0.4  # weak" in changed.text


def test_settings_and_scans_are_written_into_the_spec_as_run(spec: Path) -> None:
    loaded = rgc.load(spec, settings={"h": "K/2"}, scan={"K": "0.1:0.3:3"})
    assert loaded.points == ({"K": 0.1}, {"K": 0.2}, {"K": 0.3})
    again = rgc.load(loaded.text)
    assert (again.sha256, again.points) == (loaded.sha256, loaded.points)
    assert again.at({"K": 0.2}).parameters["h"] == 0.1


def test_the_version_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"rgc {rgc.__version__}\n"


def test_what_escapes_is_called_our_bug(
    spec: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(sys.modules["rgc.compiler"], "flow", broken)
    assert main(["run", str(spec), "--backend", "reference"]) == 3
    out, err = lines(capsys)
    assert out == ""
    assert "ZeroDivisionError: oops" in err
    assert "This is a bug in rgc" in err


def test_json_is_the_only_thing_on_stdout(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(spec), "--backend", "reference", "--json", "--set", "K=0.25"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["levels"][0]["couplings"]["K"]["value"] == 0.25
