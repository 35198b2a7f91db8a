"""The layers of a stack as one network, a deep belief network, and a bound on the likelihood of its
data.

The network of layers 1, ..., l draws hidden units of layer l - 1 from machine l, and then goes down
through p_k(v | h) of the layers below. With h_0 the rows, and h_k drawn on the way up from
p_k(h | h_(k-1)),

    <ln p(v)>  >=  <ln p_1(v)> + sum_k <ln p_(k+1)(h_k) - ln p_k(h_k)>,    k = 1, ..., l - 1,

where p_k(h_k) is the marginal distribution of machine k and p_(k+1)(h_k) that of the machine above,
whose visible units they are (Hinton, Osindero and Teh 2006). Of a machine that is the one below
upside down the term is 0. In effective Hamiltonians only the ln Z of the uppermost machine is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rgc.flows.data.rows import Rows
from rgc.flows.machines.layer_answer import Trained
from rgc.flows.machines.likelihood import estimate, normalised
from rgc.results.result import Estimate


def bounds(layers: Sequence[Trained], log_z: Sequence[Estimate]) -> list[dict[str, Estimate]]:
    """For every layer the bounds of the network that it is the top of, over the rows of training
    and those kept apart. The first layer has none, since its likelihood is known, nor have layers
    from one on that sees means, since h_k is drawn.

    `log_z` are those of the machines.
    """
    found: list[dict[str, Estimate]] = [{} for _ in layers]
    for name, rows in _rows(layers).items():
        machine = layers[0].machine
        logs = -machine.visible_energies(machine.visible.features(rows[0].states))
        for number, (below, above) in enumerate(pairwise(layers), 1):
            if rows[number].means:
                break
            hidden = above.machine.visible.features(rows[number].states)
            logs = logs + below.machine.hidden_energies(hidden)
            logs = logs - above.machine.visible_energies(hidden)
            value, error = log_z[number].value or 0.0, log_z[number].error or 0.0
            found[number][f"bound_{name}"] = estimate(*normalised(logs, rows[0], value, error))
    return found


def _rows(layers: Sequence[Trained]) -> dict[str, list[Rows]]:
    """The rows as each layer sees them."""
    apart = [layer.validation for layer in layers if layer.validation is not None]
    return {"train": [layer.rows for layer in layers]} | ({"validation": apart} if apart else {})
