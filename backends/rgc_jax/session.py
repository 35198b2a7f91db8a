"""JAX as this backend uses it, with 64-bit words, in a scope: a user's own JAX session is left as
it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp


@contextmanager
def session() -> Iterator[None]:
    """64-bit types and the usual promotions, in this thread, until it is left."""
    with (
        jax.enable_x64(True),
        jax.numpy_dtype_promotion("standard"),
        jax.numpy_rank_promotion("allow"),
    ):
        yield


@contextmanager
def arrays() -> Iterator[Any]:
    """The array namespace, inside a `session`."""
    with session():
        yield jnp
