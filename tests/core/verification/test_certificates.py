"""`rgc verify`: what passes, what fails and why, what is not checked."""

from __future__ import annotations

import json
from contextlib import nullcontext
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.cli import main
from rgc.cli.certificate import render_certificate
from rgc.flows.sampling import model
from rgc.model.block_maps import TRIED
from rgc.model.draw import Given
from rgc.model.expressions import Expression
from rgc.model.lattice import Complete, Lattice
from rgc.model.observables import Linear
from rgc.model.spec import STAND_IN
from rgc.model_to_program import thresholds, update
from rgc.passes import built_in
from rgc.passes import merge_terms as merging
from rgc.schemes import SCHEMES
from rgc.verification.certificate import PARTS, Certificate, certify
from rgc.verification.schedule import sites
from rgc.verification.subject import SMALL, make_subject
from rgc_reference import ReferenceBackend

ROOT = Path(__file__).parents[3]
SPECS = sorted(
    path for path in (ROOT / "specs").rglob("*.rgc") if "\nruns {" not in path.read_text("utf-8")
)
"""Those that have physics of their own: a study runs other specs."""
QUICK = ("ising2d_sample",)


def spec(
    lattice: str = "square(6)",
    terms: str = "",
    rest: str = "",
    spins: str = "s: ising",
    **given: float,
) -> str:
    parameters = ", ".join(f"{name} = {value}" for name, value in ({"K": 0.4} | given).items())
    terms = terms or "- K * sum(<i,j>) s[i]*s[j]"
    rest = rest or "flow sample(sweeps=100)\nmeasure { energy, m, abs_m, susceptibility }"
    return (
        f'title "t"\nparameters {{ {parameters} }}\nlattice {lattice}\nspins '
        f"{spins}\nhamiltonian {terms}\n{rest}\n"
    )


EQUAL = "- K*sum(<i,j>) delta(s[i], s[j])"
IN_FIELD = "- K*sum(<i,j>) s[i]*s[j] - 0.1*sum(i) s[i]"


def failed(certificate: Certificate) -> set[str]:
    return {finding.check for finding in certificate.findings if finding.verdict == "failed"}


def reasons(certificate: Certificate, verdict: str = "failed") -> str:
    return "\n".join(
        finding.detail for finding in certificate.findings if finding.verdict == verdict
    )


# -- what passes -----------------------------------------------------------------------------------


def beyond(path: Path) -> set[str]:
    """The checks that a spec cannot have. One whose couplings stand in a file is of one size: there
    is no smaller instance of it. The transform whose rounding is bounded is that of two states.
    """
    spec = rgc.load(path).spec
    files = any(isinstance(each, Given) for each in spec.given.values())
    states = set() if all(each.two_states for each in spec.species) else {"floats"}
    if not isinstance(spec.lattice, Lattice | Complete) or not files:
        return states
    if spec.lattice.sites <= SMALL:
        return {"balance"} | states
    return {"balance", "energies", "energy differences", "measures", "floats", "sampled averages"}


@pytest.mark.parametrize(
    "path",
    [path if path.stem in QUICK else pytest.param(path, marks=pytest.mark.slow) for path in SPECS],
    ids=lambda path: path.stem,
)
def test_every_spec_of_the_library_is_certified(path: Path) -> None:
    certificate = rgc.verify(path)
    assert certificate.passed, reasons(certificate)
    assert {"reference", "numba"} <= set(certificate.backends)
    if certificate.scheme == "train":
        same = [each for each in certificate.findings if each.check == "bit identity"]
        assert {each.verdict for each in same} == {"passed"}
        assert {finding.part for finding in certificate.findings} == set(PARTS) - {"d"}
        return
    if certificate.scheme not in ("sample", "mcrg"):  # it runs no lattice programs
        ready = SCHEMES[certificate.scheme].ready
        expected = any(check.name == "agreement" for check in ready.checks) if ready else False
        agreed = [each for each in certificate.findings if each.check == "agreement"]
        assert len(agreed) == (len(certificate.backends) - 1 if expected else 0)
        assert {each.verdict for each in agreed} <= {"passed"}
        return
    assert {finding.part for finding in certificate.findings} == set(PARTS)
    unchecked = {
        finding.check for finding in certificate.findings if finding.verdict == "not checked"
    }
    assert unchecked <= ({"energies"} if path.stem == "ising3d_mcrg_64" else beyond(path))


