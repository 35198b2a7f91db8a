"""The table of schemes and what the checks of the run make of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from pkgutil import resolve_name

import pytest

import rgc
from rgc.ast_to_model import build
from rgc.ast_to_model.today import refuse_later
from rgc.errors import SpecError
from rgc.language.signatures import Field
from rgc.language.values import CallValue, OperatorBasis
from rgc.model.spec import Axis, Spec
from rgc.model.target import Tolerance
from rgc.schemes import SCHEMES
from rgc.schemes.scheme import Scheme
from rgc.syntax import ast
from rgc.syntax.parse import parse_entry
from rgc.syntax.print import print_text
from rgc.syntax.read import make_source, read, read_text

LANGUAGE = Path(__file__).parents[2] / "language"
ISING = """parameters {{ K = 0.4, h = 0.1, L = {size} }}
lattice {lattice}
spins s: ising
hamiltonian
  {sign} K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]
{rest}
"""


def spec_of(rest: str, *, lattice: str = "square(L)", size: int = 32, sign: str = "-") -> Spec:
    text = ISING.format(rest=rest, lattice=lattice, size=size, sign=sign)
    return build(read_text(text))[0]


def options_of(rest: str, **how: object) -> dict[str, object]:
    flow = spec_of(rest, **how).flow  # type: ignore[arg-type]
    assert flow is not None
    return dict(flow.options)


def codes_of(rest: str, **how: object) -> set[str]:
    with pytest.raises(SpecError) as caught:
        spec_of(rest, **how)  # type: ignore[arg-type]
    return {problem.code for problem in caught.value.problems}


# -- the table -------------------------------------------------------------------------------------


def obeys(field: Field, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return not field.choices or value in field.choices
    if field.choices:
        return value in field.choices
    high = field.most is None or value <= field.most
    low = (field.least is None or value >= field.least) and (
        field.above is None or value > field.above
    )
    whole = field.kind != "integer" or value % field.multiple == 0
    return high and low and whole


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_a_scheme_is_whole(scheme: object) -> None:
    row = SCHEMES[scheme.name]  # type: ignore[attr-defined]
    names = [field.name for field in row.fields]
    assert len(names) == len(set(names))
    assert set(row.positional) <= set(names)
    assert {*row.needs, *row.uses} <= set(ast.SECTIONS)
    assert not set(row.needs) & set(row.uses)
    assert all(obeys(field, field.default) for field in row.fields if field.default is not None)
    assert all(field.doc and not field.doc.endswith(".") for field in row.fields)
    assert ("block" in row.sections) == bool(row.rules)
    assert (not row.lattice.name) == ("lattice" not in row.sections)


def test_the_schemes_of_the_language_are_there() -> None:
    told = (
        "sample mcrg variational_mcrg enumerate exact migdal_kadanoff cumulant lower_bound trg "
        "hotrg"
    )
    assert set(SCHEMES) == {*told.split(), "train", "recall", "iterate", "fit", "drive"}


@pytest.mark.parametrize("path", sorted(LANGUAGE.glob("*.[ry]*")), ids=lambda path: path.name)
def test_the_language_tests_check_without_a_warning(path: Path) -> None:
    spec, warnings = build(read(path), folder=path.parent)
    assert [problem.code for problem in warnings if problem.code != "unused-parameter"] in (
        [],
        ["unused-section"],
    )
    assert spec.flow is None or spec.flow.scheme in SCHEMES


# -- options ---------------------------------------------------------------------------------------


def test_defaults_are_those_of_the_language() -> None:
    assert options_of("flow sample") == {
        "sweeps": 20000,
        "thermalise": 4000,
        "every": 10,
        "replicas": 256,
        "update": "local",
        "seed": 0,
        "generator": "splitmix",
        "planes": 32,
    }


def test_thermalise_follows_sweeps_unless_written() -> None:
    assert options_of("flow sample(sweeps=1000)")["thermalise"] == 200
    assert options_of("flow sample(sweeps=1000, thermalise=0)")["thermalise"] == 0


@pytest.mark.parametrize(
    ("size", "b", "steps"), [(64, 2, 4), (32, 2, 3), (27, 3, 1), (16, 4, 1), (24, 2, 2), (6, 2, 1)]
)
def test_steps_go_on_until_size_four(size: int, b: int, steps: int) -> None:
    found = options_of(f"block majority({b})\nflow mcrg()", size=size)
    assert found["steps"] == steps
    assert found["basis"] == OperatorBasis(2, 4)


def test_blocks_of_a_list_are_taken_in_turn() -> None:
    assert options_of("block [majority(2), majority(3)]\nflow mcrg()", size=36)["steps"] == 2
    assert codes_of("block [majority(2), majority(3)]\nflow mcrg(steps=4)", size=36) == {
        "too-many-steps"
    }
    assert options_of("block [majority(2), majority(3)]\nflow mcrg(steps=3)", size=36)["steps"] == 3


def test_options_are_expressions_in_the_parameters() -> None:
    found = options_of("flow sample(sweeps=100*L, seed=18_446_744_073_709_551_615)")
    assert found["sweeps"] == 3200
    assert found["seed"] == 2**64 - 1
    assert codes_of("flow sample(seed=18446744073709551616)") == {"out-of-range"}


def test_calls_as_options() -> None:
    found = options_of("flow sample(update=tempering(K=0.3:0.5:3))")
    assert found["update"] == CallValue("tempering", (), (("K", (0.3, 0.4, 0.5)),))
    assert options_of("flow sample(update=wolff())")["update"] == "wolff"
    rest = "block majority(2)\nflow mcrg(basis=operators(range=3))"
    assert options_of(rest)["basis"] == OperatorBasis(3, 4)


@pytest.mark.parametrize("name", SCHEMES)
def test_every_scheme_refuses_what_it_does_not_know(name: str) -> None:
    assert "unknown-option" in codes_of(f"flow {name}(nonsense=1)")


def test_the_sections_that_a_scheme_needs() -> None:
    assert codes_of("flow mcrg()") == {"missing-section"}
    assert codes_of("flow train()") == {"missing-section"}
    assert codes_of("flow iterate()") == {"missing-section"}


# -- updates and costs -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lattice", "sign", "fits"),
    [
        ("square(8)", "-", True),
        ("square(7)", "-", True),
        ("triangular(9)", "-", True),
        ("honeycomb(8)", "-", True),
        ("square(8, boundary=antiperiodic)", "-", False),
        ("square(8)", "+", False),  # a uniform field frustrates an antiferromagnet
    ],
)
def test_clusters_suit_what_is_not_frustrated(lattice: str, sign: str, fits: bool) -> None:
    if fits:
        assert (
            options_of("flow sample(update=wolff)", lattice=lattice, sign=sign)["update"] == "wolff"
        )
    else:
        assert codes_of("flow sample(update=wolff)", lattice=lattice, sign=sign) == {"wrong-update"}


@pytest.mark.parametrize(
    ("lattice", "fits"),
    [
        ("square(8)", True),
        ("square(7)", False),
        ("square(7, boundary=open)", True),
        ("honeycomb(7)", True),
        ("triangular(9)", False),
    ],
)
def test_an_antiferromagnet_without_a_field_fits_a_bipartite_lattice(
    lattice: str, fits: bool
) -> None:
    text = (
        f"lattice {lattice}\nspins s: ising\nhamiltonian 0.4 * sum(<i,j>) s[i]*s[j]\nflow "
        "sample(update=wolff)\n"
    )
    if fits:
        build(read_text(text))
    else:
        with pytest.raises(SpecError, match="frustrated"):
            build(read_text(text))


@pytest.mark.parametrize(("spins", "most"), [("ising", 28), ("potts(4)", 14), ("spin(1)", 17)])
def test_the_budget_of_states_counts_states(spins: str, most: int) -> None:
    """4 GiB at 16 bytes a state hold 2^28 states."""
    text = (
        "lattice chain({n})\nspins s: {spins}\nhamiltonian sum(i) delta(s[i], 0)\nflow "
        "enumerate({options})\n"
    )
    build(read_text(text.format(n=most, spins=spins, options="")))
    with pytest.raises(SpecError, match=f"up to {most} sites fit"):
        build(read_text(text.format(n=most + 1, spins=spins, options="")))
    build(read_text(text.format(n=most + 1, spins=spins, options="memory=16")))


# -- scan, measure, expect -------------------------------------------------------------------------


def test_a_scan_has_its_ends() -> None:
    spec = spec_of("flow sample\nscan { K = 0.43:0.45:3, L = [16, 32] }")
    assert spec.scan == (Axis("K", (0.43, 0.44, 0.45)), Axis("L", (16.0, 32.0)))


def test_the_command_line_replaces_entries_of_the_scan() -> None:
    document = read_text(
        ISING.format(
            rest="flow sample\nscan { K = 0.43:0.45:3, L = [16, 32] }",
            lattice="square(L)",
            size=8,
            sign="-",
        )
    )
    given = [parse_entry(make_source("--scan", text)) for text in ("K = [0.5]", "h = [0, 1]")]
    spec, _ = build(document, scan=given)
    assert [(axis.name, axis.values) for axis in spec.scan] == [
        ("K", (0.5,)),
        ("L", (16.0, 32.0)),
        ("h", (0.0, 1.0)),
    ]


def test_measures_by_name_and_by_expression() -> None:
    spec = spec_of(
        """flow sample
