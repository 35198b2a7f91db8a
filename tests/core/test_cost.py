"""What a run takes is known beforehand: near what is then allocated, and refused with a hint that
works.
"""

from __future__ import annotations

import json
import math
import re
import sys
import tracemalloc
from pathlib import Path
from types import ModuleType

import pytest
import scipy.linalg
import scipy.sparse.linalg  # noqa: F401

import rgc
from rgc import ast_to_model, cost
from rgc.ast_to_model.sections import scan
from rgc.cli import main
from rgc.errors import SpecError
from rgc.loaded import Loaded
from rgc.model.options import Options
from rgc.schemes import SCHEMES
from rgc.schemes.cost import Cost
from rgc.schemes.costs import compiling
from rgc.schemes.costs.coupling_maps import classes_of_corners

ISING = """parameters {{ K = 0.4, n = 4 }}
lattice {lattice}
spins s: {spins}
hamiltonian - K * sum(<i,j>) {pair}
{rest}
"""
GIB = 2.0**30


def loaded(lattice: str, rest: str, spins: str = "ising", pair: str = "s[i]*s[j]") -> Loaded:
    return rgc.load(ISING.format(lattice=lattice, spins=spins, pair=pair, rest=rest))


def hinted(spec: Loaded, most: float) -> tuple[str, str]:
    """The code and the hint of a refusal."""
    with pytest.raises(SpecError) as refused:
        cost.refuse(spec, most)
    return refused.value.problems[0].code, refused.value.problems[0].hint


TRAINED = """lattice square(8)
spins s: ising
data patterns(2000)
stack { rbm(hidden=16, train=cd(epochs=1)) }
flow train
"""


def counted(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str) -> list[object]:
    """A list that grows by one with each call of a function."""
    calls: list[object] = []
    function = getattr(module, name)

    def call(*given: object, **more: object) -> object:
        calls.append(given)
        return function(*given, **more)

    monkeypatch.setattr(module, name, call)
    return calls


ALLOCATED = {
    "trg": loaded("square", "flow trg(chi=12, steps=8)"),
    "hotrg": loaded("square", "flow hotrg(chi=10, steps=7)"),
    "transfer": loaded("square(12, infinite)", "measure { free_energy(transfer) }"),
    "bonds": loaded(
        "square",
        "flow migdal_kadanoff(steps=2)",
        spins="clock(16)",
        pair="cos(2*pi*(s[i] - s[j])/16)",
    ),
    "states": loaded("square(3)", "flow enumerate", spins="potts(4)", pair="delta(s[i], s[j])"),
    "diffusion": rgc.load("data points(400, [row/400])\nmap diffusion(scale=0.1)\nflow iterate\n"),
    "train": rgc.load(TRAINED),
}


@pytest.fixture(scope="module")
def imported() -> None:
    """A run before those that are traced, since modules take memory too."""
    rgc.compile(ALLOCATED["trg"], backend="reference").run(checkpoints=False)


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize("name", ALLOCATED)
def test_memory_is_that_which_is_allocated_to_a_factor_of_three(name: str) -> None:
    spec = ALLOCATED[name]
    tracemalloc.start()
    try:
        rgc.compile(spec, backend="reference").run(checkpoints=False)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 1 / 3 < cost.of_run(spec).memory / peak < 3


@pytest.mark.parametrize(
    "rest",
    ["flow sample({})", "block majority(2)\nflow mcrg(steps=1, basis=operators(range=1), {})"],
)
def test_many_replicas_of_few_spins_are_counted(rest: str) -> None:
    """What their records take is more than the spins, 64 of which are a word."""
    short = "sweeps=2, every=1, thermalise=1, replicas=64000"
    spec = loaded("square(4)", rest.format(short))
    flow = rgc.compile(spec, backend="numba").flow({}, 0)
    flow.step(flow.start())  # numba compiles
    tracemalloc.start()
    try:
        flow.step(flow.start())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 1 / 3 < cost.of_run(spec).memory / peak < 3


