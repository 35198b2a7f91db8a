"""Which answers a layer of a stack has, as far as its spec says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from rgc.model.data import Samples, rows_apart
from rgc.model.lattice import Lattice
from rgc.model.spec import Spec
from rgc.model.stack import Rbm, Stack, Window, rings_of
from rgc.passes.count_states import (
    MOST_INFORMED,
    MOST_JOINT,
    MOST_LANDSCAPE,
    MOST_MASKED,
    MOST_TABLED,
    fits,
)
from rgc.passes.tell_operators import tell_hidden


@dataclass(frozen=True, eq=False)
class Asked:
    """A layer of a stack, numbered from 1, of which something is asked."""

    spec: Spec
    stack: Stack
    number: int

    @cached_property
    def layer(self) -> Rbm:
        return self.stack.layers[self.number - 1]

    @property
    def fractional(self) -> bool:
        """Whether it is trained on means."""
        return self.stack.fractional(self.number - 1)

    @property
    def validated(self) -> bool:
        """Whether there are rows to validate with."""
        monitors = self.spec.flow.options.get("monitors") if self.spec.flow is not None else None
        asked = isinstance(monitors, tuple) and "gap" in monitors
        return asked or bool(rows_apart(self.spec.data))


Lacks = Callable[[Asked], bool]

_VALIDATED = (
    lambda asked: not asked.validated,
    "no rows are kept apart to validate with",
    "keep some of them: validation=0.1",
)
_LOWEST = (
    lambda asked: asked.number > 1,
    "the data of an upper layer are states of the one below",
    "ask it of layer 1",
)
_UPPER = (
    lambda asked: asked.number == 1,
    "the likelihood of the lowest layer is known without a bound",
    "write log_likelihood_train or log_likelihood_validation",
)
_STATES = (
    lambda asked: asked.fractional,
    "its rows are means, which have no chances",
    "write upward=samples below it",
)
_ALL_STATES = (
    lambda asked: any(asked.stack.fractional(number) for number in range(asked.number)),
    "a layer up to it sees means, which have no chances",
    "write upward=samples",
)
_FEW = (
    lambda asked: not fits(asked.layer.visible.states, MOST_LANDSCAPE),
    "its visible side has too many states to go through all of them",
    f"take up to {MOST_LANDSCAPE} states",
)
_TRAINED = (
    lambda asked: asked.layer.train is None,
    "its weights are those of a file, and it is followed in no training",
    "train it further, or leave it out",
)
_PLACES = (
    lambda asked: (
        not isinstance(places := asked.stack.layers[0].visible.places, Lattice)
        or len(places.basis) > 1
    ),
    "the visible units lie on no lattice of one letter",
    "take one such as square(8)",
)

Row = tuple[Lacks, str, str]

NEEDED: Mapping[str, tuple[Row, ...]] = {
    "kl": (_LOWEST,),
    "dF": (_LOWEST,),
    "tau_defect": (_LOWEST,),
    "effective_rows": (
        _LOWEST,
        (
            lambda asked: fits(asked.layer.visible.states, MOST_TABLED),
            "its comparison goes through all states, and no rows",
            "leave it out",
        ),
    ),
    "visible": (
        _LOWEST,
        (
            lambda asked: not isinstance(asked.spec.data, Samples) or bool(asked.spec.data.sets),
            "its data are not samples of one Hamiltonian, in whose operators couplings are told",
            "take data samples(...) of one",
        ),
    ),
    "hidden": (
        (
            lambda asked: not tell_hidden(asked.layer),
            "its hidden units have no neighbours",
            "couplings of dense layers are tabled by the distance of their fields",
        ),
    ),
    "hidden_operators": (
        (
            lambda asked: not tell_hidden(asked.layer),
            "its hidden units have no neighbours",
            "connect it by patch or convolution",
        ),
    ),
    "information": (
        (
            lambda asked: (
                not all(
                    fits(side.states, MOST_INFORMED)
                    for side in (asked.layer.visible, asked.layer.hidden)
                )
            ),
            "one of its sides has too many states to go through all of them",
            f"take up to {MOST_INFORMED} states a side",
        ),
    ),
    "autocorrelation_time": (
        (
            lambda asked: not _joint(asked.layer),
            "its two sides have too many states together to go through all of them",
            f"take up to {MOST_JOINT} of both sides together",
        ),
    ),
    "chains_z": (
        (
            lambda asked: asked.layer.train is None or asked.layer.train.chains is None,
            "it has no persistent chains",
            "train it with pcd or tempering",
        ),
        (
            lambda asked: asked.layer.train is not None and bool(asked.layer.train.dropout),
            "its chains are those of machines without some of the units",
            "train it without dropout",
        ),
    ),
    "dropout_kl": (
        (
            lambda asked: asked.layer.train is None or not asked.layer.train.dropout,
            "it is trained without dropout",
            "train it with dropout=0.5",
        ),
        (
            lambda asked: not _masked(asked.layer),
            "its masks and states are too many to go through all of them",
            f"take up to {MOST_MASKED} masks times states",
        ),
    ),
    "network_kl": (
        (_UPPER[0], "the lowest layer by itself is its network", "write kl"),
        _ALL_STATES,
        (
            lambda asked: not _networked(asked),
            "some layer has too many states to go through all of them, or the data no Hamiltonian",
            f"take up to {MOST_JOINT} of both sides together, and data samples(...) of one",
        ),
    ),
    "minima": (_FEW,),
    "rows_mass": (_FEW, _STATES),
    "log_likelihood_train": (_STATES,),
    "log_likelihood_validation": (_STATES, _VALIDATED),
    "bound_train": (_UPPER, _ALL_STATES),
    "bound_validation": (_UPPER, _ALL_STATES, _VALIDATED),
    "gap": (_TRAINED, _VALIDATED),
    "reconstruction": (_TRAINED,),
    "half_length": (_PLACES,),
    "participation": (_PLACES,),
    "visible_hidden": (
        (
            lambda asked: rings_of(asked.stack.layers[0].visible.places) < 2,
            "the visible units lie on no torus of one letter, 4 sites wide",
            "take one such as square(8)",
        ),
        (
            lambda asked: any(
                side.spins.kind.unit == "softmax"
                for side in (asked.stack.layers[0].visible, asked.layer.hidden)
            ),
            "a unit of several features has no single correlation",
            "take units of two states",
        ),
    ),
    "centres": (
        _PLACES,
        (
            lambda asked: isinstance(asked.layer.connect, Window),
            "its hidden units lie on a lattice",
            "write hidden.k2_10 for a coupling of neighbours",
        ),
    ),
}
"""What an answer needs: when it is not there, why, and what to do. What is not here is there of
every layer.
"""


def _joint(layer: Rbm) -> bool:
    below, above = layer.visible.states, layer.hidden.states
    return below is not None and above is not None and fits(below * above, MOST_JOINT)


def _networked(asked: Asked) -> bool:
    """Whether all states of the layers below can be gone through, and the data are samples of one
    Hamiltonian."""
    source = asked.spec.data
    one = isinstance(source, Samples) and not source.sets
    tabled = fits(asked.stack.layers[0].visible.states, MOST_TABLED)
    return one and tabled and all(map(_joint, asked.stack.layers[: asked.number - 1]))


def _masked(layer: Rbm) -> bool:
    states = layer.visible.states
    return states is not None and fits(states * 2**layer.hidden.count, MOST_MASKED)


def lacking(spec: Spec, stack: Stack, number: int, name: str) -> tuple[str, str] | None:
    """Why a layer has no answer of this name, and what to do; None where it has, or may have."""
    asked = Asked(spec, stack, number)
    rows = NEEDED.get(name, ())
    return next(((why, hint) for lacks, why, hint in rows if lacks(asked)), None)
