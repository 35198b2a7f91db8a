"""What `enumerate` needs of its options: a block map to study, parameters to find, couplings to draw."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.options import Reading
from rgc.ast_to_model.sections.flow_limits import shapes
from rgc.errors import Problem
from rgc.model.lattice import Lattice
from rgc.model.spec import Spec

STUDIED = ("find", "linearise", "starts", "plane")
"""Options that ask for the map of the couplings as a recursion."""


def check_enumeration(spec: Spec, reading: Reading, context: Context) -> None:
    """Report options that this spec leaves without a meaning, each with the reason."""
    if context.failed & {"block", "lattice", "hamiltonian", "spins"}:
        return
    for each in (*_studied(spec, reading), *_steps(spec, reading), *_free(spec, reading, context)):
        context.problems.extend([each])
    random = any(term.inhomogeneous for term in spec.hamiltonian.terms) if spec.hamiltonian else False
    if "disorder" in reading.places and not random:
        message = "no coupling is drawn: every realisation would be the same"
        place = reading.places["disorder"].span
        context.problems.error("no-disorder", message, place, hint="draw one: J ~ normal(0, 1)")


def _studied(spec: Spec, reading: Reading) -> Iterator[Problem]:
    asked = [name for name in STUDIED if name in reading.places and reading.values.get(name) is not False]
    if not asked:
        return
    place = reading.places[asked[0]].span
    if not spec.blocks:
        message = f"'{asked[0]}' is about the map of the couplings, and there is no block map"
        yield Problem("missing-section", message, place, hint="add one: block majority(2)")
    elif len(set(spec.blocks)) > 1:
        message = (
            f"'{asked[0]}' is about one map of the couplings, and there are {len(spec.blocks)} block maps"
        )
        yield Problem("several-maps", message, place, hint="keep one of them")


def _steps(spec: Spec, reading: Reading) -> Iterator[Problem]:
    steps = reading.values.get("steps")
    if not isinstance(steps, int) or "steps" not in reading.places or not isinstance(spec.lattice, Lattice):
        return
    place = reading.places["steps"].span
    if not spec.blocks:
        yield Problem("missing-section", "steps need a block map", place, hint="add one: block majority(2)")
        return
    if not spec.lattice.finite or any(not block.factor for block in spec.blocks):
        return
    levels = shapes(spec.lattice, spec.blocks)
    if steps > len(levels) - 1:
        size = " x ".join(map(str, spec.lattice.cells))
        times = "once" if len(levels) == 2 else f"{len(levels) - 1} times"
        message = f"{steps} steps, but {size} cells can be blocked {times}"
        yield Problem("too-many-steps", message, place, hint=f"steps={len(levels) - 1} at most")


def _free(spec: Spec, reading: Reading, context: Context) -> Iterator[Problem]:
    free = any(block.free for block in spec.blocks)
    minimise = reading.places.get("minimise")
    if minimise is None:
        if free:
            hint = "write enumerate(minimise=kl)"
            message = "p=free is found by what it minimises, and nothing is named"
            yield Problem("nothing-to-minimise", message, context.document.place("block"), hint=hint)
        return
    if not free:
        message = "no parameter of the block map is free"
        hint = "write kadanoff(2, p=free) or p=free(each=block)"
        yield Problem("nothing-to-minimise", message, minimise.span, hint=hint)
    elif reading.values.get("minimise") == "dF":
        message = (
            "the kernel is normalised and its sum exact: dF is 0 whatever p is, so that it chooses nothing"
        )
        hint = "minimise kl: how far the spins rebuilt from the block spins are from those of the model"
        yield Problem("pure-gauge", message, minimise.span, hint=hint)