MIXED = ["0,1,2,3,0.5", "1,4,,,-1", "4,5,,,0.7", "5,6,7,8,1", "8,9,,,0.3", "9,10,,,2", "2,10,,,1"]
PLACELESS = {
    "graph": ('graph("e.csv")', "- K*sum(e in edges) W[e]*prod(i in e) s[i]", "", "graph of 9"),
    "clusters": ('graph("e.csv")', "- K*sum(<i,j>) s[i]*s[j]", "update=wolff, ", "graph of 9"),
    "part": (
        'graph("e.csv", sites=[10, 2, 9, 8, 4, 5, 3, 1, 0, 6, 7])',
        "- K*sum(e in edges) J[e]*prod(i in e) s[i]",
        "disorder=64, ",
        "graph of 9",
    ),
    "diamond": ("diamond(generations=3)", IN_FIELD, "", "diamond of 4"),
    "complete": ("complete(12)", "- K/9*sum(i < j < k) s[i]*s[j]*s[k]", "", "complete graph of 9"),
}


def placeless(name: str, folder: Path) -> tuple[Path, str]:
    """A spec on a lattice without cells, and what its tiny instance is."""
    lattice, terms, options, tiny = PLACELESS[name]
    (folder / "e.csv").write_text("\n".join(["a,b,c,d,W", *MIXED]) + "\n")
    text = spec(lattice, terms, f"flow sample({options}sweeps=100)\nmeasure {{ energy, abs_m }}")
    (folder / "s.rgc").write_text(text.replace("K = 0.4", "K = 0.4, J ~ normal(0, 1)"))
    return folder / "s.rgc", tiny


@pytest.mark.parametrize("name", PLACELESS)
def test_lattices_without_cells_have_smaller_ones(name: str, tmp_path: Path) -> None:
    path, tiny = placeless(name, tmp_path)
    found = make_subject(rgc.load(path), ["reference"], 0).tiny
    assert not isinstance(found, str)
    assert found.name == f"{tiny} sites"
    if name in ("graph", "part"):  # edges of both sizes
        assert {len(edge) for edge in found.lattice.edges} == {2, 4}


def test_few_sites_are_few_where_all_are_different(tmp_path: Path) -> None:
    """Each site of a graph has a stage of its own: a graph of 1000 had all of them looked at."""
    path, _ = placeless("graph", tmp_path)
    program = make_subject(rgc.load(path), ["reference"], 0).sampler.update.program
    assert len(program.schedule) == 11
    rules = [rule for _, rule, _ in sites(program, 4)]
    assert rules == [program.schedule[k].rule for k in (0, 3, 6, 10)]
    assert len(list(sites(program))) == 11


@pytest.mark.slow
@pytest.mark.parametrize("name", PLACELESS)
def test_lattices_without_cells_are_certified(name: str, tmp_path: Path) -> None:
    certificate = rgc.verify(placeless(name, tmp_path)[0], backends=["reference"])
    assert certificate.passed, reasons(certificate)
    assert {finding.verdict for finding in certificate.findings} == {"passed"}
    assert {finding.part for finding in certificate.findings} == set(PARTS)