scan { K = 0.43:0.45:3, L = [16, 32] }
measure {
  binder, correlation(3)
  m = mean(i) s[i]
  U = 1 - avg(m^4) / (3*avg(m^2)^2)
  staggered = mean(i) (-1)^(coordinate(i,x) + coordinate(i,y)) * s[i]
  faces = sum(f in plaquettes) prod(i in f) s[i]
  bonds = mean(<i,j> along x) s[i]*s[j+(0,1)]
  x = mean(i) s[i]*s[i+x]
  u = avg(energy)/K
  K_c = crossing(U, K)
}"""
    )
    assert [
        (m.name, m.observable.written, m.of_scan) for m in spec.measures[:2] if m.observable
    ] == [
        ("binder", "", None),
        ("correlation(3)", "", None),
    ]
    assert [str(m) for m in spec.measures if m.of_scan] == ["K_c = crossing(U, K)"]


@pytest.mark.parametrize(
    ("measure", "code"),
    [
        ("x1 = mean(i) s[i+z]", "bad-offset"),
        ("x1 = mean(triangle(i,j,k)) s[i]", "unknown-face"),
        ("x1 = mean(i) s[k]", "unbound-index"),
        ("x1 = mean(i) i", "wrong-kind"),
        ("x1 = avg(binder)", "nested-average"),
        ("x1 = sum(i) avg(s[i])", "average-in-sum"),
        ("x1 = m - avg(m)", "mixed-average"),
        ("x1 = x2, x2 = x1", "cyclic-measures"),
        ("x1 = x1", "cyclic-measures"),
        ("K = 2", "duplicate-name"),
        ("avg = 2", "reserved-name"),
        ("x1 = sqrt(1, 2)", "wrong-arity"),
        ("x1 = foo(2)", "unknown-function"),
        ("x1 = [1, 2]", "wrong-kind"),
        ("correlation", "missing-option"),
        ("free_energy(methods=[trg])", "missing-option"),
        ("free_energy(methods=[magic])", "unknown-method"),
        ("x1 = crossing(nothing, K)", "unknown-measure"),
        ("x1 = extremum(m, K)", "not-scanned"),
    ],
)
def test_measures_that_are_refused(measure: str, code: str) -> None:
    assert code in codes_of(f"flow sample\nmeasure {{ {measure} }}")


def test_expectations_are_taken_apart() -> None:
    spec = spec_of(
        """block majority(2)
