"""What an `expect` may name: answers of the scheme, couplings, and measures of the spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rgc.ast_to_model.scope import problem
from rgc.errors import SpecError
from rgc.language.expect import EXCHANGED, EXPONENTS
from rgc.language.values import OperatorBasis, Value
from rgc.model.curve import OF_NULLS
from rgc.model.lattice import Lattice
from rgc.model.names import coupling_name, product_named
from rgc.model.operators import Operator, Product
from rgc.model.spec import FlowOfSpec, Spec
from rgc.model.stack import MOST_RINGS, Stack, rings_of
from rgc.passes.find_sectors import find_sectors, sectors_by_level, split_operator
from rgc.passes.find_turns import find_turns
from rgc.passes.generate_operators import generate_operators, operator_turns
from rgc.passes.tell_operators import hidden_operators, tell_hidden, tell_operators
from rgc.schemes import SCHEMES
from rgc.schemes.free_energies import FREE_ENERGIES
from rgc.schemes.needs.hidden import basis_of_hidden
from rgc.schemes.needs.layer_answers import lacking
from rgc.schemes.needs.machines import THERMOMETERS, not_compared
from rgc.schemes.needs.steps import shapes
from rgc.schemes.scheme import Scheme
from rgc.syntax import ast


def known_targets(spec: Spec, head: str) -> tuple[str, ...]:
    """Names that an expectation of this spec may have, `fixed_point.K` and `block.p` among them.

    Those of operators are found only where they belong to the word `head` that is asked for.
    """
    couplings = _couplings(spec)
    scheme = SCHEMES.get(spec.flow.scheme) if spec.flow is not None else None
    names = [_name(measure.name) for measure in spec.measures]
    if any(measure.methods for measure in spec.measures):
        names += ["free_energy", "log_z", *_of_methods(spec)]
    for answer in _answers(scheme, spec):
        if answer == "exponents":
            names += EXPONENTS
        elif answer == "fixed_point":
            names += [
                f"{point}.{name}" for point in ("fixed_point", "critical") for name in couplings
            ]
        elif answer == "critical":
            names += [f"critical.{name}" for name in couplings if _asked(scheme, spec, "find")]
        elif answer == "visible":
            names += [f"visible.{name}" for name in _told(spec)]
            names += [f"hidden.{name}" for name in _hidden(spec)]
        elif answer == HIDDEN:
            names += _drawn(spec)
        elif answer == "visible_hidden":
            names += [f"{answer}.r{ring}" for ring in range(1, _rings(spec))]
        elif answer == "critical_tangent":
            names += [f"{answer}.{name}" for name in (_tangents(spec) if head == answer else ())]
        elif answer == "couplings":
            names += couplings
        elif answer == "operators":
            asked = head not in names and _asked(scheme, spec, "couplings")
            names += [operator.name for operator in _measured(spec)[1:]] if asked else ()
        elif answer == "m2":
            names += [answer] if _asked(scheme, spec, "histograms") else []
        elif answer == "generated":
            names += _generated(spec, head)
        elif answer == "exchanges":
            names += EXCHANGED if any(axis.tempered for axis in spec.scan) else ()
        elif answer == "map":
            continue
        elif answer != "block.p" or any(block.free or block.p is not None for block in spec.blocks):
            names.append(answer)
    return tuple(dict.fromkeys(names))


def _asked(scheme: Scheme | None, spec: Spec, option: str) -> bool:
    """Whether a scheme gives an answer: always, or, where it has this option, if that is given."""
    optional = scheme is not None and scheme.field(option) is not None
    return not optional or (spec.flow is not None and bool(spec.flow.options.get(option)))


def _answers(scheme: Scheme | None, spec: Spec) -> tuple[str, ...]:
    """The answers of the scheme, and where it asks the maps of the spec theirs."""
    if scheme is None:
        return ()
    if "map" not in scheme.answers:
        return scheme.answers
    nulls = OF_NULLS if spec.flow is not None and "null" not in spec.flow.options else ()
    asked = (answer for step in spec.map for answer in step.answers)
    return (*scheme.answers, *(answer for answer in asked if answer not in nulls))


HIDDEN = "hidden_operators"
"""The kind of answer that couplings of hidden units from samples are, by names of operators."""

LAYERS = ("layer", "level")
"""The selectors that number the layers of a stack, from 1; 0 are the visible units."""


Selectors = tuple[tuple[str, Value], ...]


def with_layer(
    target: ast.Expr, path: Sequence[str], selectors: Selectors, spec: Spec
) -> Selectors:
    """The selectors of an answer, with its layer where only one layer of the stack has it.

    Raises `SpecError` for an answer of a layer that the stack does not have, and for one that the
    layer does not have, as a KL that would be a sum over too many states.
    """
    flow, stack, given = spec.flow, spec.stack, dict(selectors)
    if flow is None or stack is None or "stack" not in SCHEMES[flow.scheme].needs:
        return selectors
    last = len(stack.layers)
    for option in target.options if isinstance(target, ast.Index) else ():
        number = given.get(option.name)
        if option.name in LAYERS and isinstance(number, int) and number > last:
            has = "1 layer" if last == 1 else f"{last} layers"
            message = f"there is no {option.name} {number}: the stack has {has}"
            hint = f"write {option.name}={last}"
            raise problem("out-of-range", message, option.span, hint=hint)
    answer = HIDDEN if len(path) == 1 and path[0] in _drawn(spec) else path[0]
    if answer in THERMOMETERS:
        _check_steps(target, answer, given, flow)
    elif answer in (*SCHEMES[flow.scheme].answers, "hidden"):
        chosen = [number for name in LAYERS if isinstance(number := given.get(name), int)]
        number = chosen[0] if chosen else _only_layer(target, path, answer, spec, stack)
        _check_answer(target, path, answer, number, spec, stack)
        return selectors if chosen else (*selectors, ("layer", number))
    return selectors


def _only_layer(
    target: ast.Expr, path: Sequence[str], answer: str, spec: Spec, stack: Stack
) -> int:
    """The layer that has an answer of a kind, or the first where none has it. Raises `SpecError`
    where several do."""
    numbers = range(1, len(stack.layers) + 1)
    having = [number for number in numbers if lacking(spec, stack, number, answer) is None]
    if len(having) > 1:
        name = ".".join(path)
        message = f"'{name}' is that of a layer, and {len(having)} layers have it"
        hint = f"write {name}[layer={having[-1]}]"
        raise problem("missing-selector", message, target.span, hint=hint)
    return having[0] if having else 1


def _check_answer(
    target: ast.Expr, path: Sequence[str], answer: str, number: int, spec: Spec, stack: Stack
) -> None:
    """Raise `SpecError` for an answer of a kind that a layer, numbered from 1, does not have."""
    name = ".".join(path)
    if number == 0:
        if path[0] != "half_length":
            message = f"'{name}' is that of a layer, and 0 are the visible units"
            hint = f"write {name}[layer=1]"
            raise problem("out-of-range", message, target.span, hint=hint)
        return
    for found in not_compared(name, stack.layers[number - 1], spec.data, target.span):
        raise SpecError([found])
    reason = lacking(spec, stack, number, answer)
    if reason is not None:
        why, hint = reason
        message = f"layer {number} has no '{name}': {why}"
        raise problem("missing-answer", message, target.span, hint=hint)


def _check_steps(
    target: ast.Expr, name: str, selectors: Mapping[str, Value], flow: FlowOfSpec
) -> None:
    """Raise `SpecError` for a temperature of chains that no step or start of the flow has."""
    temperatures = flow.options.get("temperatures", ())
    lasts = {"step": flow.options.get("iterate", 0)}
    lasts["start"] = len(temperatures) if isinstance(temperatures, tuple) else 0
    if not lasts["step"]:
        message = f"'{name}' is that of chains, and the flow has none"
        raise problem("missing-option", message, target.span, hint="add iterate=20 to the flow")
    if "step" not in selectors:
        message = "chains have a temperature after each step"
        hint = f"write {name}[step={lasts['step']}]"
        raise problem("missing-selector", message, target.span, hint=hint)
    for option in target.options if isinstance(target, ast.Index) else ():
        number, last = selectors.get(option.name), lasts.get(option.name, 0)
        if isinstance(number, int) and isinstance(last, int) and number > last:
            message = f"there is no {option.name} {number}: the last is {last}"
            hint = f"write {option.name}={last}"
            raise problem("out-of-range", message, option.span, hint=hint)


def _generated(spec: Spec, head: str) -> list[str]:
    """What block maps tell of couplings that the spec does not name: how large they are, and the
    one that `head` asks for by its name, where the lattice of the block spins can hold it.
    """
    blocks, lattice = spec.blocks, spec.lattice
    if not blocks or not isinstance(lattice, Lattice) or not lattice.finite:
        return []
    if not all(species.two_states for species in spec.species):
        return []
    return ["largest_coupling", "rest", *([head] if _is_generated(head, spec, lattice) else ())]


def _is_generated(name: str, spec: Spec, lattice: Lattice) -> bool:
    """Whether a name is that of a class of products on the lattice of the block spins, and none of
    the classes from which the terms of the spec are read.
    """
    kinds = [species.name for species in spec.species]
    asked = product_named(name, lattice.dimension, lattice.letters, kinds)
    cells = shapes(lattice, spec.blocks)[1:2]
    if asked is None or spec.hamiltonian is None or not any(_apart(asked, each) for each in cells):
        return False
    turns = find_turns(lattice, spec.species, spec.hamiltonian, tuple(dict.fromkeys(spec.blocks)))

    def class_of(spins: Product) -> str:
        return coupling_name(*{turn.product(spins) for turn in turns}, species=kinds)

    own = [
        min({class_of(spins) for _, spins in term.products if spins}, key=lambda n: (len(n), n))
        for term in spec.hamiltonian.terms
        if any(spins for _, spins in term.products)
    ]
    return class_of(asked) == name and name not in own


def _apart(spins: Product, sizes: Sequence[int]) -> bool:
    """Whether the spins of a product are different ones on a lattice of these sizes."""
    wrapped = {
        (spin.letter, spin.species, *(x % size for x, size in zip(spin.cell, sizes, strict=True)))
        for spin in spins
    }
    return len(wrapped) == len(spins)


def _of_methods(spec: Spec) -> list[str]:
    """What the methods of free energies find besides, as in `energy[onsager]`."""
    return [
        name
        for measure in spec.measures
        for method in measure.methods
        for name in FREE_ENERGIES[method.name].answers
    ]


def _name(measure: str) -> str:
    return measure.split("(")[0]


def _tangents(spec: Spec) -> list[str]:
    """The operators that no symmetry changes, but for the first, by which the tangent is told. A
    field that is scanned may be 0 at some points and not at others, which nothing is made of here.
    """
    operators, hamiltonian = _measured(spec), spec.hamiltonian
    if hamiltonian is None or not isinstance(spec.lattice, Lattice) or spec.scan:
        return [operator.name for operator in operators[1:]]
    terms = [term for term in hamiltonian.terms if term.coupling]
    products = [spins for term in terms for weight, spins in term.products if weight and spins]
    flips = find_sectors(products, spec.lattice, len(spec.species))
    blocks = [block for block in spec.blocks if block.rules]
    sectors = sectors_by_level(flips, blocks, 1)[0] if blocks else flips
    parts = [part for each in operators for part in split_operator(each, sectors)]
    return [part.name for part in parts if part.sector == sectors.invariant][1:]


def _measured(spec: Spec) -> Sequence[Operator]:
    """The operators that the flow measures. A map whose law comes from a file is taken to keep the
    symmetries of the others.
    """
    basis = spec.flow.options.get("basis") if spec.flow is not None else None
    if not isinstance(basis, OperatorBasis) or not isinstance(spec.lattice, Lattice):
        return []
    if spec.hamiltonian is None or not all(each.two_states for each in spec.species):
        return []
    physics = spec.lattice, spec.species, spec.hamiltonian
    blocks = tuple(block for block in spec.blocks if block.rules)
    zero = () if spec.scan else spec.hamiltonian.zero
    return generate_operators(
        *physics,
        reach=basis.range,
        bodies=basis.bodies,
        turns=operator_turns(*physics, zero=zero, blocks=blocks),
    )


def _told(spec: Spec) -> list[str]:
    """The couplings of the lowest machine of a stack."""
    if spec.hamiltonian is None or not isinstance(spec.lattice, Lattice):
        return []
    operators = tell_operators(spec.lattice, spec.species, spec.hamiltonian)
    return [*(each.name for each in operators), *(("other_pairs",) if operators else ())]


def _rings(spec: Spec) -> int:
    """The rings in which correlations of visible and hidden units are told; where there are none
    all that there may be, of which `lacking` says why not.
    """
    found = rings_of(spec.stack.layers[0].visible.places) if spec.stack is not None else 0
    return found if found > 1 else MOST_RINGS


def _hidden(spec: Spec) -> list[str]:
    """The couplings of the hidden sides of a stack."""
    layers = spec.stack.layers if spec.stack is not None else ()
    names = [each.name for layer in layers for each in tell_hidden(layer)]
    return [*names, *(("other_pairs",) if names else ())]


def _drawn(spec: Spec) -> list[str]:
    """The operators of hidden sides of a stack whose couplings are found from samples."""
    layers = spec.stack.layers if spec.stack is not None else ()
    options = spec.flow.options if spec.flow is not None else {}
    basis = basis_of_hidden(options)
    return [
        each.name
        for layer in (layers if "couplings" in options else ())
        for each in hidden_operators(layer, basis.range, basis.bodies)
    ]


def _couplings(spec: Spec) -> list[str]:
    names = list(spec.hamiltonian.couplings()) if spec.hamiltonian is not None else []
    return [*names, *(name for step in spec.map for name in step.quantities)]