LONG = ("two block maps, philox",)
CASES = {
    "two species, binary, open": spec(
        "square(4, 5, boundary=[periodic, open])",
        "- K*sum(<i,j>) s[i]*s[j] - J*sum(i) s[i]*v[i] + h*sum(<i,j>) v[i]*v[j]",
        "flow sample(sweeps=100)\nmeasure { energy, m, n = mean(i) v[i], c = var(energy), "
        "correlation(2), st = mean(i) (-1)^(coordinate(i,x)+coordinate(i,y)) * s[i], U = 1 - "
        "avg(m^4)/(3*avg(m^2)^2) }",
        "{ s: ising, v: binary }",
        J=0.2,
        h=0.1,
    ),
    "star of a honeycomb": spec(
        "honeycomb(4)",
        "- K*sum(<i,j>) s[i]*s[j] - h*sum(c in cells) s[c.a]",
        "block majority(cell=star)\nflow mcrg(steps=1, sweeps=100, basis=operators(range=1, "
        "bodies=2), update=heat_bath)",
        h=0.05,
    ),
    "two block maps, philox": spec(
        "square(8)",
        "- K*sum(<i,j>) s[i]*s[j] - 0.1*sum(<<i,j>>) s[i]*s[j] - 0.1*sum(plaquette(i,j,k,l)) "
        "s[i]*s[j]*s[k]*s[l] - h*sum(i) s[i]",
        "block [kadanoff(2, p=0.4), decimate(2)]\nflow mcrg(steps=2, sweeps=100, "
        "basis=operators(range=1, bodies=2), generator=philox, planes=64)",
        h=0.1,
    ),
    "lazy at high temperature": spec(
        "square(5)", K=0.004, rest="flow sample(sweeps=100, update=metropolis)"
    ),
    "functions of the distance, a scan": spec(
        "hypercubic(2, d=3, boundary=open)",
        "- sum(<i,j>) J(distance(i,j))*s[i]*s[j] - h*sum(<<i,j>> ) s[i]*s[j]",
        "flow sample(sweeps=100)\nscan { K = [0.3, 0.2] }\nmeasure { x = energy, best = "
        "extremum(x, K) }",
        h=0.1,
    ).replace("K = 0.4", "K = 0.4, J(r) = K/r^2"),
}


@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=pytest.mark.slow) if each in LONG else each for each in CASES]
)
def test_models_of_many_kinds_are_certified(name: str) -> None:
    certificate = rgc.verify(CASES[name], backends=[])
    assert certificate.passed, reasons(certificate)
    assert not reasons(certificate, "not checked")
    assert {finding.part for finding in certificate.findings} == set(PARTS)


def test_a_free_block_map_is_checked_at_the_first_that_is_tried() -> None:
    text = spec("square(4)", rest="block kadanoff(2, p=free)\nflow mcrg(steps=1, sweeps=100)")
    subject = make_subject(rgc.load(text), [], seed=0)
    assert subject.loaded.spec.blocks[0].free
    assert [block.p for block in subject.spec.blocks] == [TRIED[0]]


def test_a_scan_is_checked_at_its_first_point() -> None:
    certificate = rgc.verify(CASES["functions of the distance, a scan"], backends=[])
    assert (certificate.points, certificate.parameters) == (2, {"K": 0.3})


def test_the_answer_of_another_spec_has_a_stand_in_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "other.rgc").write_text(spec("square(3)"))
    path = tmp_path / "own.rgc"
    path.write_text(spec("square(3)").replace("K = 0.4", 'K = from "other.rgc" energy'))
    taken = certify(make_subject(rgc.load(path), [], seed=0), ())
    assert (taken.parameters, taken.stand_ins) == ({"K": STAND_IN}, {"K": "other.rgc"})
    assert taken.document()["stand_ins"] == {"K": "other.rgc"}
    said = "at K=0.5, not at what other.rgc answers, which is not run"
    assert said in render_certificate(taken).splitlines()
    given = certify(make_subject(rgc.load(path, settings={"K": 0.3}), [], seed=0), ())
    assert (given.parameters, given.stand_ins) == ({}, {})


# -- what fails ------------------------------------------------------------------------------------


def test_a_wrong_factor_of_binary_spins(monkeypatch: pytest.MonkeyPatch) -> None:
    right = merging.write_in_signs

    def wrong(weight: float, product: Any, species: Any) -> Any:
        return ((part * 2, each) for part, each in right(weight, product, species))

    monkeypatch.setattr(merging, "write_in_signs", wrong)
    text = spec("square(3)", "- K*sum(<i,j>) v[i]*v[j]", "flow sample(sweeps=100)", "v: binary")
    assert {"energies", "energy differences", "detailed balance", "sampled averages"} <= failed(
        rgc.verify(text, backends=[])
    )


def test_a_wrong_exponential(monkeypatch: pytest.MonkeyPatch) -> None:
    """exp(-dE/2) in the thresholds: a sampler at twice the temperature."""
    right = thresholds._boltzmann
    monkeypatch.setattr(
        thresholds, "_boltzmann", lambda energy, factor, planes: right(energy / 2, factor, planes)
    )
    found = failed(rgc.verify(spec("square(3)", IN_FIELD), backends=[]))
    assert found == {"energy differences", "detailed balance", "global balance", "sampled averages"}


