"""`rgc run SPEC`: the main job."""

from __future__ import annotations

import json
import shlex
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from types import FrameType

from rgc import cost
from rgc.backend import cores
from rgc.cli import DONE, FAILED, INTERRUPTED, OUT_OF_TIME, UNEXPECTED, WRONG, tell, tell_problems
from rgc.cli.arguments import Parser, add_max_memory, at_least, named, seconds
from rgc.cli.patience import second_signal_ends
from rgc.cli.settings import add_settings, entries, source
from rgc.compiler import BACKEND, compile, load
from rgc.errors import Problem, SpecError, escape, render
from rgc.loaded import Loaded
from rgc.progress import Silent, duration, for_stream
from rgc.results.answer import Answer
from rgc.results.store import WRITES, Unwritten
from rgc.runner import TIME_IS_UP, Interrupted, Stop, handling
from rgc.schemes.options import LARGEST_SEED

LONGER = 3.0
"""A run that is estimated to take so many times its limit is said to."""

NOTABLE = 5.0  # seconds: a run that took longer says so


def main(words: Sequence[str]) -> int:
    options = parser().read(words)
    stop = Stop()

    def heard(number: int, frame: FrameType | None) -> None:
        stop.signal = number  # what is raised in a callback of Python's own is lost
        raise KeyboardInterrupt

    with second_signal_ends(), handling(heard):
        return _run(options, words, stop)


def _run(options: Namespace, words: Sequence[str], stop: Stop) -> int:
    settings, scan = entries(options)
    loaded = load(source(options.spec), settings=settings, scan=scan)
    for warning in loaded.warnings:
        tell_problems(render(warning))
    if loaded.warnings and options.strict:
        return WRONG
    if options.emit is not None:
        _check_emit(Path(options.emit), loaded)
    _spare_what_is_read(options, loaded)
    compiled = compile(
        loaded,
        backend=options.backend,
        threads=options.threads,
        max_memory=options.max_memory,
    )
    progress = Silent() if options.quiet else for_stream(sys.stderr)
    began, said = monotonic(), [warning.message for warning in loaded.warnings]
    if options.time_limit is not None:
        _warn_of_limit(loaded, options.time_limit, options.threads)

    def warn(message: str) -> None:
        said.append(message)
        print(f"warning: {escape(message)}", file=sys.stderr)

    unwritten = ""
    try:
        answer = compiled.run(
            options.seed,
            options.out,
            resume=options.resume,
            progress=progress,
            time_limit=options.time_limit,
            stop=stop,
            warn=warn,
            plots=options.plots or ("png",),
            cluster=options.cluster,
        )
    except Interrupted as stopped:
        print(f"{_stopped(stopped)}\ngo on with: {_again(words)}", file=sys.stderr)
        if stopped.checkpoint is None:
            return FAILED
        return OUT_OF_TIME if stopped.reason == TIME_IS_UP else INTERRUPTED
    except KeyboardInterrupt:  # while something was compiled, drawn or written
        print(f"interrupted\ngo on with: {_again(words)}", file=sys.stderr)
        return INTERRUPTED
    except Unwritten as error:
        answer, unwritten = error.answer, str(error)
    took = monotonic() - began
    if took >= NOTABLE and not options.quiet:
        print(f"done in {duration(took)}", file=sys.stderr)
    _tell(answer, said, as_json=options.json)
    if unwritten:
        print(f"rgc: {unwritten}; go on with: {_again(words)}", file=sys.stderr)
        return FAILED
    if options.emit is not None:
        _emit(answer, loaded, Path(options.emit), options.level)
    return _status(answer) if options.strict else DONE


def _warn_of_limit(loaded: Loaded, limit: float, threads: int | None) -> None:
    """Say that a run is estimated to take much longer than its limit of seconds."""
    takes = cost.of_run(loaded)
    needed = takes.seconds / min(threads or cores(), cores()) + takes.compiling
    if needed > LONGER * limit:
        new = f", {cost.duration(takes.compiling)} of it to compile what is new"
        how_long = cost.duration(needed) + (new if cost.felt(takes) else "")
        message = f"the run takes about {how_long}, and --time-limit stops it before"
        print(f"warning: {message}", file=sys.stderr)


def _status(answer: Answer) -> int:
    """The exit status under --strict: what is expected decides, or, where nothing is, whether the
    run warned.
    """
    if answer.checks:
        return DONE if answer.passed else UNEXPECTED
    if answer.warnings:
        message = "nothing is expected, and under --strict a warning is then exit status 1"
        print(f"rgc: {message}", file=sys.stderr)
    return UNEXPECTED if answer.warnings else DONE


