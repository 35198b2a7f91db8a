"""An output folder has one owner: a run holds it while it works, and lists the files that it wrote.

`files.json` holds, for each file of rgc in the folder, the stamp of the run that wrote it, and so
for the folders of the runs of a study. When a run has written its own, it removes those of earlier
runs that it did not replace. A file that the list does not name is somebody else's, and is left
alone.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from rgc.errors import Problem, SpecError
from rgc.results import files

LIST = "files.json"
LOCK = ".lock"

Release = Callable[[], None]


@contextmanager
def held(folder: Path | None) -> Iterator[None]:
    """Hold a folder that exists, so that no second run writes there meanwhile.

    The lock ends with the process, however that ends. On a file system without locks, the lock file
    says which process of which machine holds the folder, and one that is no more is taken over.
    Raises `SpecError` where another run holds the folder, and `OSError`.
    """
    if folder is None:
        yield
        return
    lock = folder / LOCK
    release = _lock(lock)
    try:
        yield
    finally:
        release()


def stamp(sha256: str, seed: int) -> str:
    """What tells a run from others: the spec, the seed, and the time in UTC."""
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    return f"{sha256[:16]} seed {seed} at {now}"


class Written:
    """The files of one run in its output folder."""

    def __init__(self, folder: Path, stamp: str) -> None:
        self.folder, self._stamp, self._listed = folder, stamp, _listed(folder)

    def bytes(self, name: str, content: bytes) -> None:
        """Write a file, which is listed first, so that none is ever left behind."""
        self._list({**self._listed, name: self._stamp})
        files.write_bytes(self.folder / name, content)

    def text(self, name: str, content: str) -> None:
        self.bytes(name, content.encode("utf-8"))

    @property
    def names(self) -> list[str]:
        """The files that this run has written so far."""
        return sorted(name for name, who in self._listed.items() if who == self._stamp)

    def finish(self, folders: Collection[str] = ()) -> None:
        """Remove what earlier runs wrote and this one did not. `folders` are those of its runs."""
        own = {name: who for name, who in self._listed.items() if who == self._stamp}
        for name in self._listed.keys() - own.keys():
            (self.folder / name).unlink(missing_ok=True)
        for name in _folders(self.folder).keys() - set(folders):
            _remove_run(self.folder / name)
        self._list(own, dict.fromkeys(folders, self._stamp))

    def _list(self, names: Mapping[str, str], folders: Mapping[str, str] | None = None) -> None:
        self._listed = dict(names)
        inside = _folders(self.folder) if folders is None else folders
        stored = {"files": self._listed, **({"folders": dict(inside)} if inside else {})}
        files.write_text(self.folder / LIST, json.dumps(stored, indent=2) + "\n")


def _remove_run(folder: Path) -> None:
    """Remove the files of rgc in the folder of a run, and the folder if nothing else is there."""
    for name in _listed(folder):
        (folder / name).unlink(missing_ok=True)
    for name in _folders(folder):
        _remove_run(folder / name)
    (folder / LIST).unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


def files_of_the_run(folder: Path) -> frozenset[str] | None:
    """The names of the files that belong to the summary in a folder.

    None where the folder has no list, as those of earlier versions.
    """
    listed = _listed(folder)
    who = listed.get("summary.json")
    return frozenset(name for name, by in listed.items() if by == who) if listed else None


def date_of_the_run(folder: Path) -> str:
    """When the summary in a folder was written: `2026-11-30 04:05 UTC`. Empty where the folder has
    no list.
    """
    _, at, time = _listed(folder).get("summary.json", "").rpartition(" at ")
    return f"{time[:10]} {time[11:16]} UTC" if at else ""


def _listed(folder: Path) -> dict[str, str]:
    """The files that the list of a folder names; none where there is no list."""
    return _named(folder, "files")


def _folders(folder: Path) -> dict[str, str]:
    """The folders of runs of a study that the list of its folder names."""
    found = _named(folder, "folders")
    return {name: who for name, who in found.items() if not (folder / name).is_symlink()}


def _named(folder: Path, kind: str) -> dict[str, str]:
    """A part of the list of a folder, without names that lead out of it."""
    try:
        stored = json.loads((folder / LIST).read_text(encoding="utf-8"))
        entries = stored[kind].items()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {
        str(name): str(who)
        for name, who in entries
        if Path(name).name == name and name not in ("", ".", "..", LIST, LOCK)
    }


# -- locks -----------------------------------------------------------------------------------------


def _lock(path: Path) -> Release:
    """Take a lock file, and give the function that releases it."""
    try:
        import fcntl
    except ImportError:  # not on this system
        return _claim(path)
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise _in_use(path, _owner(path)) from None
        except OSError:  # not on this file system
            os.close(handle)
            path.unlink(missing_ok=True)
            return _claim(path)
        if _same_file(handle, path):
            break
        os.close(handle)  # its owner removed it between these lines
    os.ftruncate(handle, 0)
    os.write(handle, me().encode("utf-8"))

    def release() -> None:
        _remove(path)
        os.close(handle)

    return release


def _remove(path: Path) -> None:
    """Remove a lock file. One in a folder that cannot be changed any more holds nobody up, since
    its owner will be gone.
    """
    with suppress(OSError):
        path.unlink()


def _same_file(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _claim(path: Path) -> Release:
    """A lock by a file that says whose it is, where the system has no locks."""
    for _ in range(2):
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            owner = _owner(path)
            if not _gone(owner):
                raise _in_use(path, owner) from None
            path.unlink(missing_ok=True)
            continue
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(me())
        return lambda: _remove(path)
    raise _in_use(path, _owner(path))


def me() -> str:
    """What a lock file says of the process that holds it."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return json.dumps({"machine": socket.gethostname(), "process": os.getpid(), "since": now})


def _owner(path: Path) -> dict[str, object]:
    """Who a lock file says that it belongs to; nothing where it cannot be read."""
    with suppress(OSError, ValueError):
        stored = json.loads(path.read_text(encoding="utf-8"))
        return stored if isinstance(stored, dict) else {}
    return {}


def _gone(owner: Mapping[str, object]) -> bool:
    """Whether the owner was a process of this machine that is no more."""
    process = owner.get("process")
    if owner.get("machine") != socket.gethostname() or not isinstance(process, int):
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _in_use(path: Path, owner: Mapping[str, object]) -> SpecError:
    who = "another run"
    if owner:
        who = f"process {owner.get('process')} on {owner.get('machine')} since {owner.get('since')}"
    message = f"'{path.parent}' is the output folder of {who}"
    hint = (
        "choose another --out, or wait; where that run is gone, as after a crash of another "
        f"machine on a shared disk, remove {path}"
    )
    return SpecError([Problem("folder-in-use", message, hint=hint)])
