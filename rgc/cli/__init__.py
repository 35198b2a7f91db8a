"""The command line: a table of commands, each in a module that is imported only when it is
called.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO, cast

from rgc.errors import CheckpointError, Problem, SpecError, suggest
from rgc.version import __version__

COMMANDS = {
    "run": "run a spec and print what came out",
    "check": "parse and type-check specs; fast, runs nothing",
    "show": "what the compiler made of a spec: model, program, generated code, formulas",
    "verify": "check a spec and all backends against enumeration, and print a certificate",
    "claims": "run what is claimed of deep learning and the RG, and judge it",
    "convert": "rewrite a spec in the other spelling (.rgc, .yaml)",
    "fmt": "put specs into the standard layout",
    "report": "make the HTML page of an output folder again",
    "backends": "list the installed backends and whether they can run here",
    "new": "write a first spec to start from",
    "explain": "what an error means and what to do about it",
    "completion": "a script by which bash, zsh or fish complete commands and options",
}

DONE, UNEXPECTED, WRONG, FAILED, OUT_OF_TIME, INTERRUPTED = 0, 1, 2, 3, 124, 130
"""Exit status: done; an unexpected result (an `expect` failed under --strict); the spec or the
command line is wrong; the run failed; stopped by --time-limit; interrupted.
"""


def usage() -> str:
    width = max(map(len, COMMANDS)) + 2
    table = "\n".join(f"  {name:<{width}}{what}" for name, what in COMMANDS.items())
    return (
        "usage: rgc COMMAND ...\n\nA compiler for the renormalisation group: from a spec file to "
        f"critical exponents.\n\n{table}\n\nrgc COMMAND --help tells the options of a command; "
        "rgc --version the version.\nExit status: 0 done, 1 an expectation (--strict) or a "
        "verification failed, 2 spec or command line wrong, 3 the run failed, 124 stopped by "
        "--time-limit, 130 interrupted."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status. No mistake of a user ends in a traceback."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.stdout = sys.stdout or _nowhere()  # closed by >&-
    with redirect_stderr(cast(TextIO, Unfailing(sys.stderr or _nowhere()))):
        return _main(words)


class Unfailing:
    """A stream for messages. That its reader has gone, or its terminal, ends no run."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with suppress(OSError):
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def _main(words: list[str]) -> int:
    try:
        with _warnings_as_ours():
            return _dispatch(words)
    except SpecError as error:
        tell_problems(str(error))
        return FAILED if isinstance(error, CheckpointError) else WRONG
    except KeyboardInterrupt:
        _say("interrupted", sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `rgc ... | head`: the reader has gone
        sys.stdout = _nowhere()
        return DONE
    except SystemExit as leave:  # argparse, after --help
        return leave.code if isinstance(leave.code, int) else WRONG
    except Exception as error:
        _report_failure(error)
        return FAILED


@contextmanager
def _warnings_as_ours() -> Iterator[None]:
    """Warnings of other people's code in the form of ours, each text once."""
    said: set[str] = set()

    def show(
        message: Warning | str, category: type[Warning], *place: object, **more: object
    ) -> None:
        text = str(message)
        if category is RuntimeWarning:
            text = f"numbers left the range of float64, so that some may be meaningless: {text}"
        if text not in said:
            said.add(text)
            _say(f"warning: {text}", sys.stderr)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def _dispatch(words: list[str]) -> int:
    if words[:1] == ["help"] and len(words) > 1:
        words = [words[1], "--help"]
    if not words or words[0] in ("-h", "--help", "help"):
        _say(usage(), sys.stdout)
        return DONE if words else WRONG
    if words[0] in ("-V", "--version"):
        _say(f"rgc {__version__}", sys.stdout)
        return DONE
    name = words[0]
    if name not in COMMANDS:
        hint = suggest(name, COMMANDS) or "commands: " + ", ".join(COMMANDS)
        raise SpecError([Problem("unknown-command", f"there is no command '{name}'", hint=hint)])
    module = import_module(f"rgc.cli.{name}")
    status = module.main(words[1:])
    sys.stdout.flush()
    return int(status)


def _report_failure(error: Exception) -> None:
    """Report an exception that escaped as our bug or as a failure of the machine."""
    import traceback

    if isinstance(error, (OSError, MemoryError)):
        _say(f"rgc: the run failed: {error or type(error).__name__}", sys.stderr)
        return
    _say("".join(traceback.format_exception(error)), sys.stderr)
    _say(
        "rgc: the run failed. This is a bug in rgc, not a mistake in your spec: please report it "
        "with the text above.",
        sys.stderr,
    )


def tell(text: str) -> None:
    """Print a result. A reader who has gone, as in `rgc run ... | head`, does not change the exit
    status.
    """
    try:
        print(text, flush=True)
    except BrokenPipeError:
        sys.stdout = _nowhere()


def tell_problems(text: str) -> None:
    """Print problems on stderr, in colours on a terminal."""
    from rgc.cli.colour import write

    write(text, sys.stderr)


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def _say(text: str, stream: TextIO) -> None:
    print(text, file=stream, flush=True)
