"""What is fuzzed: everything that rgc reads, each as a function that is handed a spoilt file.

A target may raise `SpecError` and nothing else.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import rgc
from rgc import cost, runner
from rgc.errors import SpecError
from rgc.flows.flow import Flow
from rgc.results import checkpoint
from rgc.results.pages import report
from rgc.syntax.print import convert
from rgc.syntax.read import read_text
from tests.fuzz.edits import WORD, Edit, spoilt_bytes, spoilt_text

ROOT = Path(__file__).parents[2]
HEADER = 128
"""Bytes before the numbers of a small array."""

MEMORY = 2.0**29
"""What a spec may take of the machine, so that none is refused for this machine alone."""

CLOUD = 'data file("{}")\nmap diffusion(scale=1)\nflow iterate\n'
GIVEN = 'weights=file("weights.npz"), '
NAMED = re.compile(r"\w[\w.-]*\.(?:rgc|yaml|npy|npz|csv)\b")
TRAINED = f"""lattice square(2)
spins s: ising
data patterns(8)
stack {{ rbm(hidden=2, {GIVEN}train=cd(epochs=2)) }}
flow train
"""
EXACT = "block decimate(2)\nflow exact(steps=2)"
SAMPLED = "flow sample(sweeps=4, thermalise=2, every=1, replicas=64)"
CLUSTERS = SAMPLED.replace("sample(", "sample(update=wolff, ")
BIASED = """block kadanoff(2, p=0.7)
flow variational_mcrg(steps=1, sweeps=20, thermalise=20, replicas=64, basis=operators(range=1))"""
CHAIN = f"""lattice chain
spins s: ising
hamiltonian - 0.3 * sum(<i,j>) s[i]*s[j]
{EXACT}
"""


@dataclass(frozen=True, slots=True)
class Target:
    """The files to spoil, by name, how, and what reads them."""

    seeds: Callable[[], Sequence[tuple[str, bytes]]]
    read: Callable[[str, bytes], None]
    text: bool = False

    def spoilt(self, number: int, made: Sequence[Edit]) -> tuple[str, bytes]:
        """The seed of that number after these edits."""
        seeds = self.seeds()
        name, content = seeds[number % len(seeds)]
        if self.text:
            changed = spoilt_text(content.decode("utf-8"), made, words())
            return name, changed.encode("utf-8", "surrogatepass")
        whole = number // len(seeds) % 2
        return name, spoilt_bytes(content, made) if whole else inside(content, made)


def inside(content: bytes, made: Sequence[Edit]) -> bytes:
    """An archive of which one member is spoilt, or its numbers alone, with checksums that fit."""
    if not content.startswith(b"PK"):
        return spoilt_bytes(content, made)
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        names = old.namelist()
        chosen = names[made[0].taken % len(names)]
        for name in names:
            data, kept = old.read(name), HEADER * (made[0].length < 0.5)
            if name == chosen:
                data = data[:kept] + spoilt_bytes(data[kept:], made)
            new.writestr(name, data)
    return out.getvalue()


@cache
def words() -> tuple[str, ...]:
    """Every word of the language that the specs know, and those of bad specs."""
    found = {word for _, content in specs() for word in WORD.findall(content.decode("utf-8"))}
    return tuple(sorted(word for word in found if not word.isspace()))


# -- specs -----------------------------------------------------------------------------------------


@cache
def specs() -> tuple[tuple[str, bytes], ...]:
    """The good ones, studies and their specs among them, and every fourth of those that are
    refused. The name of each is its path.
    """
    folders = ("specs", "tests/language", "tests/outsiders", "claims")
    good = (path for folder in folders for path in sorted((ROOT / folder).glob("**/*.rgc")))
    paths = (*good, *sorted((ROOT / "tests/bad").glob("*.rgc"))[::4])
    found = [(str(path), path.read_bytes()) for path in paths]
    return tuple(seed for seed in found if _is_text(seed[1]))


@cache
def yaml_specs() -> tuple[tuple[str, bytes], ...]:
    paths = sorted([*(ROOT / "tests/language").glob("*.yaml"), *(ROOT / "specs").glob("**/*.yaml")])
    good = [
        (name, text) for name, content in specs() if (text := _in_yaml(content.decode("utf-8")))
    ]
    found = (*((str(path), path.read_text()) for path in paths), *good[::3])
    return tuple((str(Path(name).with_suffix(".yaml")), text.encode()) for name, text in found)


def _in_yaml(text: str) -> str:
    with suppress(SpecError):
        return convert(read_text(text), "yaml")
    return ""


def _is_text(content: bytes) -> bool:
    with suppress(UnicodeDecodeError):
        return len(content.decode("utf-8")) < 4000
    return False


def read_spec(name: str, content: bytes) -> None:
    """Check a spec beside the files that it names; where it can be read both spellings mean the
    same, and print as themselves.
    """
    with folder() as here:
        path = here / f"spec{Path(name).suffix}"
        path.write_bytes(content)
        _lay(NAMED.findall(content.decode("utf-8", "replace")), Path(name).parent, here)
        document = rgc.compiler.parse(path)
        for spelling in ("rgc", "yaml"):
            text = convert(document, spelling)  # type: ignore[arg-type]
            again = read_text(text, spelling)  # type: ignore[arg-type]
            assert again == document, text
            assert convert(again, spelling) == text  # type: ignore[arg-type]
        loaded = rgc.load(path)
        assert loaded.summary.startswith("ok")
        cost.of_run(loaded)
        cost.refuse(loaded, MEMORY)


def _lay(names: Sequence[str], there: Path, here: Path) -> None:
    """Put files of a folder, and those that they name in turn, into another one."""
    for name in names:
        if (there / name).is_file() and not (here / name).exists():
            content = (there / name).read_bytes()
            (here / name).write_bytes(content)
            _lay(NAMED.findall(content.decode("utf-8", "replace")), there, here)


# -- data, weights, checkpoints, output folders ----------------------------------------------------


@cache
def tables() -> tuple[tuple[str, bytes], ...]:
    rows = np.arange(12.0).reshape(6, 2) ** 1.3
    npy, npz, packed = BytesIO(), BytesIO(), BytesIO()
    np.save(npy, rows.astype(np.float32))
    np.savez(npz, rows=rows)
    np.savez_compressed(packed, rows=rows.astype(np.int16))
    text = "x,y\n" + "\n".join(f"{x},{y:.3g}" for x, y in rows)
    raw = (npy.getvalue(), npz.getvalue(), packed.getvalue(), text.encode())
    return tuple(zip(("rows.npy", "rows.npz", "rows.npz", "rows.csv"), raw, strict=True))


def read_table(name: str, content: bytes) -> None:
    with folder() as here:
        (here / name).write_bytes(content)
        _run(here, CLOUD.format(name))


@cache
def weights() -> tuple[tuple[str, bytes], ...]:
    with folder() as here:
        _run(here, TRAINED.replace(GIVEN, ""), out=here / "out")
        return (("weights.npz", (here / "out" / "weights.npz").read_bytes()),)


def read_weights(name: str, content: bytes) -> None:
    with folder() as here:
        (here / name).write_bytes(content)
        _run(here, TRAINED)


@cache
def checkpoints() -> tuple[tuple[str, bytes], ...]:
    """Checkpoints in the middle of runs, by the spec."""
    found = []
    for text in RUNS:
        with folder() as here:
            made = _flow(text)
            state = made.start()
            while state.done < made.steps // 2:
                state.most = 1
                state = made.step(state)
            header = {"identity": {}, "rgc": "", "done": state.done, "values": state.values}
            checkpoint.write(here / "c.npz", checkpoint.Checkpoint(header, state.arrays))
            found.append((text, (here / "c.npz").read_bytes()))
    return tuple(found)


RUNS = (
    CHAIN,
    *(
        CHAIN.replace("chain", "square(4)").replace(EXACT, each)
        for each in (SAMPLED, CLUSTERS, BIASED)
    ),
    TRAINED.replace(GIVEN, ""),
)
STUDY = """runs { chain = "chain.rgc" }
claim "a chain flows to nothing" from "Ising"
supports { chain.y_t = 0 within 0.1 }
refutes { chain.y_t above 0.2 }
measure { half = chain.y_t / 2 }
"""


@cache
def _flow(text: str) -> Flow:
    return rgc.compile(text, backend="reference").flow({}, 0)


def resume(text: str, content: bytes) -> None:
    """Go on from a checkpoint, on the reference backend: numba would read what is not there."""
    with folder() as here:
        (here / "c.npz").write_bytes(content)
        saving = runner.Saving(here / "c.npz", resume=True, every=1e9)
        runner.run(_flow(text), saving=saving)


@cache
def outputs() -> tuple[tuple[str, bytes], ...]:
    """Files of the folders of a run and of a study, by their paths."""
    found = []
    for kind, text in (("run", CHAIN), ("study", STUDY)):
        with folder() as here:
            (here / "chain.rgc").write_text(CHAIN)
            _run(here, text, out=here / kind)
            found += [
                (str(path.relative_to(here)), path.read_bytes())
                for path in sorted(here.glob(f"{kind}/**/*"))
                if path.suffix in (".json", ".rgc")
            ]
    return tuple(found)


def remake(name: str, content: bytes) -> None:
    """The page of a folder of which one file was spoilt holds no tag that is not its own."""
    with folder() as here:
        for each, good in outputs():
            (here / each).parent.mkdir(parents=True, exist_ok=True)
            (here / each).write_bytes(content if each == name else good)
        page = report.rebuild(here / Path(name).parts[0]).read_text(encoding="utf-8")
        assert "<script" not in page
        json.dumps(page)


TARGETS = {
    "rgc": Target(specs, read_spec, text=True),
    "yaml": Target(yaml_specs, read_spec, text=True),
    "tables": Target(tables, read_table),
    "weights": Target(weights, read_weights),
    "checkpoints": Target(checkpoints, resume),
    "outputs": Target(outputs, remake, text=True),
}


def _run(here: Path, text: str, out: Path | None = None) -> None:
    (here / "spec.rgc").write_text(text)
    compiled = rgc.compile(here / "spec.rgc", backend="reference", max_memory=MEMORY)
    compiled.run(out=out, checkpoints=False, warn=_ignored)


def _ignored(message: str) -> None: ...


@contextmanager
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="rgc-fuzz-") as name:
        yield Path(name)
