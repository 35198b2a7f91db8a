"""The devices of a run, what suits them, and how words are shared among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

WORDS = "words"
"""The axis along which arrays are sharded. Every array of words has it last."""

FIRST = 16
"""Planes that a CPU decides for every word. After them one word in a thousand has a replica that is
undecided."""

PATCH = 1 << 15
"""Words that a CPU works on at once: they stay in its second cache."""

SLAB = 1 << 9
"""Words that a CPU adds to the counters of a tally at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """The devices of JAX's default platform, and what suits them.

    - `first` is the number of planes decided for every word before the undecided ones. 64 or more
      means all of them.
    - `patch` and `slab` are the most words worked on at once, by updates and by tallies.
    - `held` says whether a value must be kept from being fused into all of its users.
    """

    devices: tuple[Any, ...]
    first: int
    patch: int
    slab: int
    held: bool
    options: tuple[tuple[str, Any], ...] = ()

    def share(self, words: int) -> Share:
        """How so many words lie on the devices: equal parts, the last one filled up."""
        part = -(-words // min(len(self.devices), words))
        return Share(words, part, self.devices[: -(-words // part)])

    def jit(self, function: Callable[..., Any], **how: Any) -> Callable[..., Any]:
        return jax.jit(function, compiler_options=dict(self.options) or None, **how)


@dataclass(frozen=True, slots=True)
class Share:
    """`words` in parts of `part` words, one for each device. The last part may hold words that mean
    nothing."""

    words: int
    part: int
    devices: tuple[Any, ...]

    @property
    def padded(self) -> int:
        return self.part * len(self.devices)

    def put(self, array: np.ndarray[Any, Any], unit: int = 1) -> jax.Array:
        """A copy of an array [..., unit * words] on the devices, filled up with zeros. A copy,
        since JAX may go on reading a NumPy buffer that is changed in place meanwhile."""
        spare = [(0, 0)] * (array.ndim - 1) + [(0, unit * (self.padded - self.words))]
        return jax.device_put(np.pad(array, spare), self.sharding(array.ndim))

    def everywhere(self, array: Any) -> jax.Array:
        """A copy of an array on every device."""
        where = NamedSharding(self.mesh, PartitionSpec())
        return jax.device_put(np.array(array), where if len(self.devices) > 1 else self.devices[0])

    def sharding(self, axes: int) -> Any:
        if len(self.devices) == 1:
            return self.devices[0]
        return NamedSharding(self.mesh, self.spec(axes))

    def spec(self, axes: int) -> PartitionSpec:
        """Sharded along the last of so many axes."""
        return PartitionSpec(*[None] * (axes - 1), WORDS)

    def mapped(self, function: Callable[..., Any], ins: Any, outs: Any) -> Callable[..., Any]:
        """A function that sees the words of one device, made one of all devices. The specifications
        are those of `jax.shard_map`."""
        if len(self.devices) == 1:
            return function
        return jax.shard_map(
            function, mesh=self.mesh, in_specs=ins, out_specs=outs, check_vma=False
        )

    def first(self) -> jax.Array:
        """Inside `mapped`: the number of the first word of this device."""
        device = jax.lax.axis_index(WORDS) if len(self.devices) > 1 else 0
        return jnp.uint64(device) * np.uint64(self.part)

    def live(self, first: jax.Array) -> jax.Array | None:
        """Which words from `first` on mean something. None says that all do."""
        if self.padded == self.words:
            return None
        return first + jnp.arange(self.part, dtype=jnp.uint64) < np.uint64(self.words)

    def total(self, counts: jax.Array) -> jax.Array:
        """Inside `mapped`: the sum over devices."""
        return jax.lax.psum(counts, WORDS) if len(self.devices) > 1 else counts

    @property
    def mesh(self) -> Mesh:
        return Mesh(np.array(self.devices), (WORDS,))


def find_platform(first: int | None = None) -> Platform:
    """JAX's default platform and its devices that belong to this process."""
    platform = jax.default_backend()
    devices = tuple(jax.local_devices(backend=platform))
    if platform == "cpu":
        return Platform(
            devices=devices,
            first=FIRST if first is None else first,
            patch=PATCH,
            slab=SLAB,
            held=True,
            options=cpu_options(),
        )
    return Platform(
        devices=devices,
        first=64 if first is None else first,
        patch=1 << 62,
        slab=1 << 24,
        held=False,
    )


@lru_cache(maxsize=1)
def cpu_options() -> tuple[tuple[str, Any], ...]:
    """Vectors of 512 bits, where this version of XLA takes the option: by itself it stops at
    256."""
    options = {"xla_cpu_prefer_vector_width": 512}
    try:
        jax.jit(lambda: 0, compiler_options=options)()
    except Exception:  # an option that is gone is no reason to fail
        return ()
    return tuple(options.items())