def test_what_runs_has_a_cost_and_what_does_not_has_none() -> None:
    for scheme in SCHEMES.values():
        if scheme.runs:
            assert callable(scheme.cost)
        else:
            with pytest.raises(SpecError):
                _ = scheme.cost


@pytest.mark.parametrize(
    ("lattice", "rest", "most", "option"),
    [
        ("square", "flow trg(chi=512)", GIB, "chi"),
        ("square", "flow hotrg(chi=100)", GIB, "chi"),
        ("square(2000)", "flow sample(replicas=64000)", GIB, "replicas"),
        ("square(64)", "measure { free_energy(hotrg(200)) }", GIB, "chi"),
        ("square(16)", "flow sample(sweeps=1e300)", GIB, "sweeps"),
        ("square(16)", "block majority(2)\nflow mcrg(sweeps=1e200)", GIB, "sweeps"),
    ],
)
def test_a_hint_works_when_followed(lattice: str, rest: str, most: float, option: str) -> None:
    code, hint = hinted(loaded(lattice, rest), most)
    assert code == ("too-much-time" if option == "sweeps" else "too-much-memory")
    found = re.match(rf"{option}=(\d+) fits", hint)
    assert found, hint
    number = int(found[1])
    named = re.sub(rf"{option}=\S+?(?=[,)])|(?<=hotrg\()200", f"{option}={number}", rest)
    cost.refuse(loaded(lattice, named), most)
    for more in (2 * number, 4 * number):
        named = re.sub(rf"{option}=\d+", f"{option}={more}", named)
    assert hinted(loaded(lattice, named), most)[0] == code


def test_where_no_option_helps_the_lattice_is_smaller() -> None:
    flow = "flow sample(sweeps=10, replicas=64)"
    code, hint = hinted(loaded("square(8000)", flow), GIB)
    found = re.match(r"a lattice of up to (\d+) cells in each direction fits", hint)
    assert code == "too-much-memory"
    assert found, hint
    cost.refuse(loaded(f"square({found[1]})", flow), GIB)


def test_where_rows_are_drawn_there_are_fewer() -> None:
    code, hint = hinted(rgc.load(TRAINED.replace("2000", "50_000_000")), GIB)
    found = re.match(r"(\d+) rows of data fit", hint)
    assert code == "too-much-memory"
    assert found, hint
    cost.refuse(rgc.load(TRAINED.replace("2000", found[1])), GIB)


def test_the_largest_point_of_a_scan_counts() -> None:
    points = "flow sample(sweeps=10, replicas=64)\nscan { K = 0.1:0.4:50, n = [16, 4000, 32] }"
    spec = loaded("square(n)", points)
    whole, most = cost.of_run(spec), cost.of_run(loaded("square(4000)", points.split("\n")[0]))
    assert whole.memory == most.memory
    assert whole.seconds == pytest.approx(50 * most.seconds, rel=0.01)
    with pytest.raises(SpecError, match=r"\(at n = 4000\)"):
        cost.refuse(spec, 0.1 * GIB)


def test_physics_is_built_once_at_a_point(monkeypatch: pytest.MonkeyPatch) -> None:
    read = counted(monkeypatch, ast_to_model, "build")
    built = counted(monkeypatch, sys.modules["rgc.loaded"], "build")
    points = " - n*0*sum(i) s[i]\nflow exact(steps=2)\nblock decimate(2)\nscan { K = 0.1:0.4:20 }"
    spec = loaded("chain", points)
    cost.of_run(spec)
    assert (len(read), len(built)) == (1, 0)
    rgc.compile(spec, backend="reference").run(checkpoints=False)
    assert (len(read), len(built)) == (1, 20)


def test_scans_are_not_read_again_at_their_points(monkeypatch: pytest.MonkeyPatch) -> None:
    read = counted(monkeypatch, scan, "_axis")
    spec = loaded("chain", "flow exact(steps=2)\nblock decimate(2)\nscan { K = 0.1:0.4:1000 }")
    for point in spec.points[:10]:
        spec.at(point)
    assert len(read) == 1


