"""What a backend is: the one protocol between the compiler and a machine, and how installed
backends are found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rgc.errors import Problem, SpecError, suggest
from rgc.program.arguments import Arguments as Arguments
from rgc.program.family import Program, family_of, find

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[Any]
    Words = NDArray[np.uint64]
    Counts = NDArray[np.int64]

State = Any
"""An array that a program changes, in a backend's own form. Only `pack` makes one, and only
`unpack` reads one."""

GROUP = "rgc.backends"


class Kernel(Protocol):
    """A compiled program."""

    @property
    def source(self) -> str:
        """The generated code, as `rgc show --as code` prints it."""
        ...

    def __call__(
        self, state: Sequence[State], arguments: Arguments, keys: Words, word0: int = 0
    ) -> tuple[list[State], list[Counts]]:
        """Run one step for each row of `keys` u64[step, draw, 2].

        `state` holds the packed arrays of the program and is consumed: it may be changed in place.
        `word0` is the absolute number of the first word of replicas, so that a share of the
        replicas draws the same numbers anywhere. Returns the new state and the tally arrays, int64
        with one entry for each step on their first axis.
        """
        ...


class Backend(Protocol):
    """A machine that runs programs. Built by calling its entry point with `threads` (None: every
    core)."""

    name: str

    def arrays(self) -> AbstractContextManager[Any]:
        """A context in which array flows compute. It yields the array namespace (Python array API
        standard). Inside it numbers have 64 bits, and outside it nothing of the user's own
        session is changed."""
        ...

    @property
    def routines(self) -> Mapping[str, Callable[..., Any]]:
        """Faster versions of `rgc.routines`, by name. There may be none."""
        ...

    @property
    def families(self) -> Mapping[str, Mapping[str, str]]:
        """The families of programs that this backend compiles (`rgc.program.family`), by name, and
        for each the capabilities that it lacks of that family, with the reason."""
        ...

    def missing(self) -> str | None:
        """Why this backend cannot run here, with what to install. None means that it can."""
        ...

    def compile(self, program: Program, *, constant: Arguments | None = None) -> Kernel:
        """The kernel of a program. `constant` hands over arguments known before the run, which may
        be baked in: this only specialises and never changes a bit."""
        ...

    def pack(self, array: Array) -> State:
        """A copy of a canonical array in this backend's own form. Raises `TypeError` for a dtype
        that none of its families keeps."""
        ...

    def unpack(self, state: State) -> Array:
        """A copy of a packed array, canonical again."""
        ...


def installed() -> dict[str, str]:
    """Installed backends: name -> where it comes from (`module:object`)."""
    return {point.name: point.value for point in entry_points(group=GROUP)}


def load(name: str, *, threads: int | None = None) -> Backend:
    """The backend of that name, ready to run. Raises `SpecError` if it is not installed or cannot
    run here."""
    found = {point.name: point for point in entry_points(group=GROUP)}
    if name not in found:
        hint = suggest(name, found) or "installed: " + ", ".join(sorted(found))
        raise SpecError([Problem("unknown-backend", f"no backend is called '{name}'", hint=hint)])
    backend: Backend = found[name].load()(threads=threads)
    reason = backend.missing()
    if reason is not None:
        raise SpecError(
            [Problem("backend-unavailable", f"the backend '{name}' cannot run here", hint=reason)]
        )
    return backend


def refuse(backend: Backend, program: Program) -> None:
    """Raise `SpecError` if a program is of a family that the backend does not compile, or needs
    what the backend lacks. Raises what `family_of` does for a program of no known family."""
    family = family_of(program)
    cannot = f"the backend '{backend.name}' cannot run this"
    if family.name not in backend.families:
        compiled = ", ".join(f"{name} programs" for name in sorted(backend.families)) or "none"
        message = f"{cannot}: it does not compile {family.name} programs"
        raise SpecError([Problem("backend-lacks", message, hint=f"what it compiles: {compiled}")])
    lacks = backend.families[family.name]
    missed = [name for name in sorted(family.needs(program)) if name in lacks]
    if missed:
        raise SpecError(
            [
                Problem(
                    "backend-lacks",
                    f"{cannot}: it lacks {family.capabilities[name]}",
                    hint=lacks[name],
                )
                for name in missed
            ]
        )


def not_compiled(backend: Backend, program: Program) -> TypeError:
    """The error of a backend that is handed a program of a family that it does not compile. Callers
    ask `refuse` first."""
    return TypeError(f"the backend '{backend.name}' does not compile {program.family} programs")


def check_dtype(backend: Backend, array: Array) -> None:
    """Raise `TypeError` for an array of a dtype that no family of the backend keeps."""
    kept = sorted({dtype for name in backend.families for dtype in find(name).states})
    if array.dtype.name not in kept:
        dtypes = ", ".join(kept)
        raise TypeError(
            f"the backend '{backend.name}' keeps arrays of {dtypes}, not {array.dtype.name}"
        )


def cores() -> int:
    """The cores that this process may use."""
    import os

    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def cache_folder() -> Path:
    """The folder of compiled kernels: `$RGC_CACHE`, else `rgc` in the user's cache folder. It is
    made with mode 0700.

    Code is run from there: where it cannot be written, belongs to somebody else or may be written
    by everybody, a temporary folder takes its place, with a warning.
    """
    import os
    import tempfile
    import warnings

    base = os.environ.get("RGC_CACHE")
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = Path(base) if base else home / "rgc"
    reason = _unusable(folder)
    if not reason:
        return folder
    other = Path(tempfile.gettempdir()) / f"rgc-{getattr(os, 'getuid', int)()}"
    if _unusable(other):
        other = Path(tempfile.mkdtemp(prefix="rgc-"))
    message = f"the cache folder '{folder}' {reason}, and '{other}' is used"
    warnings.warn(f"{message}: RGC_CACHE names another folder", stacklevel=2)
    return other


def _unusable(folder: Path) -> str:
    """Why a folder, which is made if need be, cannot be that of compiled code; empty if it can."""
    import os

    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = folder.stat()
    except OSError as error:
        return f"cannot be made ({error.strerror})"
    if not os.access(folder, os.W_OK | os.X_OK):
        return "cannot be written"
    if about.st_uid != getattr(os, "getuid", int)():
        return "belongs to somebody else"
    return "may be written by everybody" if about.st_mode & 0o002 else ""
