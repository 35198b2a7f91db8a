"""Routines of array flows: named functions of whole arrays, each with a default that a backend may
replace by a faster version.

A default is written in the Python array API standard and takes its namespace from its arguments,
unless its docstring says that the arrays are those of NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Protocol

DEFAULTS: Mapping[str, str] = {
    "fwht": "rgc.routines.walsh:fwht",
    "walsh_exp": "rgc.routines.walsh:walsh_exp",
    "svd": "rgc.routines.svd:svd",
    "log_z_small_side": "rgc.routines.log_z:log_z_small_side",
    "iterate_map": "rgc.routines.iteration:iterate_map",
    "clusters": "rgc.routines.clusters:clusters",
}
"""The default of each routine. Its docstring says what every version must do."""


class HasRoutines(Protocol):
    """The part of a backend that is needed here."""

    @property
    def routines(self) -> Mapping[str, Callable[..., Any]]: ...


def routine(backend: HasRoutines, name: str) -> Callable[..., Any]:
    """The backend's own version of a routine, else the default.

    Call it inside `backend.arrays()`, with arrays of its namespace. Raises `KeyError` for a name
    that no routine has.
    """
    module, function = DEFAULTS[name].split(":")
    own = backend.routines.get(name)
    return own if own is not None else getattr(import_module(module), function)
