"""Where a run stores things: checkpoints while it runs, and the output folder at its end."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rgc.errors import Problem, SpecError
from rgc.model.share import WHOLE, Share
from rgc.results import files
from rgc.results.folder import Written, date_of_the_run, held, stamp

if TYPE_CHECKING:
    from rgc.results.answer import Answer


ABANDONED = 3600.0
"""Seconds after which nobody is still writing a temporary file."""


class Unwritten(Exception):
    """A run came to its end, with this answer, and its output folder could not be written."""

    def __init__(self, answer: Answer, folder: Path, error: OSError) -> None:
        super().__init__(f"'{folder}' could not be written: {error.strerror or error}")
        self.answer = answer


OF_A_POINT = re.compile(r"point-(\d+)(?:-share-\d+-of-(\d+))?\.npz")

WRITES = ("spec.rgc", "weights*.npz", "configurations_*.npy", "replicas_*.npy")
"""What a run writes into its folder, by names that a spec or its data may have too."""

Pictures = Callable[[], Mapping[str, str]]
"""Makes SVG texts by name."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a spec, identified by its hash `sha256`, with one seed.

    `out` is its output folder, if it has one. `saves` says whether it writes checkpoints, and
    `kept` whether those of finished points stay, since it is a part of another run. `plots` are the
    formats in which plots are written besides SVG.
    """

    sha256: str
    seed: int
    out: Path | None = None
    saves: bool = True
    kept: bool = False
    plots: tuple[str, ...] = ("png",)

    def part(self, name: str, sha256: str, seed: int) -> Job:
        """A run that is a part of this one, with a folder of its own in that of this one."""
        out = None if self.out is None else self.out / name
        return replace(self, sha256=sha256, seed=seed, out=out, kept=True)

    @property
    def checkpoints(self) -> Path:
        """The folder of its checkpoints: inside the output folder, else in the user's cache folder
        under the hash and the seed.
        """
        from rgc.backend import cache_folder

        return (
            self.out / "checkpoints"
            if self.out
            else cache_folder() / "runs" / f"{self.sha256[:16]}-{self.seed}"
        )

    def checkpoint(self, point: int, share: Share = WHOLE) -> Path:
        part = f"-share-{share.number:04d}-of-{share.total:04d}" if share.total > 1 else ""
        return self.checkpoints / f"point-{point:04d}{part}.npz"

    @property
    def begun(self) -> dict[int, int]:
        """The points that have checkpoints, and into how many shares these cut them."""
        found: dict[int, int] = {}
        for path in self.checkpoints.glob("point-*.npz*"):
            if named := OF_A_POINT.match(path.name):
                point, total = int(named[1]), int(named[2] or 1)
                found[point] = 1 if found.get(point) == 1 else total
        return found

    @property
    def unfinished(self) -> bool:
        """Whether there are checkpoints to resume from."""
        return any(self.checkpoints.glob("point-*.npz*"))

    @contextmanager
    def held(self, *, resume: bool) -> Iterator[None]:
        """Make the output folder, and hold it inside the block.

        Raises `SpecError` if that fails, if another run holds it, or if it holds an unfinished run
        that would be lost.
        """
        self._make_folder()
        with held(self.out):
            self._sweep()
            if self.out is not None and self.unfinished and not resume:
                message = f"'{self.out}' holds the checkpoints of an unfinished run"
                hint = f"go on with --resume, choose another --out, or remove {self.checkpoints}"
                raise SpecError([Problem("unfinished-run", message, hint=hint)])
            yield

    def _sweep(self) -> None:
        """Remove what a run that was killed has left half written. Runs without an output folder
        share their checkpoints, so that there a file may be another's.
        """
        if self.out is not None:
            files.sweep(self.out, idle=0.0)
        files.sweep(self.checkpoints, idle=ABANDONED if self.out is None else 0.0)

    def _make_folder(self) -> None:
        if self.out is None:
            return
        try:
            files.try_folder(self.out)
        except OSError as error:
            raise SpecError(
                [
                    Problem(
                        "out-folder", f"'{self.out}' cannot be the output folder: {error.strerror}"
                    )
                ]
            ) from None

    def finish(self, answer: Answer, pictures: Pictures = dict) -> Answer:
        """Write the output folder, if there is one, and remove the checkpoints.

        `pictures` draws what is not drawn from the answer.

        The checkpoints are kept where some of it could not be written, and where the whole of which
        this is a part goes on. Raises `Unwritten` with the
        answer if the folder cannot be written at all.
        """
        warned = len(answer.warnings)
        if self.out is not None:
            try:
                written = Written(self.out, stamp(self.sha256, self.seed))
                answer = write(replace(answer, folder=self.out), written, pictures, self.plots)
            except OSError as error:
                raise Unwritten(answer, self.out, error) from error
        if len(answer.warnings) == warned and not self.kept:
            self.clear()
        return answer

    def clear(self) -> None:
        """Remove the checkpoints of a run that has ended."""
        if self.saves:
            with suppress(OSError):  # the answer is there all the same
                self._remove_checkpoints()

    def _remove_checkpoints(self) -> None:
        for path in self.checkpoints.glob("point-*.npz*"):
            path.unlink(missing_ok=True)
        if self.checkpoints.is_dir() and not any(self.checkpoints.iterdir()):
            self.checkpoints.rmdir()


def write(
    answer: Answer, out: Written, pictures: Pictures, plots: Sequence[str] = ("png",)
) -> Answer:
    """Write `summary.json`, `spec.rgc` as it was run, `result.nc`, the weights of trained layers,
    the plots as PNG and SVG, `pictures` as SVG, and `report.html`, and remove what earlier runs of
    rgc left in the folder.

    Each file appears whole or not at all. The summary comes first, and what fails after it loses no
    number: the answer returned has a warning of it. Raises `OSError`.
    """
    _write_summary(answer, out)
    out.text("spec.rgc", answer.text)
    drawings: dict[str, str] = {}
    parts: dict[str, Callable[[], None]] = {
        "the weights": lambda: _write_weights(answer, out),
        "what was saved": lambda: _write_saved(answer, out),
        "result.nc": lambda: _write_dataset(answer, out),
        "the plots": lambda: drawings.update(_write_plots(answer, out, plots)),
        "the picture of the spec": lambda: drawings.update(_write_pictures(pictures(), out)),
    }
    answer = _told(answer, parts, out)
    answer = _told(answer, {"report.html": lambda: _write_page(answer, drawings, out)}, out)
    out.finish([name for name, run in answer.runs.items() if run.folder == out.folder / name])
    return answer


def _told(answer: Answer, parts: Mapping[str, Callable[[], None]], out: Written) -> Answer:
    """The answer with a warning of each part of the output that could not be written."""
    failed = [text for name, part in parts.items() if (text := _failure(name, part))]
    if failed:
        answer = replace(answer, warnings=(*answer.warnings, *failed))
        _write_summary(answer, out)
    return answer


def _failure(name: str, part: Callable[[], None]) -> str:
    """A warning if a part of the output cannot be written, else the empty string."""
    try:
        part()
    except OSError:
        raise
    except Exception as error:
        return (
            f"this is a bug in rgc, which could not write {name}: {type(error).__name__}: {error}; "
            "every number is in summary.json, and --resume writes the rest"
        )
    return ""


def _write_page(answer: Answer, drawings: Mapping[str, str], out: Written) -> None:
    from rgc.results.pages.report import report

    date = date_of_the_run(out.folder)
    page = report(answer.document(), answer.text, drawings, date=date, downloads=out.names)
    out.text("report.html", page)


def _write_summary(answer: Answer, out: Written) -> None:
    text = json.dumps(answer.document(), indent=2, allow_nan=False)
    out.text("summary.json", text + "\n")


def _write_plots(answer: Answer, out: Written, formats: Sequence[str]) -> dict[str, str]:
    """The plots as SVG texts by name, which are written as files too, and in other formats."""
    from rgc.results.figures.plots import figures, printed, svg

    drawings = {}
    for name, figure in figures(answer).items():
        for kind in formats:
            out.bytes(f"{name}.{kind}", printed(figure, kind))
        drawings[name] = svg(figure)
        out.text(f"{name}.svg", drawings[name])
    return drawings


def _write_pictures(pictures: Mapping[str, str], out: Written) -> Mapping[str, str]:
    for name, text in pictures.items():
        out.text(f"{name}.svg", text)
    return pictures


def _write_dataset(answer: Answer, out: Written) -> None:
    from io import BytesIO

    memory = BytesIO()
    answer.to_xarray().to_netcdf(memory, engine="h5netcdf")
    out.bytes("result.nc", memory.getvalue())


def _write_weights(answer: Answer, out: Written) -> None:
    """`weights.npz`, or one file for each point of a scan, numbered from 0."""
    from io import BytesIO

    import numpy as np

    for number, point in enumerate(answer.points):
        if point.result.weights:
            name = f"weights-{number:04d}.npz" if answer.axes else "weights.npz"
            arrays: dict[str, Any] = dict(point.result.weights)
            memory = BytesIO()
            np.savez_compressed(memory, allow_pickle=False, **arrays)
            out.bytes(name, memory.getvalue())


def _write_saved(answer: Answer, out: Written) -> None:
    """`configurations_<species>.npy` and `replicas_<name>.npy`, numbered from 0 in a scan."""
    from io import BytesIO

    import numpy as np

    for number, point in enumerate(answer.points):
        saved, end = point.result.saved, f"-{number:04d}" if answer.axes else ""
        arrays = {
            **{f"configurations_{name}": each for name, each in saved.configurations.items()},
            **{f"replicas_{_file_name(name)}": each for name, each in saved.series.items()},
        }
        for name, array in arrays.items():
            memory = BytesIO()
            np.save(memory, array, allow_pickle=False)
            out.bytes(f"{name}{end}.npy", memory.getvalue())


def _file_name(name: str) -> str:
    """A measure as part of a file's name: `correlation(2)` has no place there as it is."""
    return "".join(letter if letter.isalnum() or letter in "_^-" else "_" for letter in name)