flow mcrg(steps=2)
expect {
  y_t[level=2, operators=4] = 1 within 0.01 and 3 sigma from "Onsager 1944"
  eigenvalue[2, sector=odd] above 1
  K[level=1] = K within 5 %
}"""
    )
    first, second, third = spec.expectations
    assert first.target == "y_t[level=2, operators=4]"
    assert (first.path, first.selectors) == (("y_t",), (("level", 2), ("operators", 4)))
    assert first.within == (Tolerance(0.01), Tolerance(3, "sigma"))
    assert first.source == "Onsager 1944"
    assert (second.index, second.relation, second.selectors) == (2, "above", (("sector", "odd"),))
    assert (third.value, third.within) == (0.4, (Tolerance(5, "percent"),))


def test_free_energies_are_selected_by_method() -> None:
    spec, _ = build(read(LANGUAGE / "free_energies.rgc"))
    assert [dict(each.selectors) for each in spec.expectations] == [
        {"method": "enumerate"},
        {"method": "ais"},
        {"method": "trg(32)"},
    ]


@pytest.mark.parametrize(
    ("expected", "code"),
    [
        ("y_t = 1", "missing-tolerance"),
        ("y_t = 1 within 0", "out-of-range"),
        ("y_t below 1 within 1", "wrong-tolerance"),
        ("y_t[2] = 1 within 1", "unknown-selector"),
        ("y_t[level=1.5] = 1 within 1", "not-an-integer"),
        ("y_t[K=0.4] = 1 within 1", "unknown-selector"),
        ("y_t[sector=2] = 1 within 1", "wrong-kind"),
        ("eigenvalue[0] = 1 within 1", "out-of-range"),
        ("fixed_point.J = 1 within 1", "unknown-target"),
        ("kl below 1", "unknown-target"),
        ("2*y_t = 1 within 1", "wrong-target"),
        ("y_t = y_h within 1", "unknown-name"),
    ],
)
def test_expectations_that_are_refused(expected: str, code: str) -> None:
    assert codes_of(f"block majority(2)\nflow mcrg(steps=2)\nexpect {{ {expected} }}") == {code}


# -- include ---------------------------------------------------------------------------------------


def test_an_included_spec_is_merged(tmp_path: Path) -> None:
    (tmp_path / "base.rgc").write_text(
        ISING.format(
            rest=(
                "flow sample(seed=1)\nscan { K = [1, 2] }\nmeasure { energy, q = abs(m) "
                "}\nexpect { q = 1 within 1 }"
            ),
            lattice="square(L)",
            size=8,
            sign="-",
        )
    )
    (tmp_path / "top.yaml").write_text(
        "title: top\ninclude: base.rgc\nparameters: {L: 16, extra: 1}\nflow: {sample: {sweeps: "
        "extra*100}}\nscan: {h: [0, 1], K: [3]}\nmeasure: [energy, q: m^2, binder]\n"
    )
    spec, _ = build(read(tmp_path / "top.yaml"), folder=tmp_path)
    assert dict(spec.parameters) == {"K": 0.4, "h": 0.1, "L": 16.0, "extra": 1.0}
    assert [axis.name for axis in spec.scan] == ["K", "h"]
    assert spec.scan[0].values == (3.0,)
    assert [measure.name for measure in spec.measures] == ["energy", "q", "binder"]
    assert spec.title == "top"
    assert spec.expectations == ()
    assert spec.flow is not None
    assert (spec.flow.options["sweeps"], spec.flow.options["seed"]) == (100, 0)
    assert spec.document.section("include") is None


def test_the_mistakes_of_an_included_spec_keep_their_place(tmp_path: Path) -> None:
    (tmp_path / "base.rgc").write_text("lattice square(8)\nspins s: issing\n")
    (tmp_path / "top.rgc").write_text('include "base.rgc"\nflow sample(sweep=1)\n')
    with pytest.raises(SpecError) as caught:
        build(read(tmp_path / "top.rgc"), folder=tmp_path)
    places = {
        problem.code: problem.span.source.name for problem in caught.value.problems if problem.span
    }
    assert places["unknown-alphabet"].endswith("base.rgc")
    assert places["unknown-option"].endswith("top.rgc")


def test_circles_of_includes_are_found(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "c"), ("c", "b")):
        (tmp_path / f"{name}.rgc").write_text(f'include "{other}.rgc"\n')
    with pytest.raises(SpecError, match=r"b\.rgc -> c\.rgc -> b\.rgc"):
        build(read(tmp_path / "a.rgc"), folder=tmp_path)


# -- today -----------------------------------------------------------------------------------------

RUN_TODAY = {
    "any_field",
    "archetypes",
    "compose",
    "custom_kernel",
    "decimation_1d",
    "enumerate_4x4",
    "fit",
    "honeycomb_aniso",
    "kadanoff_d2",
    "kadanoff_d3",
    "mcrg_ashkin_teller",
    "mcrg_baxter_wu",
    "mcrg_potts",
    "mk_weight",
    "nvl",
    "ode",
    "oscillations",
    "percolation",
    "random_bond",
    "rbm_control_shuffle",
    "rbm_mehta_schwab",
    "rbm_small",
    "rge",
    "rings",
    "sampled_kernel",
    "strip",
    "tempering_scan",
    "trg",
}


@pytest.mark.parametrize("path", sorted(LANGUAGE.glob("*.rgc")), ids=lambda path: path.stem)
def test_what_comes_later_is_refused_with_a_reason(path: Path) -> None:
    spec, _ = build(read(path), folder=path.parent)
    if path.stem in RUN_TODAY:
        refuse_later(spec)
    else:
        with pytest.raises(SpecError, match="later"):
            refuse_later(spec)


@pytest.mark.parametrize(
    ("measure", "word"),
    [
        ("log_z", "log_z"),
        ("free_energy(ais)", "ais"),
        ("u = 2*log_z", "log_z"),
    ],
)
def test_measures_that_come_later_are_refused_where_they_stand(measure: str, word: str) -> None:
    spec = spec_of(
        f"flow sample()\nscan {{ L = [8, 16], K = [0.3, 0.4] }}\nmeasure {{ energy, {measure} }}"
    )
    with pytest.raises(SpecError, match="later") as caught:
        refuse_later(spec)
    assert [problem.span.text for problem in caught.value.problems if problem.span] == [word]


def test_a_measure_of_ones_own_may_have_the_name_of_one_that_comes_later() -> None:
    refuse_later(spec_of("flow sample()\nmeasure { log_z = energy }"))


def test_the_measures_that_run_are_those_that_flows_have() -> None:
    from rgc.language.measures import MEASURES
    from rgc.passes.built_in import BUILT_IN

    for name in ("sample", "mcrg"):
        ready = SCHEMES[name].ready
        assert ready is not None
        of_copies = {each for each in BUILT_IN if MEASURES[each].of_copies}
        assert set(BUILT_IN) - (of_copies if name == "mcrg" else set()) == set(ready.measures)


def test_updates_that_run_are_those_that_have_a_lowering() -> None:
    from typing import get_args

    from rgc.language.updates import AUTO, UPDATES
    from rgc.passes.choose_update import Asked

    assert set(UPDATES) - {"tempering", AUTO} == set(get_args(Asked))


@pytest.mark.parametrize(
    "scheme", [each for each in SCHEMES.values() if each.runs], ids=lambda each: each.name
)
def test_what_runs_has_a_maker_and_checks(scheme: Scheme) -> None:
    assert scheme.ready is not None
    assert callable(scheme.maker)
    assert scheme.ready.checks
    assert all(callable(resolve_name(check.find)) for check in scheme.ready.checks)
    assert set(scheme.ready.rules) <= set(scheme.rules)
    assert not scheme.alphabets or set(scheme.ready.alphabets) <= set(scheme.alphabets)
    assert set(scheme.ready.small) <= {field.name for field in scheme.fields}


def test_what_does_not_run_has_no_maker() -> None:
    later = [scheme for scheme in SCHEMES.values() if not scheme.runs]
    assert later
    for scheme in later:
        with pytest.raises(SpecError, match="cannot be run yet"):
            scheme.maker  # noqa: B018


TEMPLATES = {name: scheme.template for name, scheme in SCHEMES.items() if scheme.template}


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_spec_without_some_of_its_sections(name: str) -> None:
    """It checks or it is refused: limits do not ask for what is not there."""
    document = rgc.compiler.parse(TEMPLATES[name])
    needed = [each for each in document.sections if each.name in SCHEMES[name].needs]
    for count in range(1, 1 + len(needed)):
        for left_out in combinations(needed, count):
            kept = tuple(each for each in document.sections if each not in left_out)
            with pytest.raises(SpecError):
                rgc.load(print_text(replace(document, sections=kept)))
