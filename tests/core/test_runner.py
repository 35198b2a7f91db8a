"""The one loop: interruption, resumption, checkpoints that survive anything."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rgc import runner
from rgc.errors import CheckpointError
from rgc.flows.flow import State
from rgc.progress import Guarded, Lines, Pace
from rgc.results import checkpoint
from rgc.results.result import Estimate, Result


@dataclass(slots=True)
class Walk:
    """A random walk whose position depends on every step before: any step lost or repeated
    shows.
    """

    steps: int = 50
    scheme: str = "walk"
    provenance: dict[str, Any] = field(default_factory=dict)
    stop: runner.Stop | None = None
    stop_at: int = -1

    def start(self) -> State:
        return State(0, {"x": np.zeros(3, dtype=np.uint64)}, {"name": "walk", "big": 2**80})

    def step(self, state: State) -> State:
        state.done += 1
        state.arrays["x"] = state.arrays["x"] * np.uint64(6364136223846793005) + np.uint64(
            state.done
        )
        if state.done == self.stop_at and self.stop is not None:
            self.stop.signal = signal.SIGINT
        return state

    def finish(self, state: State) -> Result:
        assert state.values["big"] == 2**80
        digits = int(state.arrays["x"][0])
        return Result(self.scheme, averages={"x": Estimate(float(digits % 10**15), 0, "exact")})


IDENTITY = {"spec": "abc", "seed": 1, "point": {"K": 0.1}}


def saving(path: Path, **options: Any) -> runner.Saving:
    return runner.Saving(path, **{"identity": IDENTITY, "every": 0.0, **options})


@pytest.mark.parametrize("stop_at", [1, 17, 49])
def test_interrupted_and_resumed_gives_the_same_digits(tmp_path: Path, stop_at: int) -> None:
    whole = runner.run(Walk())
    stop = runner.Stop()
    with pytest.raises(runner.Interrupted) as caught:
        runner.run(
            Walk(stop=stop, stop_at=stop_at),
            saving=saving(tmp_path / "c.npz", every=1e9),
            stop=stop,
        )
    assert (caught.value.done, caught.value.checkpoint) == (stop_at, tmp_path / "c.npz")
    assert runner.run(Walk(), saving=saving(tmp_path / "c.npz", resume=True)) == whole


def test_resume_really_starts_from_the_checkpoint(tmp_path: Path) -> None:
    state = State(49, {"x": np.full(3, 5, dtype=np.uint64)}, {"name": "walk", "big": 2**80})
    header = {"identity": IDENTITY, "done": state.done, "values": state.values}
    checkpoint.write(tmp_path / "c.npz", checkpoint.Checkpoint(header, state.arrays))
    result = runner.run(Walk(), saving=saving(tmp_path / "c.npz", resume=True))
    assert result.observables["x"].value == float((5 * 6364136223846793005 + 50) % 2**64 % 10**15)


@pytest.mark.parametrize(
    ("done", "arrays", "values"),
    [
        (51, {"x": np.zeros(3, np.uint64)}, {}),
        (-1, {"x": np.zeros(3, np.uint64)}, {}),
        (None, {"x": np.zeros(3, np.uint64)}, {}),
        (1, {}, {}),
        (1, {"x": np.zeros(3)}, {}),
        (1, {"x": np.zeros((3, 1), np.uint64)}, {}),
        (1, {"x": np.zeros(3, np.uint64)}, []),
    ],
)
def test_a_checkpoint_with_foreign_content_is_refused(
    tmp_path: Path, done: object, arrays: dict[str, Any], values: object
) -> None:
    header = {"identity": IDENTITY, "done": done, "values": values}
    checkpoint.write(tmp_path / "c.npz", checkpoint.Checkpoint(header, arrays))
    with pytest.raises(CheckpointError, match="holds no state of 'walk' with 50 steps"):
        runner.run(Walk(), saving=saving(tmp_path / "c.npz", resume=True))


def test_an_upgrade_in_the_middle_of_a_run_is_told(tmp_path: Path) -> None:
    state, said = Walk().start(), list[str]()
    header = {"identity": IDENTITY, "rgc": "0.0.1", "done": 0, "values": state.values}
    checkpoint.write(tmp_path / "c.npz", checkpoint.Checkpoint(header, state.arrays))
    runner.run(Walk(), saving=saving(tmp_path / "c.npz", resume=True), warn=said.append)
    assert "was written by rgc 0.0.1; this is" in said[0]


@pytest.mark.parametrize("changed", [{"spec": "other"}, {"seed": 2}, {"point": {"K": 0.2}}])
def test_checkpoint_of_another_run_is_refused(tmp_path: Path, changed: dict[str, Any]) -> None:
    runner.run(Walk(), saving=saving(tmp_path / "c.npz", finished=True))
    other = runner.Saving(tmp_path / "c.npz", {**IDENTITY, **changed}, resume=True)
    with pytest.raises(CheckpointError, match="belongs to another run: its " + next(iter(changed))):
        runner.run(Walk(), saving=other)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "gone"])
def test_damaged_checkpoint_falls_back_to_the_one_before(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "c.npz"
    whole = runner.run(Walk(), saving=saving(path))
    data = path.read_bytes()
    middle = len(data) // 2
    spoilt = {
        "cut": data[:middle],
        "flip": data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :],
        "empty": b"",
    }
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(spoilt[damage])
    said: list[str] = []
    again = saving(path, resume=True, every=1e9)  # writes nothing
    assert runner.run(Walk(), saving=again, warn=said.append) == whole
    (kept,) = checkpoint.stored(path)  # the damaged one has made room
    assert checkpoint.read(kept).header["done"] == 49
    assert [f"the checkpoint {path} cannot be read" in text for text in said] == [True] * (
        damage != "gone"
    )


def test_both_checkpoints_damaged_is_the_users_to_decide(tmp_path: Path) -> None:
    runner.run(Walk(), saving=saving(tmp_path / "c.npz"))
    for path in (tmp_path / "c.npz", checkpoint.previous(tmp_path / "c.npz")):
        path.write_bytes(b"rubbish")
    with pytest.raises(CheckpointError, match="cannot be read"):
        runner.run(Walk(), saving=saving(tmp_path / "c.npz", resume=True))


def test_checkpoint_round_trip(tmp_path: Path) -> None:
    arrays = {
        "file": np.arange(6, dtype=np.int64).reshape(2, 3),
        "empty": np.zeros((0, 4)),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "scalar": np.array(2.5),
        "complex": np.array([1j]),
    }
    checkpoint.write(
        tmp_path / "c.npz", checkpoint.Checkpoint({"values": {"a": [1, None]}}, arrays)
    )
    found = checkpoint.read(tmp_path / "c.npz")
    assert found.header["values"] == {"a": [1, None]}
    assert found.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(found.arrays[name], array)


def test_an_array_that_claims_to_be_huge_is_not_allocated(tmp_path: Path) -> None:
    path = tmp_path / "c.npz"
    checkpoint.write(path, checkpoint.Checkpoint({}, {"x": np.zeros(7)}))
    import io

    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        member, {"descr": "<f8", "fortran_order": False, "shape": (10**15,)}
    )
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("array/huge.npy", member.getvalue())
    with pytest.raises(checkpoint.Damaged, match="do not fit"):
        checkpoint.read(path)


def test_parts_of_two_checkpoints_make_none(tmp_path: Path) -> None:
    """The checksums of the archive fit."""
    one, two = tmp_path / "one.npz", tmp_path / "two.npz"
    for path, number in ((one, 1), (two, 2)):
        checkpoint.write(path, checkpoint.Checkpoint({"done": number}, {"x": np.full(3, number)}))
    with zipfile.ZipFile(one) as first, zipfile.ZipFile(two) as second:
        header, array = first.read("header.npy"), second.read("array/x.npy")
    with zipfile.ZipFile(one, "w") as mixed:
        mixed.writestr("header.npy", header)
        mixed.writestr("array/x.npy", array)
    with pytest.raises(checkpoint.Damaged, match="something else than what was written"):
        checkpoint.read(one)


def test_no_pickle_is_ever_read(tmp_path: Path) -> None:
    path = tmp_path / "c.npz"
    np.savez(path, header=np.array([{"format": checkpoint.FORMAT}], dtype=object))
    with pytest.raises(checkpoint.Damaged):
        checkpoint.read(path)
    with pytest.raises(ValueError, match=r"[Oo]bject"):
        checkpoint.write(path, checkpoint.Checkpoint({}, {"x": np.array([object()])}))


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_run(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file, not a folder")
    said: list[str] = []
    result = runner.run(Walk(), saving=saving(tmp_path / "blocked" / "c.npz"), warn=said.append)
    assert result == runner.run(Walk())
    assert "could not be written" in said[0]


def test_a_step_is_given_no_more_than_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice as many units at once while they take less than STEP seconds; fewer as soon as they
    take more.
    """
    clock, given = [0.0], []

    class Slow(Walk):
        def step(self, state: State) -> State:
            given.append(state.most)
            for _ in range(min(state.most, self.steps - state.done)):
                clock[0] += 0.01 if state.done < 40 else 0.05
                state = super().step(state)
            return state

    monkeypatch.setattr(runner, "monotonic", lambda: clock[0])
    assert runner.run(Slow(steps=60)) == runner.run(Walk(steps=60))
    assert given[:4] == [1, 2, 4, 8]
    assert max(given) in (9, 10)  # so many take 0.1 s
    assert max(given[-3:]) <= 2


def test_time_limit_stops_with_a_checkpoint(tmp_path: Path) -> None:
    with (
        runner.stopping(time_limit=1e-9) as stop,
        pytest.raises(runner.Interrupted, match="time limit"),
    ):
        runner.run(Walk(), saving=saving(tmp_path / "c.npz"), stop=stop)
    assert (tmp_path / "c.npz").exists()


def test_signals_are_heard_and_handed_back() -> None:
    """Also where the tests were started with Ctrl-C ignored, as in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with runner.stopping() as stop:
            signal.raise_signal(signal.SIGTERM)
            assert stop.reason() == "terminated"
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


DEAF = """
    import signal, sys
    from rgc import runner
    import ctypes
    from rgc.cli.patience import second_signal_ends
    system, mutex = ctypes.CDLL(None), ctypes.create_string_buffer(64)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
    with second_signal_ends(), runner.stopping() as stop:
        print("ready", flush=True)
        while sys.argv[1] == "python" and not stop.reason():
            pass
        for _ in range(2 if sys.argv[1] == "machine code" else 0):
            system.pthread_mutex_lock(mutex)
    print("left", flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the mutex is that of Linux")
@pytest.mark.parametrize(("busy", "status"), [("machine code", 130), ("python", 0)])
def test_a_second_signal_ends_what_does_not_listen(busy: str, status: int) -> None:
    """A mutex that is never released is like a compiler: handlers of signals wait until it
    returns.
    """
    command = [sys.executable, "-c", textwrap.dedent(DEAF), busy]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        try:
            child.stdout.readline()
            child.send_signal(signal.SIGINT)
            if status:
                assert "once more ends it now" in child.stderr.readline() + child.stderr.readline()
                child.send_signal(signal.SIGINT)
            assert child.wait(timeout=600) == status
        finally:
            child.kill()


def test_a_flow_that_does_not_advance_is_our_bug() -> None:
    class Stuck(Walk):
        def step(self, state: State) -> State:
            return state

    with pytest.raises(RuntimeError, match="did not advance"):
        runner.run(Stuck())


def test_progress_never_fails_a_run() -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise OSError("closed pipe")

    def no_terminal() -> Any:
        raise RuntimeError("no terminal")

    for progress in (Guarded(Broken), Guarded(no_terminal)):
        assert runner.run(Walk(), progress=progress) == runner.run(Walk())


@pytest.mark.parametrize("late", [1, 2, 8])
def test_what_is_compiled_is_not_taken_for_the_pace(late: int) -> None:
    pace, now = Pace(), 0.0
    for call in range(12):
        now += 40.0 if call in (0, late) else 0.1  # kernels that measure are compiled later
        pace.note(now, call + 1)
        left = pace.left(1012)
        assert left is None or left < 102 or call < 3 + late
    assert pace.left(1012) == pytest.approx(100.0)


def test_the_pace_is_that_of_late() -> None:
    pace = Pace()
    for call in range(500):
        pace.note(call * 0.1, call)
    for call in range(500):
        pace.note(50 + call * 0.3, 500 + call)
    assert pace.left(1999) == pytest.approx(300.0)
    assert Pace().left(10) is None


def test_plain_progress_is_one_line_every_so_often(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    lines = Lines(sys.stderr, every=30, clock=lambda: now[0])
    lines.start("K=0.4", 100)
    for done in range(1, 101):
        now[0] += 1
        lines.advance(done)
    lines.finish()
    assert capsys.readouterr().err.splitlines() == [
        "K=0.4: 30 of 100 steps (30 %), about 1 min 10 s left",
        "K=0.4: 60 of 100 steps (60 %), about 40 s left",
        "K=0.4: 90 of 100 steps (90 %), about 10 s left",
        "K=0.4: done in 1 min 40 s",
    ]


WRITER = """
    import sys
    from pathlib import Path
    import numpy as np
    from rgc.results import checkpoint
    path, k = Path(sys.argv[1]), int(sys.argv[2])
    while True:
        k += 1
        checkpoint.write(path, checkpoint.Checkpoint({"done": k}, {"x": np.full(20000, k)}))
        print(k, flush=True)
"""


def test_kill_at_any_moment_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    """The writer is killed while it writes the one after some that it has told of."""
    path, reached, dice = tmp_path / "c.npz", 0, random.Random(3)  # noqa: S311
    for _ in range(6):
        command = [sys.executable, "-c", textwrap.dedent(WRITER), str(path), str(reached)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ}) as process:
            assert process.stdout is not None
            told = [int(process.stdout.readline()) for _ in range(dice.randint(1, 8))]
            time.sleep(0.01 * dice.random())  # anywhere within a write, whatever the machine does
            process.kill()
        found = checkpoint.read(path)  # never only the one before
        assert found.header["done"] >= told[-1] > reached
        reached = found.header["done"]
        np.testing.assert_array_equal(found.arrays["x"], reached)