def test_operators_of_every_sublattice_count() -> None:
    """Nine sites that differ have nine times the operators, each with a ninth of the places."""
    block = "block majority(2)\nflow mcrg(steps=2, sweeps=20000)"
    field = "- 0.1 * sum(i) cos(2*pi*(coordinate(i,x) + coordinate(i,y))/3)*s[i]"
    plain, ninth = (
        cost.of_run(
            rgc.load(
                "lattice square(36)\nspins s: ising\n"
                f"hamiltonian - 0.4 * sum(<i,j>) s[i]*s[j] {more}\n{block}"
            )
        )
        for more in ("", field)
    )
    assert ninth.memory > 20 * plain.memory
    assert ninth.seconds > 1.5 * plain.seconds


def test_classes_of_sets_of_corners() -> None:
    assert [classes_of_corners(d) for d in (2, 3, 4)] == [6, 22, 402]


def test_an_endless_run_has_an_endless_cost() -> None:
    found = SCHEMES["sample"].cost(
        loaded("square(16)", "flow sample").spec,
        Options({"sweeps": 10**300, "every": 10, "thermalise": 0, "replicas": 64}),
    )
    assert found.seconds > 1e290
    assert math.isfinite(found.memory)


def test_the_check_tells_the_cost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "spec.rgc"
    spec.write_text(
        ISING.format(lattice="square", spins="ising", pair="s[i]*s[j]", rest="flow trg(64)")
    )
    assert main(["check", str(spec)]) == 0
    assert re.search(r"trg; about 1\.1 GiB and \d+ (s|min) of one core\n$", capsys.readouterr().out)
    assert main(["check", str(spec), "--max-memory", "500M", "--json"]) == 2
    (told,) = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert told["problems"][0]["code"] == "too-much-memory"
    assert told["problems"][0]["line"] == 5
    assert main(["run", str(spec), "--max-memory", "500M"]) == 2
    assert "error[too-much-memory]" in capsys.readouterr().err
    assert main(["check", str(spec), "--max-memory", "much"]) == 2
    assert "write 800M, 16G or 1T" in capsys.readouterr().err


def test_a_limit_far_below_the_estimate_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "spec.rgc"
    physics = {"lattice": "chain", "spins": "ising", "pair": "s[i]*s[j]"}
    spec.write_text(ISING.format(**physics, rest="flow exact(steps=2)\nblock decimate(2)"))
    words = ["run", str(spec), "--quiet", "--time-limit", "1h", "--threads", "1"]
    assert main(words) == 0
    assert "time-limit" not in capsys.readouterr().err
    monkeypatch.setattr(cost, "of_run", lambda loaded: Cost(0.0, 1e6))
    assert main(words) == 0
    assert "takes about 12 days, and --time-limit stops it before" in capsys.readouterr().err


def test_clusters_cost_more_than_a_sweep() -> None:
    plain, turned = (
        SCHEMES["sample"].cost(spec, Options(spec.flow.options))
        for spec in (
            loaded("square(64)", f"flow sample(update={update})").spec
            for update in ("metropolis", "wolff")
        )
        if spec.flow is not None
    )
    assert turned.seconds > 2 * plain.seconds
    assert turned.memory > plain.memory


def test_the_largest_point_of_every_other_spec_counts(tmp_path: Path) -> None:
    """Of the runs of a study, of those of its studies, and of specs that answer parameters."""
    sizes = "[8, 20000]"
    text = ISING.format(lattice="square(n)", spins="ising", pair="s[i]*s[j]", rest="flow sample()")
    (tmp_path / "large.rgc").write_text(text + "measure { energy }\n")
    (tmp_path / "study.rgc").write_text(f'runs {{ a = "large.rgc" {{ n = {sizes} }} }}\n')
    (tmp_path / "above.rgc").write_text('runs { a = "study.rgc" }\n')
    (tmp_path / "scan.rgc").write_text(text + f"measure {{ energy }}\nscan {{ n = {sizes} }}\n")
    answer = text.replace("K = 0.4", 'K = from "scan.rgc" energy[n=8]')
    (tmp_path / "from.rgc").write_text(answer)
    for name in ("study", "above", "from"):
        spec = rgc.load(tmp_path / f"{name}.rgc")
        assert cost.of_run(spec).memory > 20 * GIB
        with pytest.raises(SpecError, match=r"20000") as refused:
            cost.refuse(spec, GIB)
        assert refused.value.problems[0].code == "too-much-memory"


