"""The pytest plugin, run inside pytest: what is collected, what passes, what a failure looks
like.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import scipy.special  # noqa: F401  (imported late by what is tested)

import rgc
import rgc.cli.run

# NumPy and SciPy cannot be imported a second time, and a test inside forgets what it imported
import rgc.flows.sampling.sample
import rgc.running
from rgc.pytest_plugin import SLOW, updates

pytest_plugins = ("pytester",)

FREE = """\
title "Free spins"
parameters {{ K = 0, h = 0.5 }}
lattice square(4)
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]
flow sample(sweeps={sweeps}, thermalise=20, every=1, replicas=64)
measure {{ m, energy }}
expect {{
  m = tanh(h) within 5 % and 5 sigma from "independent spins"
  energy = {energy} within 5 %
}}
"""
RIGHT, WRONG = (FREE.format(sweeps=100, energy=energy) for energy in ("-h * tanh(h)", "-0.3"))
LATER = (
    RIGHT[: RIGHT.index("flow")].replace("s: ising", "s: potts(3)")
    + "flow sample(update=heat_bath)\nexpect { m above 0 }\n"
)


def run(pytester: pytest.Pytester, *words: str, **files: str) -> pytest.RunResult:
    for name, text in files.items():
        stem, _, suffix = name.rpartition("_")
        pytester.path.joinpath(f"{stem}.{suffix}").write_text(text)
    return pytester.runpytest_inprocess(
        "-p", "no:xdist", "-rs", *(words or ("--rgc-backends", "reference"))
    )


def test_what_comes_out_as_expected_passes(pytester: pytest.Pytester) -> None:
    found = run(pytester, "-v", "-rP", "--rgc-backends=reference", right_rgc=RIGHT)
    found.assert_outcomes(passed=1)
    found.stdout.fnmatch_lines(
        [
            "*right.rgc::reference PASSED*",
            "Free spins: as expected (backend reference, seed 0)",
            "*✓*m *0.4*= 0.46*within 5 % and 5 sigma*independent spins*",
        ]
    )


def test_what_does_not_is_told_with_its_place(pytester: pytest.Pytester) -> None:
    found = run(pytester, wrong_rgc=WRONG)
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines(
        [
            "*wrong.rgc on reference*",
            "Free spins: 1 of 2 expectations failed (backend reference, seed 0)",
            "*✓*m *0.4*= 0.46*within 5 % and 5 sigma*independent spins*",
            "*✗*energy *-0.2*= -0.3 within 5 %*off by 0.0*more than 0.015*",
            "wrong.rgc:12:3: energy: off by 0.0*, more than 0.015",
            "12 |   energy = -0.3 within 5 %",
            "   |   ^*",
        ]
    )
    found.stdout.no_fnmatch_line("*Traceback*")


def test_a_spec_that_does_not_check_fails_with_its_errors(pytester: pytest.Pytester) -> None:
    found = run(pytester, bad_rgc=RIGHT.replace("tanh(h)", "tahn(h)"))
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines(
        ["bad.rgc:11:7: error[[]unknown-function[]]*", "*did you mean 'tanh'*"]
    )
    found.stdout.no_fnmatch_line("*Traceback*")


def test_what_cannot_be_run_yet_or_expects_nothing_is_skipped(pytester: pytest.Pytester) -> None:
    found = run(pytester, later_rgc=LATER, nothing_rgc=RIGHT[: RIGHT.index("expect")])
    found.assert_outcomes(skipped=2)
    found.stdout.fnmatch_lines(
        ["*later.rgc: heat_bath of potts spins comes later*", "*nothing.rgc: it expects nothing*"]
    )


def test_a_spec_in_both_spellings_is_run_once(pytester: pytest.Pytester) -> None:
    twin = pytester.path / "both.yaml"
    pytester.path.joinpath("both.rgc").write_text(RIGHT)
    assert rgc.cli.main(["convert", str(pytester.path / "both.rgc"), str(twin)]) == 0
    found = run(pytester)
    found.assert_outcomes(passed=1, skipped=1)
    found.stdout.fnmatch_lines(["*both.yaml: the same spec as both.rgc, which is run*"])
    run(pytester, "--rgc-backends=reference", str(twin)).assert_outcomes(passed=1)
    run(pytester, "--rgc-backends=reference", "--deselect=both.rgc").assert_outcomes(
        passed=1, deselected=1
    )
    twin.write_text(twin.read_text().replace("0.5", "0.4"))
    run(pytester).assert_outcomes(passed=2)


def test_yaml_files_of_others_are_left_alone(pytester: pytest.Pytester) -> None:
    """Not even opened by a parser: these would be refused."""
    bomb = "a: &a [x]\nb: *a\n"
    workflow = "name: CI\non: [push]\njobs:\n  flow: {lattice: 1}\n"
    found = run(
        pytester,
        bomb_yaml=bomb,
        workflow_yml=workflow,
        one_yaml="flow: [1]\n",
        test_x_py="def test(): pass\n",
    )
    found.assert_outcomes(passed=1)


def test_backends(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("right.rgc").write_text(RIGHT)
    found = run(pytester, "--rgc-backends=reference,numba,reference", "--collect-only", "-q")
    found.stdout.fnmatch_lines(["right.rgc::reference", "right.rgc::numba", "2 tests collected*"])
    found = run(pytester, "--collect-only", "-q")
    found.stdout.fnmatch_lines(["right.rgc::numba", "1 test collected*"])
    found = run(pytester, "--rgc-backends=all", "--collect-only", "-q")
    found.stdout.fnmatch_lines(["right.rgc::numba", "right.rgc::reference"])
    found = run(pytester, "--rgc-backends=numbra")
    assert found.ret == pytest.ExitCode.USAGE_ERROR
    found.stderr.fnmatch_lines(["*no backend is called 'numbra' (did you mean 'numba'?)*"])


def test_other_tests_can_ask_for_the_backends(pytester: pytest.Pytester) -> None:
    test = """
        from rgc.pytest_plugin import backends

        def pytest_generate_tests(metafunc):
            names = backends(metafunc.config, default=("reference", "numba"))
            metafunc.parametrize("backend", names)

        def test(backend):
            pass
    """
    pytester.makepyfile(test)
    run(pytester, "-q").assert_outcomes(passed=2)
    run(pytester, "--rgc-backends=reference").assert_outcomes(passed=1)


def test_long_specs_are_marked_slow(pytester: pytest.Pytester, tmp_path: Path) -> None:
    long = FREE.format(sweeps=10**9, energy=1)
    assert updates(rgc.load(long)) > SLOW > updates(rgc.load(RIGHT))
    pytester.path.joinpath("long.rgc").write_text(long)
    run(pytester, "--strict-markers", "-m", "not slow", "--rgc-backends=reference").assert_outcomes(
        deselected=1
    )


def test_no_checkpoint_of_the_user_is_touched(
    pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupted `rgc run` of the same spec can still be resumed."""
    monkeypatch.setenv("RGC_CACHE", str(tmp_path))
    spec = pytester.path / "right.rgc"
    spec.write_text(RIGHT)
    assert (
        rgc.cli.main(["run", str(spec), "--backend", "reference", "--time-limit", "0.000001"])
        == 124
    )
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("point-*")}
    assert before
    run(pytester).assert_outcomes(passed=1)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("point-*")} == before


def test_a_project_without_specs_pays_nothing(tmp_path: Path) -> None:
    """The plugin is loaded by every pytest of an environment that has rgc."""
    (tmp_path / "test_x.py").write_text(
        "import sys\n\n\ndef test():\n    assert 'rgc.pytest_plugin' in sys.modules\n    heavy = "
        "{'numpy', 'scipy', 'numba', 'jax', 'lark', 'yaml', 'rich', 'xarray', 'matplotlib'}\n    "
        "assert not heavy & set(sys.modules)\n    ours = {name for name in sys.modules if name == "
        "'rgc' or name.startswith('rgc.')}\n    assert ours <= {'rgc', 'rgc.compiler', "
        "'rgc.errors', 'rgc.text', 'rgc.verification', 'rgc.version', 'rgc.pytest_plugin'}\n"
    )
    (tmp_path / "other.yaml").write_text("name: x\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:hypothesispytest", str(tmp_path)]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout
