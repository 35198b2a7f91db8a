"""A backend that notes which functions of arrays and which routines a flow calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from types import ModuleType
from typing import TYPE_CHECKING, Any

from rgc.routines import DEFAULTS, routine

if TYPE_CHECKING:
    from rgc.backend import Backend


class Watched:
    """Another backend, whose array namespaces and routines note what is called.

    - `functions` holds the functions by name, such as `linalg.svd`.
    - `routines` holds the routines, and says whose version each one is.
    - `namespaces` holds the namespaces themselves.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.functions: set[str] = set()
        self.routines_called: dict[str, str] = {}
        self.namespaces: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    @contextmanager
    def arrays(self) -> Iterator[Any]:
        with self._backend.arrays() as xp:
            self.namespaces.add(xp.__name__)
            yield Namespace(xp, self.functions)

    @property
    def routines(self) -> Mapping[str, Callable[..., Any]]:
        """Every routine: the backend's own, or the default."""
        return {name: self._noted(name) for name in DEFAULTS}

    def _noted(self, name: str) -> Callable[..., Any]:
        function = routine(self._backend, name)

        @wraps(function)
        def noted(*arguments: Any, **options: Any) -> Any:
            self.routines_called[name] = function.__module__
            return function(*arguments, **options)

        return noted

    def forget(self) -> None:
        """Forget what was called."""
        self.functions.clear()
        self.routines_called.clear()
        self.namespaces.clear()

    def summary(self) -> Mapping[str, str]:
        """What was called, for people."""
        spaces, names = (", ".join(sorted(called)) for called in (self.namespaces, self.functions))
        routines = (f"{name} of {place}" for name, place in sorted(self.routines_called.items()))
        return {
            "functions": f"of {spaces}: {names}" if names else "none of the array namespace",
            "routines": ", ".join(routines) or "none",
        }


class Namespace:
    """An array namespace, or a part of one, that notes the functions that are called."""

    def __init__(self, inner: Any, called: set[str], head: str = "") -> None:
        self._inner, self._called, self._head = inner, called, head

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._inner, name)
        if isinstance(attribute, ModuleType):
            return Namespace(attribute, self._called, f"{self._head}{name}.")
        if callable(attribute) and not isinstance(attribute, type):
            self._called.add(f"{self._head}{name}")
        return attribute
