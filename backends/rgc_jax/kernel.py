"""Compiled programs, called: layouts, arguments, steps, and tallies put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import PartitionSpec
from numpy.typing import NDArray

from rgc.backend import Arguments
from rgc.program.lattice.arguments import lattice_arguments
from rgc.program.lattice.nodes import Couple, Load, Store
from rgc.program.lattice.program import Program
from rgc.program.lattice.show import show
from rgc.program.lattice.sublattices import FieldLayout
from rgc.program.lattice.thresholds import uniform_thresholds
from rgc.program.lattice.verify import verify
from rgc_jax import tallies
from rgc_jax.call import Call, Fields, Totals, Turn
from rgc_jax.devices import Platform, Share
from rgc_jax.gather import Gather, Gathering
from rgc_jax.handed import Handed
from rgc_jax.rows import Rows
from rgc_jax.session import session
from rgc_jax.state import Packed, axes_of
from rgc_jax.walking import Walking

Words = NDArray[np.uint64]
Counts = NDArray[np.int64]
Layouts = tuple[FieldLayout | None, ...]

STEPS = 256
"""Steps of a call of compiled code, at most. It is always handed so many keys and told how many
count, so that the number of steps is no part of what is compiled. A program that tallies makes one
step a call."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Plan:
    """How a call is computed: on rows or by gathering, where each field that the program uses lies,
    and the form of the thresholds. `baked` are the integers T that are part of the code; `same`
    says that all replicas have the same thresholds, and `alike` that they have the same couplings.
    """

    rows: Rows | None
    gather: Gather | None
    layouts: dict[int, FieldLayout | None]
    share: Share
    baked: tuple[int, ...] | None
    same: bool
    alike: bool

    @property
    def where(self) -> Rows | Gather:
        found = self.rows or self.gather
        assert found is not None  # noqa: S101
        return found


def follow(
    order: Sequence[tuple[int, int]],
    walks: Sequence[Walking | Gathering],
    call: Call,
    state: tuple[Any, Totals],
) -> tuple[Any, Totals]:
    """The fields and tallies after every entry (walk, number in it), in order: a loop for each
    walk, or one that switches between them."""
    owners = [walk for walk, _ in order]
    if owners == sorted(owners):
        for n, walk in enumerate(walks):
            step = partial(_entry, walk, call)
            state = lax.fori_loop(0, owners.count(n), step, state)
        return state
    branches = [partial(_entry, walk, call) for walk in walks]
    which, number = (jnp.array(column, dtype=jnp.int32) for column in zip(*order, strict=True))

    def either(n: jax.Array, state: tuple[Any, Totals]) -> tuple[Any, Totals]:
        return lax.switch(which[n], branches, number[n], state)

    return lax.fori_loop(0, len(order), either, state)


def follow_turns(
    turns: Sequence[Turn],
    walks: Sequence[Walking | Gathering],
    call: Call,
    state: tuple[Any, Totals],
) -> tuple[Any, Totals]:
    """The fields and tallies after all turns."""
    for repeated, order in turns:
        if repeated:
            stored = sorted({field for walk, _ in order for field in walks[walk].stores})
            state = _closed(partial(follow, order, walks, call), stored, state)
        else:
            state = follow(order, walks, call, state)
    return state


def _closed(
    once: Callable[[tuple[Any, Totals]], tuple[Any, Totals]],
    stored: Sequence[int],
    state: tuple[Any, Totals],
) -> tuple[Any, Totals]:
    """The first state whose stored fields do not change any more."""

    def again(now: tuple[Any, tuple[Any, Totals]]) -> tuple[Any, tuple[Any, Totals]]:
        after = once(now[1])
        changed = [jnp.any(now[1][0][n] != after[0][n]) for n in stored]
        return jnp.any(jnp.stack(changed)), after

    return lax.while_loop(lambda now: now[0], again, (jnp.array(True), state))[1]


def _entry(
    walk: Walking | Gathering, call: Call, n: jax.Array, state: tuple[Any, Totals]
) -> tuple[Any, Totals]:
    return walk.entry(call, n.astype(jnp.int32), *state)


def compile_program(program: Program, platform: Platform, constant: Arguments | None) -> JaxKernel:
    """The kernel of a program. Equal ones are shared as long as Python runs: XLA takes seconds for
    each."""
    values = uniform_thresholds(constant["thresholds"]) if constant is not None else None
    return _kernel(program, platform, values or None)