def test_a_wrong_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    right = built_in.magnetisation

    def wrong(lattice: Lattice, species: Any) -> Expression:
        m = right(lattice, species)
        assert isinstance(m, Linear)
        return Linear(tuple((1.01 * weight, tally) for weight, tally in m.terms))

    monkeypatch.setitem(built_in.BUILT_IN, "m", wrong)  # type: ignore[arg-type]
    monkeypatch.setattr(built_in, "magnetisation", wrong)
    in_field = spec("square(3)", h=0.1, terms="- K*sum(<i,j>) s[i]*s[j] - h*sum(i) s[i]")
    assert failed(rgc.verify(in_field, backends=[])) == {"measures", "sampled averages"}


def test_a_tie_that_is_not_fair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        thresholds, "heat_bath", lambda energy, planes: (1 << planes - 1) + (1 << planes - 3)
    )
    text = spec(
        "square(4)",
        rest=(
            "block majority(2)\nflow mcrg(steps=1, sweeps=100, basis=operators(range=1, "
            "bodies=2), update=metropolis)"
        ),
        K=0.2,
    )
    assert {"block maps", "sampled averages"} <= failed(rgc.verify(text, backends=[]))


def test_a_term_that_the_sampler_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    right = model.make_model
    wrong = lambda one, zero=None, **given: right(one, ("h",), **given)  # noqa: E731
    from rgc.flows.sampling import sample
    from rgc.verification import instances

    for module in (model, sample, instances):
        monkeypatch.setattr(module, "make_model", wrong)
    text = spec("square(3)", "- K*sum(<i,j>) s[i]*s[j] - h*sum(i) s[i]", h=0.3)
    assert {"energies", "energy differences", "detailed balance", "sampled averages"} <= failed(
        rgc.verify(text, backends=[])
    )


