"""The JAX backend and everything around it: the user's own JAX, several devices, and a machine
without JAX.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("jax")

ROOT = Path(__file__).parents[2]

SPEC = """title "small"
parameters { K = 0.4 }
lattice square(4)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow sample(sweeps=20, replicas=192)
measure { energy, m2 = avg((mean(i) s[i])^2) }
"""


def python(code: str, tmp_path: Path, **environment: str) -> str:
    """What a program prints in a process of its own, where a spec lies in its folder. Its warnings
    are errors.
    """
    (tmp_path / "spec.rgc").write_text(SPEC, "utf-8")
    words: list[Any] = [sys.executable, "-W", "error", "-c", textwrap.dedent(code)]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    around = os.environ | {"PYTHONPATH": path} | environment
    done = subprocess.run(
        words, cwd=tmp_path, env=around, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_users_own_session_is_left_as_it_was(tmp_path: Path) -> None:
    """Types, settings and functions of theirs, before, during and after, even under settings that
    our code could not live with.
    """
    python(
        """
        import jax, jax.numpy as jnp, rgc
        jax.config.update("jax_numpy_rank_promotion", "raise")
        jax.config.update("jax_numpy_dtype_promotion", "strict")
        jax.config.update("jax_debug_nans", True)
        before = dict(jax.config.values)
        traces = []

        @jax.jit
        def theirs(x):
            traces.append(x.dtype)
            return x * 2

        first = theirs(jnp.arange(3.0))
        answer = rgc.compile("spec.rgc", backend="jax").run(seed=1)
        from rgc.backend import load
        with load("jax").arrays() as xp:
            assert xp.arange(3.0).dtype == "float64"
        assert load("jax").compile  # made and left
        again = theirs(jnp.arange(3.0))
        assert first.dtype == again.dtype == "float32" and len(traces) == 1
        assert jnp.zeros(2, int).dtype == "int32" and jnp.asarray([2**31 - 1]).dtype == "int32"
        assert jax.random.uniform(jax.random.key(1), (2,)).dtype == "float32"
        assert dict(jax.config.values) == before
        """,
        tmp_path,
    )


DEVICES = """
    import sys
    import jax
    from random import Random
    from rgc.backend import load
    from rgc.conformance.lattice.programs import measure, metropolis
    from rgc.conformance.lattice.random_programs import random_program
    from rgc.conformance.lattice.running import arguments, run
    from rgc.conformance.running import assert_equal
    from rgc.program.lattice import TallyArray

    assert len(jax.devices()) == 4
    arrays = (TallyArray(3, replica=True), TallyArray(3), TallyArray(3, replica=True, axes=(0,)),
              TallyArray(3, axes=(0, 1)))
    programs = {"rows": metropolis((4, 6)), "tallies": measure((6, 4), arrays),
                "gather": random_program(9, "listed")}
    used = []
    for case in sys.argv[1:]:
        kind, words, uniform = case.split("-")
        given = arguments(programs[kind], int(words), Random(3), bool(int(uniform)))
        jaxes = load("jax")
        expected = run(load("reference"), programs[kind], given, 4, word0=5)
        assert_equal(expected, run(jaxes, programs[kind], given, 4, word0=5))
        used.append(len(jaxes._platform.share(int(words)).devices))
    print(used)
"""


@pytest.mark.parametrize(
    ("cases", "devices"),
    [
        ("rows-5-1", [3]),
        ("rows-4-0 tallies-6-1", [4, 3]),
        pytest.param("rows-1-1 rows-2-1 rows-3-0 rows-8-1", [1, 2, 3, 4], marks=pytest.mark.slow),
        pytest.param(
            "tallies-1-1 tallies-4-1 tallies-8-1 tallies-9-1", [1, 4, 4, 3], marks=pytest.mark.slow
        ),
        pytest.param("gather-2-1 gather-5-0 gather-8-0", [2, 3, 4], marks=pytest.mark.slow),
    ],
)
def test_devices_change_nothing(cases: str, devices: list[int], tmp_path: Path) -> None:
    """Words that divide among four devices and words that do not; thresholds that are the same for
    all replicas and that are not.
    """
    words = f"import sys; sys.argv = {['', *cases.split()]!r}\n{textwrap.dedent(DEVICES)}"
    flags = "--xla_force_host_platform_device_count=4"
    assert python(words, tmp_path, XLA_FLAGS=flags).strip() == str(devices)


WITHOUT = """
    import sys

    class Absent:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] in ("jax", "jaxlib"):
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    sys.meta_path.insert(0, Absent())
    import importlib.util
    find = importlib.util.find_spec
    importlib.util.find_spec = lambda name, *more: (
        None if name in ("jax", "jaxlib") else find(name, *more)
    )
    from rgc.cli import main
"""


def test_without_jax_the_rest_works(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    shown = python(
        textwrap.dedent(WITHOUT)
        + textwrap.dedent("""
        assert main(["backends"]) == 0
        assert main(["run", "spec.rgc", "--backend", "numba", "--json"]) == 0
        assert main(["run", "spec.rgc", "--backend", "reference", "--json"]) == 0
        sys.stderr = sys.stdout
        assert main(["run", "spec.rgc", "--backend", "jax"]) == 2
        assert "jax" not in sys.modules
        """),
        tmp_path,
    )
    assert "numba      ready" in shown
    assert "error[backend-unavailable]: the backend 'jax' cannot run here" in shown
    assert "hint: JAX is not installed: pip install 'rgc-compiler[jax]'" in shown


def test_jax_waits_until_it_is_used(tmp_path: Path) -> None:
    python(
        """
        import sys
        import rgc
        from rgc.cli import main
        from rgc.backend import load
        assert main(["check", "spec.rgc"]) == 0
        assert main(["backends"]) == 0
        assert load("jax").missing() is None
        rgc.compile("spec.rgc", backend="reference").run(seed=1)
        assert "jax" not in sys.modules
        """,
        tmp_path,
    )
