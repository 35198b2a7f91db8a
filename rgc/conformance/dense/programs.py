"""Dense programs made by hand: the ways in which machines are trained, sampled and weighed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Literal

from rgc.program.dense import (
    Affine,
    Apply,
    Change,
    Dense,
    Energy,
    Exchange,
    Pairs,
    Put,
    Read,
    Scale,
    Take,
    Tally,
    Term,
    Total,
    Unit,
    Units,
    Value,
)
from rgc.program.dense.program import BIAS_LIMIT, WEIGHT_LIMIT
from rgc.program.dense.writer import Writer

BINARY, ISING, POTTS = Units(11, "binary"), Units(9, "ising"), Units(5, "softmax", 3)
REAL = Units(13, "gaussian")


@dataclass(slots=True)
class Machine:
    """The parameters of a machine with two layers, in a program."""

    visible: Units
    hidden: Units
    writer: Writer = field(default_factory=Writer)
    w: int = 0
    b: int = 1
    c: int = 2

    def __post_init__(self) -> None:
        self.w = self.writer.matrix("w", self.visible, self.hidden)
        self.b = self.writer.vector("b", self.visible)
        self.c = self.writer.vector("c", self.hidden)

    def up(self, v: Value, mask: Value | None = None) -> Value:
        return self.writer.sampled(v, self.w, self.c, self.hidden, mask=mask)

    def down(self, h: Value) -> Value:
        return self.writer.sampled(h, self.w, self.b, self.visible, turned=True)

    def data(self, chains: int, rows: int = 100, *, means: bool = False) -> Value:
        self.writer.rows = chains
        number = self.writer.field("data", self.visible, rows, means=means)
        return self.writer.add(Take(number, 0, chains))

    def change(self, plus: tuple[Value, Value], minus: tuple[Value, Value], **options: Any) -> int:
        """The gradient of the likelihood from states of data and of the model. The options are
        those of the weights. Returns the change of the weights."""
        add, number = self.writer.add, self.writer.number
        up, down = number("rate"), number("minus rate")
        terms = Term(up, add(Pairs(*plus))), Term(down, add(Pairs(*minus)))
        step = add(Change(self.w, terms, limit=WEIGHT_LIMIT, **options))
        for bias, x, y in ((self.b, plus[0], minus[0]), (self.c, plus[1], minus[1])):
            both = Term(up, add(Total(x))), Term(down, add(Total(y)))
            add(Change(bias, both, limit=BIAS_LIMIT))
        return step


def cd(visible: Units = BINARY, hidden: Units = BINARY, chains: int = 70, k: int = 1) -> Dense:
    """Contrastive divergence with k sweeps of the model."""
    machine = Machine(visible, hidden)
    v0 = machine.data(chains)
    h0 = machine.up(v0)
    v, h = v0, h0
    for _ in range(k):
        v = machine.down(h)
        h = machine.up(v)
    machine.change((v0, h0), (v, h))
    machine.writer.add(Tally("mismatches", v0, v))
    return machine.writer.program(f"cd-{k} of {visible.kind} and {hidden.kind} units")


def pcd(visible: Units = ISING, hidden: Units = ISING, chains: int = 64) -> Dense:
    """Persistent chains, more of them than rows, Nesterov's momentum, L1, L2 and a largest norm;
    fields and weights are watched."""
    machine = Machine(visible, hidden)
    writer, number = machine.writer, machine.writer.number
    v0 = machine.data(30)
    h0 = machine.up(v0)
    kept = writer.field("chains", visible, chains)
    h = machine.up(writer.add(Read(kept)))
    v = machine.down(h)
    writer.add(Put(kept, v))
    step = machine.change(
        (v0, h0),
        (v, h),
        velocity=writer.like("velocity", machine.w),
        momentum=number("momentum"),
        ahead=number("ahead"),
        decay=number("decay"),
        shrink=number("shrink"),
        norm=number("norm"),
        shift=3,
    )
    affine = next(k for k, node in enumerate(writer.nodes) if isinstance(node, Affine))
    writer.add(Tally("largest", step))
    writer.add(Tally("largest", affine))
    writer.add(Tally("reach", affine))
    return writer.program("pcd with momentum")


def tempering(temperatures: int = 4, size: int = 17) -> Dense:
    """Chains at several temperatures that change places, of which the first are the model's."""
    machine = Machine(BINARY, ISING)
    writer, chains = machine.writer, temperatures * size
    add, beta = writer.add, writer.scale("beta")
    v0 = machine.data(30)
    h0 = machine.up(v0)
    kept = writer.field("chains", machine.visible, chains)
    old = add(Read(kept))
    x = add(Scale(add(Affine(old, machine.w, machine.c)), beta))
    h = writer.drawn(x, machine.hidden)
    up = add(Affine(h, machine.w, machine.b, turned=True))
    v = writer.drawn(add(Scale(up, beta)), machine.visible)
    own = add(Affine(None, None, machine.c, chains=chains))
    energies = add(Energy(((v, up), (h, own))))
    orders: tuple[Literal[0, 1], ...] = (0, 1)
    for first in orders:
        moved = Exchange(v, energies, beta, writer.draws, temperatures, first)
        v, energies = add(moved), add(replace(moved, x=energies))
        writer.draws += 1
    add(Put(kept, v))
    last = machine.up(v)
    rate, minus = writer.number("rate"), writer.number("minus rate")
    terms = Term(rate, add(Pairs(v0, h0))), Term(minus, add(Pairs(v, last, size)))
    add(Change(machine.w, terms, limit=WEIGHT_LIMIT))
    totals = Term(rate, add(Total(v0))), Term(minus, add(Total(v, size)))
    add(Change(machine.b, totals, limit=BIAS_LIMIT))
    add(Tally("whole", energies))
    return writer.program("tempering")