@lru_cache(maxsize=256)
def _kernel(program: Program, platform: Platform, baked: tuple[int, ...] | None) -> JaxKernel:
    return JaxKernel(program, platform, baked)


class JaxKernel:
    """A program on the static layout where rows vectorise, else on canonical fields. `traces`: how
    often JAX has traced it."""

    def __init__(self, program: Program, platform: Platform, baked: tuple[int, ...] | None) -> None:
        verify(program)
        self._program, self._platform, self._baked = program, platform, baked
        nodes = [node for rule in program.rules for node in rule.nodes]
        self._used = sorted(
            {node.field for node in nodes if isinstance(node, Load | Store | Couple)}
        )
        self._rows: dict[Layouts, Rows | None] = {}
        self._gathers: dict[int, Gather] = {}
        self._functions: dict[Any, Callable[..., Any]] = {}
        self._handed: Handed | None = None
        self._steps = 1 if program.tallies else STEPS
        self.traces = 0

    def __call__(
        self, state: Sequence[Packed], arguments: Arguments, keys: Words, word0: int = 0
    ) -> tuple[list[Packed], list[Counts]]:
        """One step for each row of `keys`; see `rgc.backend.Kernel`."""
        with session():
            plan = self._plan(tuple(field.layout for field in state), state[0].share, arguments)
            given = self._given(plan, arguments, word0)
            fields = [state[n].in_layout(layout) for n, layout in plan.layouts.items()]
            found = []
            for first in range(0, len(keys), self._steps):
                steps = self._some_steps(keys[first : first + self._steps])
                fields, counts = self._function(plan)(fields, *given, *steps)
                found.append(counts)
        packed = list(state)
        for (n, layout), array in zip(plan.layouts.items(), fields, strict=True):
            packed[n] = Packed(array, state[n].shape, plan.share, layout)
        return packed, self._together(found, plan.share)

    @property
    def source(self) -> str:
        """The program, and what JAX makes of it for a single word of replicas."""
        program, share = self._program, self._platform.share(1)
        thresholds = np.zeros((program.slots, 1 + program.planes, 1), np.uint64)
        nothing = lattice_arguments(
            thresholds,
            np.zeros((program.weights, 64), np.int32),
            np.zeros((program.couplings, program.sites, program.sites, 1), np.int32),
        )
        with session():
            plan = self._plan((None,) * len(program.fields), share, nothing)
            fields = [
                jax.ShapeDtypeStruct(
                    plan.rows.array(n, 1) if plan.rows else (Gather.sites(program.fields[n]), 1),
                    np.uint64,
                )
                for n in plan.layouts
            ]
            steps = self._some_steps(np.zeros((1, program.draws, 2), np.uint64))
            code = jax.make_jaxpr(self._traced(plan))(
                fields, *self._given(plan, nothing, 0), *steps
            )
        return f"{show(program)}\n\n{code}\n"

    def _plan(self, now: Layouts, share: Share, arguments: Arguments) -> Plan:
        remembered = self._remember(arguments)
        values = remembered.values
        rows, gather = self._rows_for(now), None
        if rows is None:
            most = max(1, self._platform.patch // share.part)
            if most not in self._gathers:
                self._gathers[most] = Gather(self._program, most)
            gather = self._gathers[most]
        layouts = {n: rows.layouts[n] if rows else None for n in self._used}
        baked = self._baked if values is not None and values == self._baked else None
        return Plan(
            rows=rows,
            gather=gather,
            layouts=layouts,
            share=share,
            baked=baked,
            same=values is not None,
            alike=remembered.coupled_alike,
        )

    def _rows_for(self, now: Layouts) -> Rows | None:
        """The static layout that suits the fields as they lie now, or any."""
        if now not in self._rows:
            self._rows[now] = next(filter(None, map(self._try, (now, ()))), None)
        return self._rows[now]

    def _try(self, now: Layouts) -> Rows | None:
        if self._program.single:
            return None
        try:
            return Rows(self._program, now)
        except ValueError:
            return None

    def _remember(self, arguments: Arguments) -> Handed:
        if self._handed is None or not self._handed.equal(arguments):
            thresholds = np.array(arguments["thresholds"], dtype=np.uint64)
            values = uniform_thresholds(thresholds) if len(thresholds) else ()
            weights, couplings = (
                np.array(arguments[name], dtype=np.int32) for name in ("weights", "couplings")
            )
            blocks = np.array(arguments["blocks"], dtype=np.int64)
            self._handed = Handed(thresholds, weights, couplings, blocks, values, {})
        return self._handed

    def _given(self, plan: Plan, arguments: Arguments, word0: int) -> tuple[Any, ...]:
        """The arguments of compiled code that all steps of a call share."""
        given = self._remember(arguments).on(plan.share, plan.same)
        tables = plan.gather.on(plan.share) if plan.gather else []
        return *given, np.array(word0, np.uint64), np.array(True), tables

    def _some_steps(self, keys: Words) -> tuple[Words, NDArray[np.int32]]:
        """A copy of the keys of some steps, filled up, and how many there are."""
        filled = np.zeros((self._steps, self._program.draws, 2), np.uint64)
        filled[: len(keys)] = keys
        return filled, np.array(len(keys), np.int32)

    def _function(self, plan: Plan) -> Callable[..., Any]:
        form = plan.baked is not None, plan.same, plan.alike
        key = tuple(plan.layouts.values()), plan.share, form
        if key not in self._functions:
            everywhere = PartitionSpec()
            fields = [plan.share.spec(axes_of(layout)) for layout in plan.layouts.values()]
            kept = [
                plan.share.spec(2 + len(array.axes)) if array.replica else everywhere
                for array in self._program.tallies
            ]
            thresholds = everywhere if plan.same else plan.share.spec(3)
            of_words = everywhere, plan.share.spec(1)
            ins = (fields, thresholds, plan.share.spec(2), *of_words, *[everywhere] * 5)
            mapped = plan.share.mapped(self._traced(plan), ins, (fields, kept))
            self._functions[key] = self._platform.jit(mapped, donate_argnums=0)
        return self._functions[key]

    def _traced(self, plan: Plan) -> Callable[..., tuple[Fields, Totals]]:
        """What one device computes."""
        program, platform, words = self._program, self._platform, plan.share.part

        def run(
            arrays: Fields,
            thresholds: jax.Array,
            weights: jax.Array,
            couplings: jax.Array,
            blocks: jax.Array,
            word0: jax.Array,
            held: jax.Array,
            tables: list[dict[str, jax.Array]],
            keys: jax.Array,
            count: jax.Array,
        ) -> tuple[Fields, Totals]:
            self.traces += 1
            here = plan.share.first()
            call = Call(
                program=program,
                words=words,
                word0=word0 + here,
                keys=keys[0],
                thresholds=plan.baked if plan.baked is not None else thresholds,
                weights=weights.reshape(-1, words, 64),
                couplings=couplings,
                blocks=blocks,
                held=held if platform.held else None,
                first=platform.first,
                patch=platform.patch,
                slab=platform.slab,
            )
            walks: list[Walking | Gathering] = []
            if plan.rows is not None:
                walks += [Walking(plan.rows, walk, call) for walk in plan.rows.walks]
                arrays = [
                    plan.rows.refresh(n, array, words)
                    for n, array in zip(plan.layouts, arrays, strict=True)
                ]
            elif plan.gather is not None:
                walks += [
                    Gathering(plan.gather, walk, table, call)
                    for walk, table in zip(plan.gather.walks, tables, strict=True)
                ]

            def step(n: jax.Array, state: tuple[Any, Totals]) -> tuple[Any, Totals]:
                return follow_turns(plan.where.turns, walks, call.at_step(keys[n]), state)

            fields: list[Any] = [None] * len(program.fields)
            for n, array in zip(plan.layouts, arrays, strict=True):
                fields[n] = array
            totals = plan.where.empty(words)
            fields, totals = lax.fori_loop(0, count, step, (fields, totals))
            counts = plan.where.joined(totals)
            return [fields[n] for n in plan.layouts], tallies.finish(
                program, counts, plan.share, here
            )

        return run

    def _together(self, found: list[list[jax.Array]], share: Share) -> list[Counts]:
        """int64[step, row, *kept] of each tally array."""
        out = []
        for n, array in enumerate(self._program.tallies):
            kept = tuple(self._program.shape[axis] for axis in array.axes)
            lanes = (64 * share.words,) if array.replica else ()
            whole = np.zeros((len(found), array.rows, *kept, *lanes), np.int64)
            for step, counts in enumerate(found):
                each = np.asarray(counts[n])
                whole[step] = each[..., : 64 * share.words] if array.replica else each
            out.append(whole)
        return out