def test_free_flips_that_are_taken_for_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a ring of 6 without a field the walls never turn: 24 of 64 states stay apart. On 3 x 3
    sites 8 of 512 only turn into each other, and one replica in 64 starts in one of them.
    """
    monkeypatch.setitem(update._PROBABILITY, "metropolis", thresholds.plain)
    ring = rgc.verify(spec("chain(6)"), backends=[])
    assert failed(ring) == {"irreducible", "energy differences"}
    assert (
        "24 states of weight 0.31 are never reached from the others: use update=heat_bath"
        in reasons(ring)
    )
    torus = rgc.verify(spec("square(3)"), backends=[])
    assert (
        "replicas of the run start where every flip is free, and stay there: use update=heat_bath"
        in reasons(torus)
    )
    larger = rgc.verify(spec("square(5)"), backends=[])
    assert failed(larger) == {"energy differences"}
    assert any("but those where every flip is free" in finding.claim for finding in larger.findings)


class Narrow(ReferenceBackend):
    """Computes in 32 bits."""

    name = "narrow"

    def arrays(self) -> Any:
        namespace = {
            name: getattr(np, name) for name in ("min", "log", "reshape", "stack", "__name__")
        }
        return nullcontext(
            SimpleNamespace(
                **namespace, asarray=lambda values: np.asarray(values, np.float32), exp=np.exp
            )
        )


def test_a_backend_that_computes_in_32_bits() -> None:
    assert failed(rgc.verify(spec("square(5)"), backends=[Narrow()])) == {"floats"}


class Broken(ReferenceBackend):
    """Stops when it is called."""

    name = "broken"

    def arrays(self) -> Any:
        raise OSError("no memory")

    def compile(self, program: Any, *, constant: Any = None) -> Any:
        raise OSError("no such instruction")


def test_a_backend_that_stops_has_failed_and_the_others_go_on() -> None:
    certificate = rgc.verify(spec("square(5)"), backends=[Broken(), Narrow()])
    assert failed(certificate) == {"bit identity", "floats"}
    assert "broken stopped: OSError: no such instruction" in reasons(certificate)
    assert "broken stopped: OSError: no memory" in reasons(certificate)
    assert any(
        each.claim.startswith("narrow = reference") and each.verdict == "passed"
        for each in certificate.findings
    )


@pytest.mark.parametrize(
    ("spins", "terms"),
    [
        ("s: potts(3)", EQUAL + " - 0.2*sum(i) delta(s[i], 1)"),
        pytest.param("s: clock(4)", "- K*sum(i) cos(pi*(s[i] - s[i+x])/2)", marks=pytest.mark.slow),
        ("{ s: ising, t: spin(1) }", "- K*sum(i) (s[i]*s[i+x] + s[i]*t[i]) + 0.3*sum(i) t[i]^2"),
    ],
    ids=["potts", "clock", "two species"],
)
def test_spins_of_several_states_are_certified(spins: str, terms: str) -> None:
    """But for floats, whose transform is one of two-state spins."""
    rest = (
        "flow sample(sweeps=100)\nmeasure { energy, m, binder, correlation(1), correlation_length }"
    )
    certificate = rgc.verify(spec("chain(4)", terms, rest, spins), backends=[])
    assert certificate.passed, reasons(certificate)
    assert certificate.count("not checked") == 1


# -- what is not checked, and what is wrong with the command ---------------------------------------


def test_what_no_small_lattice_holds_is_said() -> None:
    certificate = rgc.verify(spec("hypercubic(3, d=5)"), backends=[])
    assert certificate.passed
    assert certificate.count("not checked") == 7
    assert "no lattice of at most 2^9 states holds every term" in reasons(
        certificate, "not checked"
    )


def test_what_cannot_be_run_is_refused() -> None:
    kernel = "block kernel(2, T=sum(B in blocks) sum(i in B) delta(s[i], s[B]))\n"
    blocked = f"{kernel}flow mcrg(steps=1, sweeps=100)"
    with pytest.raises(rgc.SpecError, match="cannot be drawn yet"):
        rgc.verify(spec(spins="s: potts(3)", terms=EQUAL, rest=blocked))
    with pytest.raises(rgc.SpecError, match="no backend is called 'nimba'"):
        rgc.verify(spec(), backends=["nimba"])
    with pytest.raises(TypeError, match=r"rgc\.load"):
        rgc.verify(rgc.load(spec()), settings={"K": 0.3})


def test_a_backend_that_cannot_run_here_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from rgc import backend
    from rgc.verification.subject import make_subject

    right = backend.load

    def load(name: str, *, threads: int | None = None) -> Any:
        if name == "numba":
            raise rgc.SpecError(
                [rgc.errors.Problem("backend-unavailable", "cannot run", hint="install it")]
            )
        return right(name, threads=threads)

    monkeypatch.setattr(backend, "load", load)
    found = make_subject(rgc.load(spec()), None, 0)
    assert found.missing["numba"] == "install it"
    assert found.backends[0].name == "reference"


def test_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "chain.rgc"
    path.write_text(spec("chain(6)"), "utf-8")
    assert main(["verify", str(path), "--backends", "reference", "--quiet"]) == 0
    text = capsys.readouterr().out
    assert "sample on 6 ring, seed 0" in text
    assert "PASSED: " in text
    assert "a. energies, energy differences and operators" in text
    assert (
        main(
            [
                "verify",
                str(path),
                "--backends",
                "reference",
                "--json",
                "--seed",
                "5",
                "--set",
                "K=0.2",
                "--quiet",
            ]
        )
        == 0
    )
    document = json.loads(capsys.readouterr().out)
    assert document["passed"] is True
    assert (document["seed"], document["backends"]) == (5, ["reference"])
    assert all(
        set(finding) >= {"part", "check", "claim", "verdict", "level", "figures"}
        for finding in document["findings"]
    )
    monkeypatch.setitem(update._PROBABILITY, "metropolis", thresholds.plain)
    assert main(["verify", str(path), "--backends", "reference", "--quiet"]) == 1
    assert "FAILED: " in capsys.readouterr().out
    assert main(["verify", str(path), "--backends", "cuda"]) == 2


def test_thresholds_of_the_text_are_those_of_the_program() -> None:
    """The exact sum decides: 0.1 + 0.2 - 0.3 of three couplings is not zero, and its sign is that
    of the exact sum.
    """
    terms = "- 0.1*sum(i) s[i] - 0.2*sum(i) s[i] + 0.3*sum(i) s[i] - K*sum(<i,j>) s[i]*s[j]"
    assert Fraction(0.1) + Fraction(0.2) - Fraction(0.3) != 0
    assert rgc.verify(spec("square(5)", terms), backends=[]).passed
