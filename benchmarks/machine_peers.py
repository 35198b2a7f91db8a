"""Other ways to train a restricted Boltzmann machine of binary units, as people write them today.

Each function takes (visible, hidden, batch, persistent) and returns `run(updates)`, ready to be
timed, of CD-1 or PCD-1 with float32 where the package allows it. It raises ImportError if its
package is not there or has no such algorithm.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Run = Callable[[int], object]


def scikit_learn(visible: int, hidden: int, batch: int, persistent: bool) -> Run:
    """`BernoulliRBM`, which has persistent chains only."""
    from sklearn.neural_network import BernoulliRBM

    if not persistent:
        raise ImportError("scikit-learn has no CD-k")
    rows = (np.random.default_rng(0).random((batch, visible)) < 0.5).astype(np.float32)
    machine = BernoulliRBM(hidden, learning_rate=0.1, batch_size=batch, random_state=0)

    def run(updates: int) -> None:
        for _ in range(updates):
            machine.partial_fit(rows)

    return run


def torch(visible: int, hidden: int, batch: int, persistent: bool) -> Run:
    """The usual dozen lines on one thread, without autograd: products in place, `torch.rand` for
    draws."""
    import torch

    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    rows = (torch.rand(batch, visible, generator=generator) < 0.5).float()
    w = 0.01 * torch.randn(visible, hidden, generator=generator)
    b, c, chains = torch.zeros(visible), torch.zeros(hidden), rows.clone()

    def drawn(x: torch.Tensor) -> torch.Tensor:
        return (torch.rand(x.shape, generator=generator) < torch.sigmoid(x)).float()

    def run(updates: int) -> None:
        with torch.no_grad():
            for _ in range(updates):
                h = drawn(torch.addmm(c, rows, w))
                above = drawn(torch.addmm(c, chains, w)) if persistent else h
                v = drawn(torch.addmm(b, above, w.T))
                other = drawn(torch.addmm(c, v, w))
                w.addmm_(rows.T, h, alpha=0.1 / batch).addmm_(v.T, other, alpha=-0.1 / batch)
                b.add_((rows - v).sum(0), alpha=0.1 / batch)
                c.add_((h - other).sum(0), alpha=0.1 / batch)
                chains.copy_(v)

    return run


PEERS: dict[str, Callable[[int, int, int, bool], Run]] = {
    "scikit-learn": scikit_learn,
    "torch": torch,
}