def annealing(visible: Units = BINARY, hidden: Units = ISING, chains: int = 70) -> Dense:
    """One temperature of annealed importance sampling, from a machine without weights."""
    machine = Machine(visible, hidden)
    writer, add = machine.writer, machine.writer.add
    base = writer.vector("base", visible)
    old, new, rest = (writer.scale(what) for what in ("old", "new", "rest"))
    kept = writer.field("chains", visible, chains)
    v = add(Read(kept))
    x = add(Affine(v, machine.w, machine.c))
    own, first = (add(Affine(None, None, k, chains=chains)) for k in (machine.b, base))
    for slot in (old, new):
        at = add(Scale(own, slot, add(Scale(first, rest))))
        add(Tally("whole", add(Energy(((v, at),), ((add(Scale(x, slot)), hidden),)))))
    h = writer.drawn(add(Scale(x, new)), hidden)
    down = add(
        Scale(add(Affine(h, machine.w, machine.b, turned=True)), new, add(Scale(first, rest)))
    )
    add(Put(kept, writer.drawn(down, visible)))
    return writer.program(f"annealing of {visible.kind} and {hidden.kind} units")


def passes(visible: Units = BINARY, hidden: Units = ISING, chains: int = 130) -> Dense:
    """States up to a second layer and down again: the flow of a stack, left in two fields, with the
    totals of each layer."""
    machine = Machine(visible, hidden)
    writer, add, top = machine.writer, machine.writer.add, Units(4, "binary")
    w, b = writer.matrix("w2", hidden, top), writer.vector("b2", hidden)
    c = writer.vector("c2", top)
    bottom, middle = writer.field("v", visible, chains), writer.field("h", hidden, chains)
    h = machine.up(add(Read(bottom)))
    second = writer.sampled(h, w, c, top)
    back = writer.sampled(second, w, b, hidden, turned=True)
    v = machine.down(back)
    for kept, x in ((middle, h), (bottom, v)):
        add(Put(kept, x))
        add(Tally("whole", add(Total(x))))
    return writer.program("up and down")


