"""Runs in processes of their own, which are ended at a chosen moment.

Moments are counted, not timed: a step, or an event of Python's audit hooks that touches the output
folder, such as a file that is opened, linked, renamed or removed. The n-th moment of a run is the
same on every machine.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import StringIO
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from rgc import runner
from rgc.cli import main
from rgc.flows.flow import Flow, State
from rgc.results.figures import plots

SPECS = {
    "sample": """lattice square(4)
spins s: ising
hamiltonian - 0.3 * sum(<i,j>) s[i]*s[j]
flow sample(sweeps=12, thermalise=4, every=1, replicas=64)
measure { energy, m }
""",
    "scan": """parameters { K = 0.3 }
lattice square(4)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow sample(sweeps=6, thermalise=2, every=1, replicas=64)
scan { K = [0.2, 0.3, 0.4] }
measure { energy }
""",
    "mcrg": """lattice square(8)
spins s: ising
hamiltonian - 0.44 * sum(<i,j>) s[i]*s[j]
block majority(2)
flow mcrg(sweeps=6, thermalise=2, every=1, replicas=64, basis=operators(range=1, bodies=2))
""",
    "exact": """parameters { K = 0.4 }
lattice chain
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
block decimate(2)
flow exact(steps=6)
""",
    "train": """lattice square(2)
spins s: ising
data patterns(64)
stack { rbm(hidden=2, train=cd(epochs=10, batch=32)) }
flow train
""",
    "variational": """parameters { n = 8 }
lattice square(4)
spins s: ising
hamiltonian - 0.3 * sum(<i,j>) s[i]*s[j]
block kadanoff(2, p=0.7)
flow variational_mcrg(steps=1, sweeps=n, every=2, replicas=64, basis=operators(range=1))
""",
    "study": """runs { hot = "sample.rgc", deep = "exact.rgc" { K = 0.5 }, all = "scan.rgc" }
measure { fall = hot.energy - all.energy[K=0.2] }
""",
}
"""Specs by kind. They lie side by side, since a study names some of the others."""

LONGER = {
    "tempering": """parameters { K = 0.3 }
lattice square(4)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow sample(update=tempering(K=0.2:0.4:3), sweeps=12, thermalise=4, every=2, replicas=64)
measure { energy, m }
""",
    "disorder": """parameters { J ~ bimodal(1, p=0.5), K = 0.3 }
lattice square(4)
spins s: ising
hamiltonian - K * sum(<i,j>) J[i,j]*s[i]*s[j]
flow sample(sweeps=12, thermalise=4, every=2, disorder=64, replicas=128)
measure { energy, q2 }
""",
    "swendsen_wang": """lattice square(4)
spins s: ising
hamiltonian - 0.3 * sum(<i,j>) s[i]*s[j]
flow sample(sweeps=8, thermalise=4, every=2, replicas=64, update=swendsen_wang)
measure { energy, m }
""",
    "hard_map": """parameters { n = 6 }
lattice square(4)
spins s: ising
hamiltonian - 0.3 * sum(<i,j>) s[i]*s[j]
block majority(2)
flow variational_mcrg(steps=1, sweeps=n, every=2, replicas=64, basis=operators(range=1))
""",
}
"""More of them, for tests that take longer."""


Blow = Callable[[Path], object]
"""What happens to a run, which is handed its folder."""


def signalled(number: int, out: Path) -> None:
    os.kill(os.getpid(), number)


killed = partial(signalled, signal.SIGKILL)


def full(out: Path) -> None:
    """The disk is full: no file grows beyond a kilobyte."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))


def locked(out: Path) -> None:
    """The folder can be read and no more. The superuser, who may do all, becomes somebody else."""
    for folder in (out, out / "checkpoints"):
        folder.chmod(0o555)
    if os.getuid() == 0:
        os.seteuid(65534)


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit status, or minus the signal; what it said; its moments."""

    status: int
    said: str = ""
    moments: int = 0


def run(spec: Path, out: Path, *words: str, at: int = 0, blow: Blow = killed) -> Ended:
    """Run a spec into a folder, in a process that gets a blow at its moment `at`, from 1."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.core.killed_imports"])
    reader, writer = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(spec, out, words, at, blow, writer))
    child.start()
    writer.close()
    try:
        said, moments = reader.recv()
    except EOFError:  # it was killed
        said, moments = "", at
    child.join()
    assert child.exitcode is not None
    return Ended(child.exitcode, said, moments)


def _child(
    spec: Path, out: Path, words: tuple[str, ...], at: int, blow: Blow, writer: Connection
) -> None:
    sys.stdout = sys.stderr = StringIO()
    for number in runner.SIGNALS:  # who started the tests may have some of them ignored
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    reached = 0

    def moment() -> None:
        nonlocal reached
        reached += 1
        if reached == at:
            blow(out)

    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        if any(isinstance(each, str) and each.startswith(str(out)) for each in arguments):
            moment()

    _many_steps(moment)
    plots.figures = lambda answer: {}  # type: ignore[assignment]  # longer than all the rest
    sys.addaudithook(heard)
    command = ["run", str(spec), "--out", str(out), "--backend", "reference", "--quiet", *words]
    status = main(command)
    writer.send((sys.stdout.getvalue(), reached))
    sys.exit(status)


def _many_steps(moment: Callable[[], None]) -> None:
    """Let a run save its state after every step, and make each step a moment."""
    runner.EVERY = 0.0
    compiling = sys.modules["rgc.compiler"]
    make = compiling.flow  # type: ignore[attr-defined]
    compiling.flow = lambda *a, **k: _Counted(make(*a, **k), moment)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class _Counted:
    """A flow of which each step is a moment, and the shortest that there is."""

    inner: Flow
    moment: Callable[[], None]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def step(self, state: State) -> State:
        self.moment()
        state.most = 1
        return self.inner.step(state)
