"""How much memory this machine has left, and amounts of memory as text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

MARGIN = 0.1
"""The share of what is free that a run leaves to others."""

UNITS = {"K": 2.0**10, "M": 2.0**20, "G": 2.0**30, "T": 2.0**40}
"""The units in which people give an amount."""

MACHINE = Path("/proc/meminfo")
"""Where Linux says what is free."""

OWN = Path("/proc/self/status")
"""Where it says what this process has."""

GROUPS = Path("/sys/fs/cgroup")
"""Where it says what control groups allow."""


def available() -> float | None:
    """The bytes that a run may take: the least of what the machine has free, of what the control
    groups of this process leave, and of what its own limits (`ulimit -v`, `ulimit -d`) leave, less
    `MARGIN`. None where none is known.
    """
    free = [*_machine(), *_groups(), *_limits()]
    return min(free) * (1 - MARGIN) if free else None


def text(size: float) -> str:
    """`38 MiB`, `1.4 GiB`: an amount to two digits or more."""
    for unit, scale in reversed(UNITS.items()):
        if size >= scale:
            number = f"{size / scale:.{1 if size < 10 * scale else 0}f}".removesuffix(".0")
            return f"{number} {unit}iB"
    return f"{size:.0f} bytes"


def _machine() -> Iterator[float]:
    """What Linux says could be allocated without swapping."""
    for line in _lines(MACHINE):
        if line.startswith("MemAvailable:"):
            yield float(line.split()[1]) * 1024


def _groups() -> Iterator[float]:
    """What is left below the limit of the control group, of version 2 or 1."""
    for folder, limit, used in (
        (GROUPS, "memory.max", "memory.current"),
        (GROUPS / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
    ):
        most, now = _lines(folder / limit), _lines(folder / used)
        if most and now and most[0].isdigit() and now[0].isdigit():
            yield max(0.0, float(most[0]) - float(now[0]) + _cached(folder))


def _limits() -> Iterator[float]:
    """What is left below the limits of this process on its address space and on its data."""
    try:
        import resource
    except ImportError:  # where no process has limits
        return
    for limit, counted in ((resource.RLIMIT_AS, "VmSize:"), (resource.RLIMIT_DATA, "VmData:")):
        most, _ = resource.getrlimit(limit)
        if most != resource.RLIM_INFINITY:
            words = (line.split() for line in _lines(OWN))
            used = (float(line[1]) * 1024 for line in words if line[:1] == [counted])
            yield max(0.0, most - next(used, 0.0))


def _cached(folder: Path) -> float:
    """What the group holds of files and would give back."""
    words = (line.split() for line in _lines(folder / "memory.stat"))
    return sum(float(value) for name, value in words if name in ("inactive_file",))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