def means(visible: Units = BINARY, hidden: Units = BINARY, chains: int = 40) -> Dense:
    """Means of hidden units in the gradient, and on the way up to a second layer."""
    machine = Machine(visible, hidden)
    writer, add = machine.writer, machine.writer.add
    v0 = machine.data(chains)
    x0 = add(Affine(v0, machine.w, machine.c))
    m0 = add(Unit(x0, hidden, None))
    v = machine.down(writer.drawn(x0, hidden))
    m = add(Unit(add(Affine(v, machine.w, machine.c)), hidden, None))
    machine.change((v0, m0), (v, m), shift=15)
    top = Units(4, "ising")
    add(Affine(m0, writer.matrix("w2", hidden, top), writer.vector("c2", top)))
    add(Tally("whole", add(Total(add(Unit(len(writer.nodes) - 1, top, None))))))
    return writer.program(f"means of {visible.kind} and {hidden.kind} units")


def fractional(visible: Units = BINARY, hidden: Units = BINARY, chains: int = 70) -> Dense:
    """Rows that are means, with means of hidden units, which are left in a field."""
    machine = Machine(visible, hidden)
    writer, add = machine.writer, machine.writer.add
    v0 = machine.data(chains, means=True)
    m0 = add(Unit(add(Affine(v0, machine.w, machine.c)), hidden, None))
    v = machine.down(machine.up(v0))
    m = add(Unit(add(Affine(v, machine.w, machine.c)), hidden, None))
    machine.change((v0, m0), (v, m), shift=15)
    add(Put(writer.field("above", hidden, chains, means=True), m0))
    return writer.program(f"fractional {visible.kind} rows")


def real(visible: Units = REAL, hidden: Units = BINARY, chains: int = 70) -> Dense:
    """Real units on one side: rows, persistent chains of hidden ones, and their energies."""
    machine = Machine(visible, hidden)
    writer, add = machine.writer, machine.writer.add
    v0 = machine.data(40)
    h0 = machine.up(v0)
    kept = writer.field("chains", hidden, chains)
    h = add(Read(kept))
    down = add(Affine(h, machine.w, machine.b, turned=True))
    v = writer.drawn(down, visible)
    x = add(Affine(v, machine.w, machine.c))
    h = writer.drawn(x, hidden)
    add(Put(kept, h))
    machine.change((v0, h0), (v, h), shift=15)
    own = add(Affine(None, None, machine.b, chains=chains))
    add(Tally("whole", add(Energy(((h, x), (v, own)), ((x, hidden), (down, visible))))))
    add(Tally("whole", add(Total(add(Unit(down, visible, None))))))
    add(Tally("largest", x))
    return writer.program(f"{visible.kind} and {hidden.kind} units")


def dropout(chains: int = 64) -> Dense:
    """A mask of hidden units for every row, in both phases; weights of a mask."""
    machine = Machine(ISING, BINARY)
    writer, add = machine.writer, machine.writer.add
    v0 = machine.data(chains)
    keep = writer.vector("keep", machine.hidden)
    mask = writer.drawn(add(Affine(None, None, keep, chains=chains)), machine.hidden)
    h0 = machine.up(v0, mask)
    v = machine.down(h0)
    h = machine.up(v, mask)
    machine.change((v0, h0), (v, h), mask=writer.like("connected", machine.w, "int32"))
    return writer.program("dropout")


def centring(chains: int = 64) -> Dense:
    """Centred at the means of the rows: outer products of totals, and biases that follow the
    weights. Hidden units are drawn towards a target."""
    machine = Machine(BINARY, BINARY)
    writer, add, number = machine.writer, machine.writer.add, machine.writer.number
    v0 = machine.data(chains)
    h0 = machine.up(v0)
    v = machine.down(h0)
    h = machine.up(v)
    tv0, th0, tv, th = (add(Total(x)) for x in (v0, h0, v, h))
    rate, minus = number("rate"), number("minus rate")
    both, twice = number("rate / rows"), number("-2 rate / rows")
    terms = (
        Term(rate, add(Pairs(v0, h0))),
        Term(minus, add(Pairs(v, h))),
        Term(twice, add(Pairs(tv0, th0))),
        Term(both, add(Pairs(tv0, th))),
        Term(both, add(Pairs(tv, th0))),
    )
    step = add(Change(machine.w, terms, limit=WEIGHT_LIMIT, shift=20))
    share, sparse = number("-1 / rows"), number("target")
    for bias, plus, model, other, turned in (
        (machine.b, tv0, tv, th0, False),
        (machine.c, th0, th, tv0, True),
    ):
        follow = Term(share, add(Apply(step, other, turned)))
        drawn = (Term(sparse),) if turned else ()
        change = Term(rate, plus), Term(minus, model), follow, *drawn
        add(Change(bias, change, limit=BIAS_LIMIT, shift=20))
    add(Tally("largest", step))
    return writer.program("centring")