SEEN = {
    "square": ("square(6)", "ising", "sum(<i,j>) s[i]*s[j]", "sample"),
    "cubic": ("cubic(4)", "ising", "sum(<i,j>) s[i]*s[j]", "sample"),
    "four spins": ("square(6)", "ising", "sum(i) s[i]*s[i+x]*s[i+y]*s[i+x+y]", "sample"),
    "potts": ("square(6)", "potts(8)", "sum(<i,j>) delta(s[i], s[j])", "sample"),
    "honeycomb": ("honeycomb(4)", "ising", "sum(<i,j>) s[i]*s[j]", "sample"),
    "complete": ("complete(24)", "ising", "sum(<i,j>) s[i]*s[j]/24", "sample"),
    "pairs": ("chain(40)", "ising", "sum(i < j) distance(i,j)^(-2)*s[i]*s[j]", "sample"),
}


@pytest.mark.parametrize("name", SEEN)
def test_the_nodes_of_a_sweep_are_known_beforehand(name: str) -> None:
    """To a factor of two and a half, against those of the program that is made."""
    lattice, spins, term, flow = SEEN[name]
    spec = rgc.load(
        f"lattice {lattice}\nspins s: {spins}\nhamiltonian - 0.1 * {term}\nflow {flow}\n"
    )
    made = rgc.compile(spec, backend="reference").machine.made
    (sweep,) = (program for program, _ in made if program.name == "sweep")
    rules = sweep.rules if len(sweep.rules) < 10 else sweep.rules[:1]  # one form
    nodes = sum(len(rule.nodes) for rule in rules)
    assert 0.4 < compiling.nodes(spec.spec) / nodes < 2.5


def test_compiling_counts_once_for_all_points_that_share_kernels(tmp_path: Path) -> None:
    flow = "flow sample(sweeps=10, replicas=64)"
    one, couplings, sizes = (
        cost.of_run(loaded("square(n)", f"{flow}\n{scan}")).compiling
        for scan in ("", "scan { K = 0.1:0.4:50 }", "scan { n = [4, 6, 8] }")
    )
    assert one == couplings
    assert one == sizes


WIDE = """lattice hypercubic(16, d=4)
spins s: ising
hamiltonian - 0.1 * sum(<i,j>) s[i]*s[j]
block majority(2)
flow mcrg(sweeps=10, replicas=64, basis=operators(range=6, bodies=2))
"""


def test_long_compiling_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "spec.rgc"
    spec.write_text(WIDE)
    assert main(["check", str(spec)]) == 0
    assert re.search(r"of one core, after \d+ s to compile\n$", capsys.readouterr().out)
    assert main(["check", str(spec), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["compile_seconds"] > 5
    spec.write_text(WIDE.replace("range=6", "range=1"))
    assert main(["check", str(spec)]) == 0
    assert capsys.readouterr().out.endswith("of one core\n")


def test_exact_gradients_go_through_the_side_that_is_tabled() -> None:
    """A number for each of its states and each unit of the other, at every epoch."""
    for sites, hidden, states in ((4, 12, 2**16), (8, 8, 2**8)):
        spec = rgc.load(
            f"lattice square({sites})\nspins s: ising\ndata patterns(50)\n"
            f"stack {{ rbm(hidden={hidden}, train=exact(epochs=100)) }}\nflow train\n"
        )
        other = hidden if states == 2 ** (sites**2) else sites**2
        assert cost.of_run(spec).seconds > 100 * states * other * 1e-8
