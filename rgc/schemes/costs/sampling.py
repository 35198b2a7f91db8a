"""The cost of sampling, from the bits of a configuration, replicas, sweeps and operators."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, factorial, prod

from rgc.language.updates import AUTO, CLUSTER_UPDATES, COPY_UPDATES
from rgc.language.values import OperatorBasis, Value
from rgc.model.block_maps import TRIED
from rgc.model.lattice import Complete, Lattice
from rgc.model.options import Options
from rgc.model.pair_sums import MOST_WRITTEN, kept_whole
from rgc.model.spec import Spec
from rgc.model.spins import Species
from rgc.model.tempering import inner_update, tempering
from rgc.passes.choose_clusters import choose_clusters
from rgc.passes.quench import signs_alone
from rgc.schemes.cost import NOTHING, NUMBER, Cost
from rgc.schemes.costs import compiling
from rgc.schemes.needs.bias import certain
from rgc.schemes.needs.critical import DOUBLINGS, SHORT
from rgc.schemes.needs.operators import by_bodies
from rgc.schemes.needs.samples import saved_bytes
from rgc.schemes.needs.steps import shapes
from rgc.schemes.options import WORD_REPLICAS

TABLES = 24
"""Bytes of the tables of a bit, measured."""

FIELDS = 4
"""Copies of a configuration at one time, with the bits of the states of a replica: the state, what
it is packed into, and what a start draws.
"""

RECORD, OPERATOR, BIASED = 12, 5, 96
"""Numbers of a replica while a record is taken, more for each operator, and more where it is taken
under a bias, measured.
"""

UPDATES = 1.2e10
"""Bits of a replica that one core updates in a second, on lattices of thousands of sites."""

SWEEP, TAKEN, TURN = 2.5e-5, 2e-4, 4e-4
"""Seconds of a sweep, of a record and of a turn of clusters however small the lattice is."""

WEIGHED = 1.4e8
"""Bits updated in a second where weights of each site are added up, on the square lattice."""

COUNTED, SUMMED = 8e9, 1e9
"""Bits of operators that one core counts in a second, and products of their sums that it adds."""

SOFT, FELT = 6e-10, 1.1e-11
"""Seconds to update a bit of a replica where soft block spins follow, and more for each node of the
rule of a spin.
"""

CERTAIN = 8e-9
"""Seconds to update a bit of a replica where block spins follow for certain, with a bias of six
operators on the square lattice.
"""

PAIRED = 1e10
"""Pairs of sites, times replicas, that one core adds up in a second where all sites are coupled."""

MATRIX, OF_REALISATION = 120, 40
"""Bytes of a pair of sites in such a run, and more for each realisation, measured."""

BATCHES = 4
"""Times the sweeps of the longest batch that a bias takes at a level: the way up, Newton batches,
and those that measure exponents and memory.
"""

TURNS = 3e8
"""Bits of a replica that one core takes through a turn of clusters in a second, at the critical
point of the 64x64 torus.
"""

EXCHANGES = 1e9
"""Bits of a replica that one core counts the energy of, and exchanges, in a second."""

GROUPS = 32
"""Groups of replicas over which the products of operators are summed."""


def sample(spec: Spec, options: Options) -> Cost:
    """Fields of words for the bits, and a sweep for each record as its measurement. Clusters have
    fields of their own, and a turn before each sweep. With tempering all values are there at one
    time, and the time is that of one of them.
    """
    bits, words = bits_of(spec), options.number("replicas") / WORD_REPLICAS
    memory = bits * (TABLES + FIELDS * words * NUMBER) + 2 * saved_bytes(spec, options.values)
    memory += RECORD * options.number("replicas") * NUMBER
    memory += signs_of(spec) * (TABLES + 2 * words * NUMBER)
    records = options.number("sweeps") / options.number("every")
    sweeps = options.number("sweeps") + options.number("thermalise")
    seconds = swept(sweeps + records, bits, options.number("replicas")) + records * TAKEN
    if spec.hamiltonian is not None and not signs_alone(spec.hamiltonian, spec.draws):
        memory += 3 * signs_of(spec) * options.number("replicas") * NUMBER
        seconds = (sweeps + records) * bits * options.number("replicas") / WEIGHED
    pairs = paired_sites(spec) ** 2
    if pairs:
        realisations = options.number("disorder") if "disorder" in options else 1.0
        memory += pairs * (MATRIX + OF_REALISATION * realisations)
        seconds = (sweeps + records) * pairs * options.number("replicas") / PAIRED
    update = options.values.get("update")
    compiled = compiling.KERNELS + compiling.sweep(spec)
    if update_of(spec, update) in (*CLUSTER_UPDATES, *COPY_UPDATES):
        compiled += compiling.TURN
    if update_of(spec, update) in CLUSTER_UPDATES:
        memory += own_fields(spec) * words * NUMBER
        seconds += turned(sweeps, bits, options.number("replicas"))
    if update_of(spec, update) in COPY_UPDATES:
        memory += 4 * bits * words * NUMBER
        seconds += turned(sweeps, bits, options.number("replicas"))
    if tempering(update) is not None:
        memory *= at_once(update)
        seconds += sweeps * bits * options.number("replicas") / EXCHANGES
    return Cost(memory, seconds, compiled)


def swept(sweeps: float, bits: float, replicas: float) -> float:
    """Seconds of so many sweeps of single spins."""
    return sweeps * (SWEEP + bits * replicas / UPDATES)


def turned(turns: float, bits: float, replicas: float) -> float:
    """Seconds of so many turns of clusters."""
    return turns * (TURN + bits * replicas / TURNS)


def at_once(update: Value | None) -> int:
    """The number of points that are run at one time."""
    exchanged = tempering(update)
    return len(exchanged.along[0][1]) if exchanged is not None and exchanged.along else 1


def update_of(spec: Spec, update: Value | None) -> Value | None:
    """The update at one value, where `auto` what that stands for."""
    name = inner_update(update)
    if name != AUTO or spec.hamiltonian is None or spec.lattice is None:
        return name
    return choose_clusters(spec.hamiltonian, spec.lattice, spec.species).update


def signs_of(spec: Spec) -> float:
    """The signs of random couplings of a realisation."""
    terms = spec.hamiltonian.terms if spec.hamiltonian is not None else ()
    bonds = {
        (term.inhomogeneous, spins)
        for term in terms
        for spins in term.supports
        if term.inhomogeneous
    }
    lattice = spec.lattice
    if not bonds or not isinstance(lattice, Lattice):
        return 0.0
    return float(lattice.sites / len(lattice.basis) * len(bonds))


def paired_sites(spec: Spec) -> float:
    """The sites that are all coupled to each other by matrices, or 0."""
    lattice, terms = spec.lattice, spec.hamiltonian.terms if spec.hamiltonian is not None else ()
    if isinstance(lattice, Lattice) and any(term.every_pair for term in terms):
        return float(lattice.sites if lattice.sites > MOST_WRITTEN else 0)
    return float(lattice.sites) if isinstance(lattice, Complete) and kept_whole(lattice) else 0.0


def own_fields(spec: Spec) -> float:
    """The bits of the fields of a turn of clusters: a bond for each pair, and two for each spin."""
    lattice, hamiltonian = spec.lattice, spec.hamiltonian
    if not isinstance(lattice, Lattice | Complete) or hamiltonian is None:
        raise ValueError("clusters are those of a Hamiltonian on a finite lattice")
    pairs = 0.0
    for term in hamiltonian.terms:
        of_term = sum(len(spins) == 2 for _, spins in term.products)
        of_term += sum(len(table.spins) == 2 for table in term.tables)
        sets = comb(lattice.sites, term.sites)
        pairs += of_term * (sets if isinstance(lattice, Complete) else prod(lattice.cells))
    return pairs + 2 * lattice.sites * len(spec.species)


def mcrg(spec: Spec, options: Options) -> Cost:
    """The same with blocked fields, and sums of products of all pairs of operators of a level. With
    p=free both are there for every parameter.
    """
    found, lattice = sample(spec, options), spec.lattice
    if not isinstance(lattice, Lattice):
        raise ValueError("blocks have cells")
    levels = shapes(lattice, spec.blocks)[: options.integer("steps") + 1]
    maps = len(TRIED) if any(block.free for block in spec.blocks) else 1
    blocked = 1 + maps * sum(prod(shape) for shape in levels[1:]) / prod(levels[0])
    operators = _operators(lattice, options["basis"], spec.species) * len(spec.species)
    sums = 2 * GROUPS * operators**2 * NUMBER * len(levels) * maps
    sums += OPERATOR * operators * options.number("replicas") * NUMBER
    records = options.number("sweeps") / options.number("every")
    products = records * operators**2 * options.number("replicas") * len(levels) * maps / SUMMED
    places = bits_of(spec) / differing(lattice)
    measured = records * operators * places * options.number("replicas") / COUNTED
    together = at_once(options.values.get("update"))
    kept = 2 * saved_bytes(spec, options.values) * together
    memory = (found.memory - kept) * blocked + kept + sums * together
    compiled = found.compiling + compiling.basis(
        _sets(lattice, options["basis"], spec.species), len(levels)
    )
    whole = Cost(memory, (found.seconds + measured) * blocked + products, compiled)
    return _searched(whole, prod(levels[0]) / prod(levels[1])) if "find" in options else whole


def _searched(last: Cost, ratio: float) -> Cost:
    """What a search takes whose last stage takes so much, with a lattice that is smaller by a
    ratio.
    """
    stages = SHORT * 2.0**-DOUBLINGS + sum(2.0**-k for k in range(DOUBLINGS + 1))
    both = last.memory * (1 + 1 / ratio), last.seconds * stages * (1 + 1 / ratio)
    return Cost(*both, last.compiling)


def variational_mcrg(spec: Spec, options: Options) -> Cost:
    """Every level after the other, with all finer spins and `BATCHES` times the sweeps."""
    lattice = spec.lattice
    if not isinstance(lattice, Lattice):
        raise ValueError("blocks have cells")
    cells = [prod(shape) for shape in shapes(lattice, spec.blocks)[: options.integer("steps") + 1]]
    operators = _operators(lattice, options["basis"], spec.species)
    replicas, words = options.number("replicas"), options.number("replicas") / WORD_REPLICAS
    sweeps, found = options.number("sweeps") + options.number("thermalise"), NOTHING
    records = options.number("sweeps") / options.number("every")
    each = CERTAIN if any(map(certain, spec.blocks)) else SOFT
    each += FELT * compiling.nodes(spec)
    for level in range(1, len(cells)):
        bits = bits_of(spec) * sum(cells[: level + 1]) / cells[0]
        measured = records * operators * (bits / COUNTED + 2 * operators / SUMMED)
        work = BATCHES * (sweeps * bits * each + measured) * replicas
        sums = 4 * GROUPS * operators**2 * NUMBER
        sums += (RECORD + BIASED + OPERATOR * operators) * replicas * NUMBER
        compiled = compiling.following(spec, cells, level)
        found = found.then(Cost(bits * (TABLES + FIELDS * words * NUMBER) + sums, work, compiled))
    compiled = compiling.KERNELS + compiling.sweep(spec)
    compiled += compiling.basis(_sets(lattice, options["basis"], spec.species), len(cells))
    return found.then(Cost(0.0, 0.0, compiled))


def _operators(lattice: Lattice, basis: Value, species: Sequence[Species]) -> float:
    """About how many operators a basis has: functions of spins over the symmetries of a hypercube,
    each seen from every one of its sites, in each of the cells that differ.
    """
    symmetries = 2**lattice.dimension * factorial(lattice.dimension)
    sets = enumerate(_sets(lattice, basis, species), 1)
    alike = sum((max(1.0, count / (bodies * symmetries)) for bodies, count in sets), 0.0)
    return alike * differing(lattice)


def _sets(lattice: Lattice, basis: Value, species: Sequence[Species]) -> tuple[int, ...]:
    """The functions of 1, 2, ... spins that a basis looks through."""
    if not isinstance(basis, OperatorBasis):
        raise TypeError(f"a basis is operators(...), not {basis!r}")
    return by_bodies(basis, lattice, species) or ()


def differing(lattice: Lattice) -> int:
    """The number of cells as written after which the energy repeats."""
    return 1 if lattice.supercell is None else prod(lattice.supercell.multiple)


def bits_of(spec: Spec) -> float:
    """The bits of a configuration of a finite lattice."""
    lattice = spec.lattice
    if not isinstance(lattice, Lattice | Complete):
        raise ValueError("only a lattice with cells, or a complete graph, is sampled")
    return float(lattice.sites * sum(species.bits for species in spec.species))
