"""Whether two results hold the same: the meaning of `==` where arrays stand among the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np


def same(a: Any, b: Any) -> bool:
    """Equality of nested mappings, tuples, numbers and arrays.

    Arrays are compared element by element and with their dtypes, and NaN is equal to NaN.
    """
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return _same_arrays(np.asarray(a), np.asarray(b))
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b or (a != a and b != b))


def same_fields(a: Any, b: Any) -> bool:
    """Equality of two objects of one data class, field by field."""
    return all(same(getattr(a, field.name), getattr(b, field.name)) for field in fields(a))


def _same_arrays(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    return bool(np.all((a == b) | ((a != a) & (b != b))))