def _tell(answer: Answer, said: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        tell(json.dumps(answer.document(), indent=2, allow_nan=False))
        return
    from rgc.cli.table import render_answer

    tell(render_answer(answer, said))


def parser() -> Parser:
    made = Parser(
        "run",
        "Run a spec and print what came out. Results go to stdout, everything else to stderr.",
        example="rgc run specs/ising2d_sample.rgc --scan K=0.40:0.48:9 --out out/scan",
    )
    made.add_argument("spec", metavar="SPEC", help="a spec, .rgc or .yaml; - reads one from stdin")
    _add_machine(made)
    add_settings(made)
    made.add_argument(
        "--seed",
        type=at_least(0, LARGEST_SEED),
        metavar="N",
        help="seed of the random numbers (default: the spec's, else 0)",
    )
    _add_written(made)
    _add_course(made)
    return made


def _add_machine(made: Parser) -> None:
    """What runs a spec."""
    made.add_argument(
        "--backend",
        default=BACKEND,
        metavar="NAME",
        help=f"what runs it, see rgc backends (default {BACKEND})",
    )
    made.add_argument(
        "--threads",
        type=at_least(1),
        metavar="N",
        help="cores to use (default: all; the answer is the same)",
    )


def _add_written(made: Parser) -> None:
    """What is written, and in which form."""
    made.add_argument(
        "-o",
        "--out",
        type=named,
        metavar="DIR",
        help="write result.nc, summary.json, the plots and report.html there",
    )
    made.add_argument(
        "--plot-format",
        action="append",
        choices=("png", "pdf"),
        dest="plots",
        help="format of plots besides SVG (may be repeated; default png)",
    )
    made.add_argument(
        "--emit",
        type=named,
        metavar="FILE",
        help="write the renormalised Hamiltonian as a spec that runs",
    )
    made.add_argument(
        "--level",
        type=at_least(0),
        metavar="N",
        help="the level that --emit writes (default: the last with couplings)",
    )
    made.add_argument(
        "--json", action="store_true", help="print one JSON document instead of the table"
    )


def _add_course(made: Parser) -> None:
    """How a run goes on and ends."""
    made.add_argument(
        "--strict",
        action="store_true",
        help="exit status 1 if something in `expect` fails or, where nothing is expected, the run "
        "warns; a warning of the check is an error",
    )
    made.add_argument(
        "--resume",
        action="store_true",
        help="go on from the checkpoint of an interrupted run, bit for bit",
    )
    made.add_argument(
        "--time-limit",
        type=seconds,
        metavar="TIME",
        help="stop with a checkpoint after 90 (seconds), 15m or 12h",
    )
    made.add_argument(
        "--cluster",
        metavar="WHERE",
        help="run it as tasks on local:4, tcp://host:8786 or slurm.yaml (needs --out)",
    )
    add_max_memory(made)
    made.add_argument("--quiet", action="store_true", help="no progress")


def _check_emit(path: Path, loaded: Loaded) -> None:
    """Raise `SpecError` where no spec can be written, before anything is run."""
    from rgc.emit import refuse_supercells
    from rgc.results import files

    if loaded.spec.runs:
        hint = "run the spec of one of its runs with --emit"
        raise SpecError([Problem("no-physics", "a study has no Hamiltonian to write", hint=hint)])
    if loaded.axes:
        hint = "give the parameter one value with --set"
        raise SpecError(
            [Problem("nothing-to-emit", "a scan has a Hamiltonian at every point", hint=hint)]
        )
    refuse_supercells(loaded.spec)
    try:
        files.try_folder(path.parent)
    except OSError as error:
        message = f"'{path}' cannot be written: {error.strerror}"
        raise SpecError([Problem("emit-file", message)]) from None


def _spare_what_is_read(options: Namespace, loaded: Loaded) -> None:
    """Raise `SpecError` where --emit or --out would replace a file that the run reads."""
    data = (folder / name for folder, name in loaded.files)
    read = [path for path in (Path(options.spec), *loaded.sources, *data) if path.exists()]
    for path in read:
        if options.emit and Path(options.emit).exists() and path.samefile(options.emit):
            message = f"the run reads '{path}', which --emit would replace"
            raise SpecError([Problem("emit-file", message, hint="choose another name")])
        beside = options.out and Path(options.out).exists() and path.parent.samefile(options.out)
        if beside and any(map(path.match, WRITES)):
            message = f"the run reads '{path}', which its results would replace"
            raise SpecError([Problem("out-folder", message, hint="choose another --out")])


def _emit(answer: Answer, loaded: Loaded, path: Path, level: int | None) -> None:
    from rgc.emit import emit
    from rgc.results import files

    files.write_text(path, emit(loaded.spec, answer.result, level))
    print(f"renormalised Hamiltonian: {path}", file=sys.stderr)


def _stopped(stopped: Interrupted) -> str:
    """How far the run got, and where its checkpoint is."""
    if stopped.checkpoint is None:
        return f"{stopped}; no checkpoint could be written, and an earlier one will be taken"
    return f"{stopped}; the checkpoint is in {stopped.checkpoint.parent}"


def _again(words: Sequence[str]) -> str:
    """The command that goes on."""
    return shlex.join(["rgc", "run", *(word for word in words if word != "--resume"), "--resume"])
