"""What the answers of machines ask of a stack: sums over all states, and rows to validate with."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem
from rgc.model.data import Data, File, Samples, kept_apart, rows_apart, rows_of, source_of
from rgc.model.hamiltonian import Term
from rgc.model.lattice import Lattice
from rgc.model.operators import Product
from rgc.model.spec import Spec
from rgc.model.stack import Rbm, Stack
from rgc.passes.built_in import smallest_waves
from rgc.passes.count_states import MOST_TABLED, fits, states_text
from rgc.schemes.needs.samples import terms_that_fit
from rgc.schemes.scheme import Asked
from rgc.text import Span

FEWEST = 2
"""Fewer rows than this have no variance, without which the gap has no error."""

COMPARED = ("kl", "dF", "tau_defect")
"""Answers that compare a machine with the Hamiltonian."""


def monitored(asked: Asked) -> Iterator[Problem]:
    """Report monitors that cannot be had: a KL that sums over too many states, comparisons with no
    Hamiltonian, and a gap between rows for training and no others."""
    monitors, place = asked.options.get("monitors"), asked.place("monitors")
    stack, spec = asked.spec.stack, asked.spec
    if not isinstance(monitors, tuple) or stack is None or not asked.read("data", "hamiltonian"):
        return
    for name in monitors:
        if name in COMPARED and spec.hamiltonian is None:
            message = f"'{name}' compares a machine with a hamiltonian, and this spec has none"
            hint = "gap, reconstruction and pseudo_likelihood compare it with the data"
            yield Problem("missing-section", message, place, hint=hint)
        elif name in COMPARED:
            yield from not_compared(name, stack.layers[0], spec.data, place)
    if "pseudo_likelihood" in monitors and not _of_states(stack):
        message = "'pseudo_likelihood' is that of units with states, and no layer sees such rows"
        hint = "log_likelihood is that of real units too"
        yield Problem("wrong-spins", message, place, hint=hint)
    kept = _kept(spec.data) if spec.data is not None else FEWEST
    if "gap" in monitors and kept < FEWEST:
        few = "only one is" if kept else "none are"
        message = f"'gap' compares rows for training with others, and {few} kept apart"
        yield Problem("no-rows", message, place, hint=_keeping(spec.data))


def _of_states(stack: Stack) -> bool:
    """Whether the rows of some layer are states, and no means or real values."""
    return any(
        layer.visible.unit != "gaussian" and not stack.fractional(number)
        for number, layer in enumerate(stack.layers)
    )


THERMOMETERS = ("temperature_energy", "temperature_correlation")
"""Temperatures that chains of `iterate=n` have after each step."""

FEWEST_ROWS = 64
"""Rows from which chains start, so that their averages have errors: two in each group of the
jackknife."""


def iterated(asked: Asked) -> Iterator[Problem]:
    """Report chains without thermometers: those are of Ising spins on a lattice that closes on
    itself, with a Hamiltonian. Report too few rows to start from, and temperatures of no chains or
    that are none.
    """
    place = asked.place("iterate")
    if not asked.options.get("iterate"):
        if "temperatures" in asked.places:
            message = "'temperatures' are those of chains, and none are asked for"
            hint = "say how many steps they make: iterate=20"
            yield Problem("unused-option", message, asked.place("temperatures"), hint=hint)
        return
    if not asked.read("lattice", "spins", "hamiltonian", "data"):
        return
    reason = _unmeasured(asked.spec)
    if reason is not None:
        code, why, hint = reason
        message = f"'iterate' measures the temperature of chains, and {why}"
        yield Problem(code, message, place, hint=hint)
        return
    yield from terms_that_fit(asked)
    yield from _too_few(asked.spec.data, place)
    temperatures = asked.options.get("temperatures")
    for each in temperatures if isinstance(temperatures, tuple) else ():
        if isinstance(each, int | float) and each < COLDEST:
            message = f"a temperature of chains is at least {COLDEST:g}, not {each:g}"
            hint = "1 is the temperature of the spec itself"
            yield Problem("out-of-range", message, asked.place("temperatures"), hint=hint)


COLDEST = 0.05
"""The lowest temperature from which chains start, below any that can be told from 0."""


def _unmeasured(spec: Spec) -> tuple[str, str, str] | None:
    """Why a spec has no thermometers: code, reason and hint."""
    lattice, hamiltonian = spec.lattice, spec.hamiltonian
    if hamiltonian is None:
        return "missing-section", "this spec has no hamiltonian", "add one, or leave iterate out"
    if not isinstance(lattice, Lattice) or not smallest_waves(lattice):
        hint = "take a lattice with a periodic direction, such as square(8)"
        return "wrong-lattice", "a correlation length needs a direction that closes", hint
    if [species.alphabet for species in spec.species] != ["ising"]:
        return "wrong-spins", "thermometers are for one species of ising spins", "declare s: ising"
    if not any(term.coefficient and any(map(len, _products(term))) for term in hamiltonian.terms):
        hint = "give one of its couplings a value; data may be samples at several values"
        return "nothing-to-measure", "H is 0 with the parameters of this spec", hint
    return None


def _products(term: Term) -> Iterator[Product]:
    yield from (product for _, product in term.products)


def _too_few(data: Data | None, place: Span | None) -> Iterator[Problem]:
    """Report fewer rows than chains need: those kept for validation, else those for training."""
    apart = rows_apart(data)
    rows = apart or rows_of(data) or 0
    if rows < FEWEST_ROWS:
        message = f"chains start from {rows} rows{' kept for validation' if apart else ''}"
        hint = f"take more rows: their averages have an error from {FEWEST_ROWS} on"
        yield Problem("no-rows", message, place, hint=hint)


def _keeping(data: Data | None) -> str:
    """How to keep enough rows apart."""
    source = None if data is None else source_of(data)
    if not isinstance(source, Samples | File):
        return "rows of samples and of files can be kept apart"
    shares = (share for share in (0.1, 0.2, 0.5) if kept_apart(source.rows, share) >= FEWEST)
    share = next(shares, None)
    return "" if share is None else f"keep some of them: validation={share:g}"


def _kept(data: Data) -> int:
    """The rows to validate with: a share that is kept apart, or a tenth as many fresh samples of
    each set, which nothing has changed."""
    kept = rows_apart(data)
    if kept or not isinstance(data, Samples):
        return kept
    return len(data.points) * -(-data.count // 10)


def not_compared(name: str, layer: Rbm, data: Data | None, place: Span | None) -> Iterator[Problem]:
    """Report an answer that compares a layer with the Hamiltonian where the data are not samples of
    one Hamiltonian, and a KL that would be a sum over too many states."""
    hint = "gap and reconstruction are sums over rows"
    if name in COMPARED and not (isinstance(data, Samples) and not data.sets):
        message = f"'{name}' compares a machine with the Hamiltonian that its data are samples of"
        yield Problem("wrong-data", f"{message}, and these are none", place, hint=hint)
    elif name == "kl" and not fits(layer.visible.states, MOST_TABLED):
        message = (
            f"kl is a sum over {states_text(layer.visible.states)} states of "
            f"{layer.visible.count} visible units; the limit is {states_text(MOST_TABLED)}"
        )
        yield Problem("too-many-states", message, place, hint=hint)
