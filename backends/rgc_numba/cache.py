"""Generated modules: real files, named by their content, imported once, their machine code kept
beside them by numba."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from time import time
from types import ModuleType
from typing import Any

from rgc.backend import cache_folder

ABANDONED = 3600.0
"""Seconds after which nobody is still writing a temporary file."""


def load(source: str) -> ModuleType:
    """The module of a generated source, from `rgc_<hash>.py` in the cache folder. The hash covers
    the text, the version of numba and the processor. Raises `OSError` where the folder cannot be
    written."""
    name = f"rgc_{_digest(source)}"
    if name not in sys.modules:
        path = _write(cache_folder() / f"{name}.py", source)
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"cannot import {path}")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
        _guard(module, path.with_suffix(".lock"))
    return sys.modules[name]


def _guard(module: ModuleType, lock: Path) -> None:
    """Let one process at a time save machine code of a module, and let damaged files be missing
    ones.

    numba keeps an index of signatures for each function, which it reads, changes and writes back:
    two processes that do so at once can leave a signature that names the machine code of another.
    """
    for function in vars(module).values():
        index = getattr(getattr(function, "_cache", None), "_cache_file", None)
        if index is not None:
            index.load = _or_nothing(index.load)
            index.save = _alone(index.save, index.flush, lock)


def _or_nothing(load: Callable[..., Any]) -> Callable[..., Any]:
    """What cannot be read is not there: files that were cut off or overwritten raise anything."""

    def read(*arguments: Any) -> Any:
        try:
            return load(*arguments)
        except Exception:
            return None

    return read


def _alone(save: Callable[..., Any], flush: Callable[[], Any], lock: Path) -> Callable[..., Any]:
    """`save` under a lock. An index that cannot be read is emptied before; where nothing can be
    written, as on a full disk, nothing is kept.
    """

    def locked(*arguments: Any) -> None:
        with suppress(OSError), alone(lock):
            try:
                save(*arguments)
            except OSError:
                raise
            except Exception:
                flush()
                save(*arguments)

    return locked


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Hold a lock that one process at a time can have, where the system has such locks."""
    try:
        import fcntl
    except ImportError:  # as numba would do it
        yield
        return
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _digest(source: str) -> str:
    import numba

    compiled = not numba.config.DISABLE_JIT  # type: ignore[attr-defined]
    parts = (source, numba.__version__, _processor(), str(compiled))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


@lru_cache(maxsize=1)
def _processor() -> str:
    import llvmlite.binding  # type: ignore[import-untyped]

    return str(llvmlite.binding.get_host_cpu_name())


def _write(path: Path, source: str) -> Path:
    """Write the file whole or not at all. One that is there already keeps its time stamp: numba's
    cache goes by it."""
    if path.exists() and path.read_bytes() == source.encode("utf-8"):
        return path
    _sweep(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(source)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def _sweep(folder: Path) -> None:
    """Remove temporary files, ours and numba's, of processes that were killed."""
    for path in folder.glob("*.tmp*"):
        with suppress(OSError):
            if time() - path.stat().st_mtime > ABANDONED:
                path.unlink()
