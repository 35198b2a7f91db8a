"""Other ways to sample the nearest-neighbour square Ising model, as people write them today.

Each function takes (L, K) and returns `run(sweeps) -> energy per site / K`, ready to be timed. It
raises ImportError if its package cannot be imported. There is one replica of L x L spins with
periodic boundaries; the update is Metropolis, but for thrml, which has only the heat bath.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp

import numpy as np

Run = Callable[[int], float]


def _energy(s: np.ndarray) -> float:
    s = s.astype(np.int64)
    return float(-(s * (np.roll(s, -1, 0) + np.roll(s, -1, 1))).mean())


def scalar_int8(L: int, K: float) -> Run:
    """The careful one-replica code: numba, int8 spins, a checkerboard, inlined xoshiro256++ and
    integer thresholds.
    """
    from numba import njit

    limits = np.array(
        [2**32 - 1 if m <= 0 else int(2**32 * exp(-2 * K * m)) for m in range(-4, 5)], np.uint64
    )

    @njit(cache=True, error_model="numpy")  # type: ignore[untyped-decorator]
    def sweep(s, limits, state, sweeps):  # type: ignore[no-untyped-def]
        size = s.shape[0]
        a, b, c, d = state[0], state[1], state[2], state[3]
        for _ in range(sweeps):
            for colour in range(2):
                for y in range(size):
                    up, down = (y + 1) % size, (y - 1 + size) % size
                    for x in range((y + colour) & 1, size, 2):
                        right = x + 1 if x + 1 < size else 0
                        left = x - 1 if x > 0 else size - 1
                        m = s[y, x] * (s[up, x] + s[down, x] + s[y, left] + s[y, right])
                        t = a + d
                        u = ((t << np.uint64(23)) | (t >> np.uint64(41))) + a
                        t = b << np.uint64(17)
                        c ^= a
                        d ^= b
                        b ^= c
                        a ^= d
                        c ^= t
                        d = (d << np.uint64(45)) | (d >> np.uint64(19))
                        if (u >> np.uint64(32)) <= limits[m + 4]:
                            s[y, x] = -s[y, x]
        state[0], state[1], state[2], state[3] = a, b, c, d

    s = np.ones((L, L), np.int8)
    state = np.array([1, 2, 3, 4], np.uint64) * np.uint64(0x9E3779B97F4A7C15)

    def run(sweeps: int) -> float:
        sweep(s, limits, state, sweeps)
        return _energy(s)

    return run


def scalar_table(L: int, K: float) -> Run:
    """numba, int8 spins, `np.random.random()` and a table of exp(-dE), as most people write it."""
    from numba import njit

    table = np.array([min(1.0, exp(-2 * K * m)) for m in range(-4, 5)])

    @njit(cache=True)  # type: ignore[untyped-decorator]
    def sweep(s, table, sweeps):  # type: ignore[no-untyped-def]
        size = s.shape[0]
        for _ in range(sweeps):
            for colour in range(2):
                for y in range(size):
                    for x in range((y + colour) % 2, size, 2):
                        m = s[y, x] * (
                            s[(y + 1) % size, x] + s[y - 1, x] + s[y, (x + 1) % size] + s[y, x - 1]
                        )
                        if np.random.random() < table[m + 4]:  # noqa: NPY002, what this peer is about
                            s[y, x] = -s[y, x]

    s = np.ones((L, L), np.int8)

    def run(sweeps: int) -> float:
        sweep(s, table, sweeps)
        return _energy(s)

    return run


def numpy_roll(L: int, K: float) -> Run:
    """NumPy: four rolls, float64 uniforms, a checkerboard mask."""
    rng = np.random.default_rng(1)
    s = np.ones((L, L), np.int8)
    even = np.add.outer(np.arange(L), np.arange(L)) % 2 == 0

    def run(sweeps: int) -> float:
        for _ in range(sweeps):
            for mask in (even, ~even):
                field = np.roll(s, 1, 0) + np.roll(s, -1, 0) + np.roll(s, 1, 1) + np.roll(s, -1, 1)
                flip = (rng.random((L, L)) < np.exp(-2 * K * s * field)) & mask
                s[flip] *= -1
        return _energy(s)

    return run


def plain_jax(L: int, K: float) -> Run:
    """JAX, jitted: rolls, float32 uniforms from the default generator, a checkerboard mask, and
    `fori_loop` over sweeps.
    """
    import jax
    import jax.numpy as jnp

    even = np.add.outer(np.arange(L), np.arange(L)) % 2 == 0

    @jax.jit
    def advance(s, key, sweeps):  # type: ignore[no-untyped-def]
        def half(s, key, mask):  # type: ignore[no-untyped-def]
            field = jnp.roll(s, 1, 0) + jnp.roll(s, -1, 0) + jnp.roll(s, 1, 1) + jnp.roll(s, -1, 1)
            u = jax.random.uniform(key, s.shape, jnp.float32)
            return jnp.where((u < jnp.exp(-2 * K * (s * field).astype(jnp.float32))) & mask, -s, s)

        def sweep(n, carry):  # type: ignore[no-untyped-def]
            s, key = carry
            key, first, second = jax.random.split(key, 3)
            return half(half(s, first, even), second, ~even), key

        return jax.lax.fori_loop(0, sweeps, sweep, (s, key))

    carry = [jnp.ones((L, L), jnp.int8), jax.random.key(1)]

    def run(sweeps: int) -> float:
        carry[:] = advance(*carry, sweeps)
        return _energy(np.asarray(carry[0]))

    return run


def peapods(L: int, K: float) -> Run:
    """peapods (Rust): one temperature, one replica, Metropolis, sequential."""
    from peapods import Ising

    model = Ising((L, L), temperatures=np.array([1 / K]), n_replicas=1)

    def run(sweeps: int) -> float:
        model.sample(sweeps, sweep_mode="metropolis", warmup_ratio=0.0, sequential=True)
        return -float(model.get_energies()[0])  # peapods reports +sum s s'

    return run


def thrml(L: int, K: float) -> Run:
    """thrml (JAX): an IsingEBM on the square torus, two free blocks, heat bath."""
    import jax
    import jax.numpy as jnp
    from thrml import Block, SamplingSchedule, SpinNode, sample_states
    from thrml.models import IsingEBM, IsingSamplingProgram, hinton_init

    nodes = [[SpinNode() for _ in range(L)] for _ in range(L)]
    flat = [node for row in nodes for node in row]
    edges = [(nodes[y][x], nodes[y][(x + 1) % L]) for y in range(L) for x in range(L)]
    edges += [(nodes[y][x], nodes[(y + 1) % L][x]) for y in range(L) for x in range(L)]
    model = IsingEBM(flat, edges, jnp.zeros(L * L), jnp.ones(2 * L * L), jnp.asarray(K))
    colours = [
        Block([nodes[y][x] for y in range(L) for x in range(L) if (x + y) % 2 == c])
        for c in range(2)
    ]
    program = IsingSamplingProgram(model, colours, clamped_blocks=[])
    everything = [Block(flat)]
    state = hinton_init(jax.random.key(0), model, colours, ())
    jitted: dict[int, Callable[..., list[jax.Array]]] = {}

    def run(sweeps: int) -> float:
        if sweeps not in jitted:
            schedule = SamplingSchedule(
                n_warmup=sweeps, n_samples=1, steps_per_sample=1
            )  # a sample after the warm-up
            jitted[sweeps] = jax.jit(
                lambda key, s: sample_states(key, program, schedule, s, [], everything)
            )
        spins = np.asarray(jitted[sweeps](jax.random.key(sweeps), state)[0])[0].reshape(L, L)
        return _energy(2 * spins.astype(np.int8) - 1)

    return run


PEERS: dict[str, Callable[[int, float], Run]] = {
    "scalar int8, xoshiro": scalar_int8,
    "scalar, np.random": scalar_table,
    "NumPy roll": numpy_roll,
    "plain JAX": plain_jax,
    "peapods": peapods,
    "thrml": thrml,
}