def convolution(chains: int = 64) -> Dense:
    """Weights and biases of classes that are the same: Ising units that see their neighbours."""
    machine = Machine(Units(12, "ising"), Units(6, "ising"))
    writer = machine.writer
    v0 = machine.data(chains)
    h0 = machine.up(v0)
    v = machine.down(h0)
    h = machine.up(v)
    classes = writer.like("classes", machine.w, "int32")
    machine.change((v0, h0), (v, h), ties=classes, classes=4)
    return writer.program("convolution")


def hand_made() -> tuple[Dense, ...]:
    """A program of every kind."""
    return (
        cd(),
        cd(ISING, BINARY, chains=64, k=3),
        cd(POTTS, ISING, chains=130),
        cd(BINARY, Units(3, "softmax", 5), chains=20, k=2),
        pcd(),
        tempering(),
        annealing(),
        annealing(POTTS, Units(3, "softmax", 4), 20),
        passes(BINARY, BINARY),
        means(),
        means(ISING, POTTS, 64),
        fractional(POTTS, ISING, 130),
        real(),
        real(BINARY, REAL),
        dropout(),
        centring(),
        convolution(),
    )


def random_program(seed: int) -> Dense:
    """Two layers of any kinds and sizes, sweeps at some temperature, and changes with any of their
    options."""
    random = Random(seed)
    visible, hidden = random_units(random, 70), random_units(random, 20)
    machine, chains = Machine(visible, hidden), random.choice([1, 5, 63, 64, 65, 128, 150])
    writer, add = machine.writer, machine.writer.add
    v0 = machine.data(random.choice([3, 64, 100]), random.choice([1, 64, 200]))
    x0 = add(Affine(v0, machine.w, machine.c))
    h0 = writer.drawn(x0, hidden)
    kept = writer.field("chains", visible, chains)
    v = add(Read(kept))
    for _ in range(random.randrange(1, 3)):
        x = add(Affine(v, machine.w, random.choice([machine.c, None])))
        h = writer.drawn(add(Scale(x, writer.scale("beta"))), hidden)
        v = machine.down(h)
    add(Put(kept, v))
    counted = h0
    if random.random() < 0.3:
        counted = add(Unit(x0, hidden, None))
    options = random_options(random, machine)
    step = machine.change((v0, counted), (v, h), **options)
    add(Tally("largest", step))
    add(Tally("reach", x0))
    add(Tally("whole", add(Total(h, random.randrange(1, chains + 1)))))
    return writer.program(f"random {seed}")


def random_units(random: Random, most: int) -> Units:
    kinds: list[Literal["binary", "ising", "softmax", "gaussian"]]
    kinds = ["binary", "ising", "softmax", "gaussian"]
    kind = random.choice(kinds)
    states = random.randrange(2, 9) if kind == "softmax" else 2
    return Units(random.randrange(1, most), kind, states)


def random_options(random: Random, machine: Machine) -> dict[str, int]:
    """Some options of a `Change` of the weights."""
    writer, found = machine.writer, {"shift": random.choice([0, 0, 4])}
    if random.random() < 0.5:
        found["velocity"] = writer.like("velocity", machine.w)
        found["momentum"] = writer.number("momentum")
        if random.random() < 0.5:
            found["ahead"] = writer.number("ahead")
    numbers = ("decay", "shrink", "norm")
    found |= {name: writer.number(name) for name in numbers if random.random() < 0.4}
    if random.random() < 0.3:
        found["mask"] = writer.like("connected", machine.w, "int32")
    if random.random() < 0.3:
        found |= {"ties": writer.like("classes", machine.w, "int32"), "classes": 3}
    return found
