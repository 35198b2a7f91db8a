"""The map of the compiler: the road from a spec to an answer, one call for each stage.

    text --parse--> syntax tree --build--> physics --flow--> programs and kernels
         --run--> results --judge--> answer

`rgc.flows` describes the road of a flow, from physics through passes and programs to kernels.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import index
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from rgc.errors import Problem, RunWarning, SpecError, placed

if TYPE_CHECKING:
    from rgc.backend import Backend
    from rgc.flows.flow import Flow
    from rgc.kernel_cache import KernelCache
    from rgc.loaded import Loaded
    from rgc.model.share import Share
    from rgc.model.spec import Spec
    from rgc.points import Scatter
    from rgc.progress import Progress
    from rgc.results.answer import Answer
    from rgc.runner import Stop
    from rgc.syntax.ast import Document, Entry

Settings = Mapping[str, "str | float | Iterable[float]"] | Sequence["Entry"]
"""New right sides of parameters, or values of scans.

They are a mapping such as `{"K": 0.43}`, `{"K": "0.43:0.45:9"}` or, for a scan,
`{"K": [0.43, 0.44]}` with any list or array of numbers, or entries of the syntax tree.
"""

BACKEND = "numba"


def parse(source: str | Path) -> Document:
    """The syntax tree of a spec.

    `source` is a path, or a text of several lines in the text spelling. Raises `SpecError`.
    """
    from rgc.syntax.read import read, read_text

    return read_text(source) if isinstance(source, str) and "\n" in source else read(source)


def load(source: str | Path, *, settings: Settings = (), scan: Settings = ()) -> Loaded:
    """Read and check a spec, in either spelling: text -> syntax tree -> physics.

    `settings` and `scan` do what `--set` and `--scan` do. Raises `SpecError` with every problem of
    the file.
    """
    from rgc import loaded
    from rgc.ast_to_model import build
    from rgc.syntax.edit import apply

    text = isinstance(source, str) and "\n" in source
    folder = None if text else Path(source).parent
    replaced, scanned = entries(settings), entries(scan)
    document = parse(source)
    spec, warnings = build(document, settings=replaced, scan=scanned, folder=folder)
    merged = apply(spec.document, replaced, scanned)
    spec = replace(spec, document=merged)
    return loaded.Loaded(merged, spec, warnings, folder, "spec" if text else Path(source).stem)


def entries(settings: Settings) -> tuple[Entry, ...]:
    """Settings as entries of the syntax tree.

    Texts are read by the spec's own grammar. Raises `SpecError`.
    """
    if not isinstance(settings, Mapping):
        return tuple(settings)
    return tuple(
        entry(f"{name} = {_written(value)}", "<settings>") for name, value in settings.items()
    )


def _written(value: str | float | Iterable[float]) -> str:
    """A value in the language: a text as it is, a number, or a list of numbers."""
    if isinstance(value, str):
        return value
    if isinstance(value, Iterable):
        return f"[{', '.join(map(_written, value))}]"
    return repr(value.item() if hasattr(value, "item") else value)


def entry(text: str, name: str) -> Entry:
    """The entry such as `K=0.43` that a text holds.

    `name` is what messages call the text. Raises `SpecError`.
    """
    from rgc.syntax.parse import parse_entry
    from rgc.syntax.read import make_source

    parsed = parse_entry(make_source(name, text))
    if parsed.value is None:
        raise SpecError([Problem("no-value", "a parameter needs a value: NAME=VALUE", parsed.span)])
    return parsed


def compile(
    spec: Loaded | str | Path,
    *,
    backend: str | Backend = BACKEND,
    threads: int | None = None,
    settings: Settings = (),
    scan: Settings = (),
    max_memory: float | None = None,
) -> Compiled:
    """Prepare a spec to run on a backend, which is given by its name or as an object.

    `settings` and `scan` are those of `load`. `max_memory` is the largest number of bytes that the
    run may take, by default what the machine has free. Raises `SpecError` if the backend is not
    there or refuses the spec, or if the flow cannot be run or takes too much. Raises `TypeError`
    for settings of a spec that was loaded before, because its parameters have been evaluated.
    """
    from rgc import backend as backends
    from rgc import cost
    from rgc.ast_to_model.today import refuse_later
    from rgc.kernel_cache import KernelCache
    from rgc.large_couplings import doubtful_places

    if not isinstance(spec, str | Path) and (settings or scan):
        raise TypeError("settings and scan are for a spec that is read here: give them to rgc.load")
    source = load(spec, settings=settings, scan=scan) if isinstance(spec, str | Path) else spec
    refuse_later(source.spec)
    cost.refuse(source, max_memory)
    threads = None if threads is None else min(threads, backends.cores())
    chosen = backends.load(backend, threads=threads) if isinstance(backend, str) else backend
    machine = KernelCache(chosen, general=source.count > 1 or bool(source.spec.taken))
    compiled = Compiled(source, machine, threads, source.zero)
    if not source.spec.runs:  # refusals come now, not when the run starts
        first = source.places[0]
        others = (place for place in doubtful_places(source) if place is not first)
        for place in (first, *others):
            compiled.flow(place, source.seed)
    for run in source.spec.runs:
        other = load(run.file, settings=run.settings, scan=run.scan)
        compile(other, backend=machine, threads=threads, max_memory=max_memory)
    return compiled


def flow(
    spec: Spec,
    machine: KernelCache,
    *,
    seed: int,
    point: Mapping[str, float],
    zero: Collection[str],
    share: Share | None = None,
    specs: Sequence[Spec] = (),
    drawn_at: Mapping[str, float] | None = None,
) -> Flow:
    """The flow of a spec at one point, or of a share of it: physics -> programs -> kernels.

    `specs` are those at each value of a tempered parameter, where there is one. `drawn_at` holds
    the parameters that key random couplings, where they are others.

    The terms named in `zero` are left out. The methods by which the measures of the spec ask for a
    free energy are added behind the flow. Raises `SpecError` for a scheme that cannot be run yet,
    and for what its maker refuses.
    """
    from rgc.flows.request import Request
    from rgc.model.share import WHOLE
    from rgc.schemes import SCHEMES

    made: Flow | None = None
    if any(block.layer is not None for block in spec.blocks):
        from rgc.flows.machines.learned_maps import with_laws

        spec, specs = with_laws(spec), [with_laws(each) for each in specs]
    request = Request(
        spec=spec,
        backend=machine,
        seed=seed,
        point=point,
        zero=tuple(zero),
        share=share or WHOLE,
        specs=tuple(specs),
        drawn_at=drawn_at,
    )
    if spec.flow is not None:
        with placed(spec.flow.span):
            made = SCHEMES[spec.flow.scheme].maker(request)
    if made is None or any(measure.methods for measure in spec.measures):
        from rgc.flows.free_energies.service import make_free_energies

        return make_free_energies(request, made)
    return made


@dataclass(frozen=True, slots=True, repr=False)
class Compiled:
    """A spec on a backend, ready to run.

    `zero` names the terms that are left out because their coefficient is 0 at every point.
    """

    loaded: Loaded
    machine: KernelCache
    threads: int | None = None
    zero: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Compiled {self.loaded.title!r} on {self.machine.name}>"

    def _repr_html_(self) -> str:
        return self.loaded._repr_html_()

    def flow(self, point: Mapping[str, float], seed: int, share: Share | None = None) -> Flow:
        """The flow at one place of the scan (`Loaded.places`), or that of a share of its work.

        Its kernels are compiled, or taken from those of another point.
        """
        return flow(
            self.loaded.at(point),
            self.machine,
            seed=seed,
            point=point,
            zero=self.zero,
            share=share,
            specs=[self.loaded.at(each) for each in self.loaded.along(point)],
        )

    def run(
        self,
        seed: int | None = None,
        out: str | Path | None = None,
        *,
        resume: bool = False,
        progress: Progress | bool = False,
        time_limit: float | None = None,
        stop: Stop | None = None,
        warn: Callable[[str], object] | None = None,
        checkpoints: bool = True,
        plots: Sequence[str] = ("png",),
        cluster: str | None = None,
    ) -> Answer:
        """Run every point of the scan and judge the results.

        - `seed` takes the place of the spec's seed.
        - `out` is the folder for the results, which is made if needed.
        - `resume` continues from the checkpoint of a run that was interrupted.
        - `progress=True` shows a bar on stderr, or a line below the cell of a notebook.
        - `stop` can end the run from outside, by the number of a signal in `stop.signal`.
        - `warn(message)` is called for each warning on the way. Without it Python's `warnings` show
          these and those of the answer, as `rgc.errors.RunWarning`. The answer holds them all.
        - Without `checkpoints` none are written, and an interrupted run is lost.
        - `plots` are the formats of plots in the folder besides SVG: `png`, `pdf`.
        - `cluster` runs the points of a scan, and shares of long ones, on the workers of
          dask.distributed: of `local:4` on this machine, of `tcp://host:8786` where they are, of
          `slurm.yaml` in the jobs that the file asks for. It needs `out`, a folder that all see.

        Raises `SpecError`, `ValueError` for a seed that is no integer from 0 to 2^64 - 1, and
        `rgc.runner.Interrupted` after ctrl-C, SIGTERM, SIGHUP or `time_limit` seconds.
        """
        from rgc import points, runner, running
        from rgc.progress import Silent, for_stream
        from rgc.results.store import Job

        number = self.loaded.seed if seed is None else _seed(seed)
        tell = warn or _once()
        for problem in self.loaded.warnings if warn is None else ():
            tell(problem.message)
        where = None if out is None else Path(out)
        job = Job(self.loaded.sha256, number, where, checkpoints, plots=tuple(plots))
        scatter = None if cluster is None else _scatter(cluster, where)
        shown = (for_stream() if progress else Silent()) if isinstance(progress, bool) else progress
        with job.held(resume=resume):
            try:
                with runner.stopping(time_limit, stop) as told:
                    manner = points.Manner(
                        resume=resume, progress=shown, stop=told, warn=tell, scatter=scatter
                    )
                    answer = running.answer(self, job, manner)
            finally:
                shown.close()
            answer = job.finish(answer, self.pictures)
            if where is not None:
                runner.LOG.info("results in %s", where)
            for other in manner.others:
                other.clear()
        for message in answer.warnings if warn is None else ():
            tell(message)
        return answer

    def pictures(self) -> dict[str, str]:
        """Pictures of the spec itself as SVG texts by name."""
        from rgc.portrait.lattice_drawing import lattice_drawing

        drawing = lattice_drawing(self.loaded.spec)
        return {"lattice": drawing} if drawing else {}

    @property
    def provenance(self) -> Mapping[str, Any]:
        """The backend, the versions and the machine of a run."""
        from rgc.results import judge

        return judge.provenance(self.machine.name, self.machine.threads)

    def settle(self, values: Mapping[str, float]) -> Compiled:
        """The same with parameters that other specs have answered."""
        return replace(self, loaded=replace(self.loaded, settled=values)) if values else self

    def other(
        self, file: Path, settings: Sequence[Entry] = (), scan: Sequence[Entry] = ()
    ) -> Compiled:
        """Another spec, prepared on the same machine, with other parameters or another scan."""
        loaded = self.read(file, settings, scan)
        return compile(loaded, backend=self.machine, threads=self.threads)

    def read(
        self, file: Path, settings: Sequence[Entry] = (), scan: Sequence[Entry] = ()
    ) -> Loaded:
        """Another spec with other parameters or another scan, read and checked alone."""
        return load(file, settings=settings, scan=scan)


def _scatter(where: str, out: Path | None) -> Scatter:
    """Runs points on a cluster. Raises `SpecError` where there is none."""
    from rgc import cluster, tasks

    return tasks.scatter_over(cluster.find(where, out), compile)


def _seed(number: int) -> int:
    """The seed as a Python integer. Raises `ValueError` for what is no seed."""
    try:
        seed = index(number)
    except TypeError:
        seed = -1
    if not 0 <= seed < 2**64 or isinstance(number, bool):
        raise ValueError(f"a seed is an integer from 0 to 2^64 - 1, not {number!r}")
    return seed


def _once() -> Callable[[str], None]:
    """Gives each warning once."""
    said: list[str] = []

    def tell(message: str) -> None:
        if message not in said:
            said.append(message)
            _shown(message)

    return tell


def _shown(message: str) -> None:
    """Give a warning through Python's `warnings`, at the line that called rgc."""
    depth = 1
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] == "rgc":
        depth, frame = depth + 1, frame.f_back
    warnings.warn(message, RunWarning, stacklevel=depth)
