"""The certificate of a spec that trains: what passes, and what is wrong and caught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.flows.machines import annealing, layer_training
from rgc.flows.machines.exact_training import ExactTraining
from rgc.flows.machines.machine import Machine
from rgc.model_to_program import gradient_writer, stack_to_sampling, stack_to_training
from rgc.model_to_program.training_update import Training, Update
from rgc.program import units as law
from rgc.program.dense import Affine, Change, Dense, Energy, Put, Read, Scale, Unit
from rgc.progress import Silent
from rgc.schemes.checks import TRAINING
from rgc.verification.checks import run
from rgc.verification.subject import Subject, make_subject
from rgc_reference import ReferenceBackend
from rgc_reference.dense import DenseKernel

SPEC = """
parameters {{ K = 0.4 }}
lattice square(4, 3)
spins s: {spins}
hamiltonian - K * sum(<i,j>) s[i]*s[j]
data samples(110)
stack {{ {layers} }}
flow train()
"""

PERSISTENT = "rbm(6, spins=ising, train=pcd(chains=30, epochs=20, batch=30, rate=0.1, l1=1e-3))"
DIVERGENCE = "rbm(3, spins=binary, train=cd(k=2, epochs=20, batch=50, rate=0.1, momentum=0.5))"

Wrong = Callable[[Any], Any]


def subject_of(layers: str, *others: Any, spins: str = "ising") -> Subject:
    return make_subject(rgc.load(SPEC.format(layers=layers, spins=spins)), others, 0)


def findings(subject: Subject, *names: str) -> list[Any]:
    checks = [check for check in TRAINING if check.name in names]
    assert len(checks) == len(names)
    return list(run(checks, subject, Silent()))


def failed(found: list[Any]) -> str:
    return "\n".join(each.detail for each in found if each.verdict == "failed")


class Faulty(ReferenceBackend):
    """The reference backend with one kind of node of dense programs changed."""

    name = "faulty"

    def __init__(self, kind: type, wrong: Wrong) -> None:
        super().__init__()
        self.kind, self.wrong = kind, wrong

    def compile(self, program: Any, *, constant: Any = None) -> Any:
        if isinstance(program, Dense):
            nodes = tuple(
                self.wrong(node) if type(node) is self.kind else node for node in program.nodes
            )
            return DenseKernel(replace(program, nodes=nodes))
        return super().compile(program, constant=constant)


def test_updates_of_two_layers_are_the_same_bits() -> None:
    found = findings(subject_of(f"{PERSISTENT}\n  {DIVERGENCE}", "numba"), "bit identity")
    assert [each.verdict for each in found] == ["passed"] * 4, failed(found)
    assert found[0].figures["updates"] == 32


def test_free_energies_behind_the_flow_change_nothing() -> None:
    text = SPEC.format(layers=DIVERGENCE, spins="ising") + "measure { f = free_energy(mean_field) }"
    found = findings(make_subject(rgc.load(text), [], 0), "bit identity")
    assert [each.verdict for each in found] == ["passed"]


def test_where_backends_part_is_told_by_node_and_place() -> None:
    wrong = Faulty(Unit, lambda node: replace(node, draw=node.draw and node.draw - 1))
    found = findings(subject_of(DIVERGENCE, wrong), "bit identity")
    assert found[0].verdict == "failed"
    assert "update 1, node 4 of" in found[0].detail
    assert "(Unit, states), unit 0, chain " in found[0].detail


@pytest.mark.parametrize(
    ("kind", "wrong", "place"),
    [
        (Affine, lambda node: replace(node, bias=None), "(Affine, fields)"),
        (Change, lambda node: replace(node, shift=node.shift - 1), "(Change, counts), entry"),
        (Change, lambda node: replace(node, terms=node.terms[::-1][:1]), "(Change, counts), entry"),
    ],
)
def test_a_wrong_node_of_one_backend_is_found(kind: type, wrong: Wrong, place: str) -> None:
    found = findings(subject_of(PERSISTENT, Faulty(kind, wrong)), "bit identity")
    assert "update 1" in failed(found)
    assert place in failed(found)


def test_passes_and_annealing_are_the_same_bits() -> None:
    found = findings(subject_of(DIVERGENCE, "numba"), "passes")
    assert [each.verdict for each in found] == ["passed"], failed(found)


@pytest.mark.parametrize(
    ("kind", "wrong", "place"),
    [
        (
            Unit,
            lambda node: replace(node, draw=node.draw and node.draw - 1),
            "rows that are made again, entry",
        ),
        (Energy, lambda node: replace(node, traced=()), "the weights of annealed chains, entry"),
    ],
)
def test_a_wrong_node_of_a_pass_is_found(kind: type, wrong: Wrong, place: str) -> None:
    found = findings(subject_of(DIVERGENCE, Faulty(kind, wrong)), "passes")
    assert place in failed(found)


# -- what machines are, and what an update does ----------------------------------------------------

KINDS = {
    "centred": ("ising", DIVERGENCE),
    "persistent": ("ising(symmetric)", PERSISTENT),
    "means": ("binary", "rbm(4, spins=potts(3), train=cd(batch=50, rate=0.1, gradient=means))"),
    "tempering": (
        "binary",
        "rbm(4, spins=ising, train=tempering(chains=60, betas=[0, 0.5, 1], batch=50, rate=0.1, "
        "dropout=0))",
    ),
    "real": (
        "binary",
        "rbm(2, spins=gaussian, train=pcd(chains=30, batch=50, rate=0.1))\n"
        "  rbm(3, train=cd(batch=50, rate=0.1, gradient=means))",
    ),
    "fractional": (
        "ising",
        "rbm(4, train=exact(epochs=2), upward=means)\n"
        "  rbm(3, train=cd(k=2, batch=50, rate=0.1, gradient=means))",
    ),
    "exact": ("ising", "rbm(4, spins=binary, train=exact(epochs=5, rate=0.1))"),
}
EVERY = (
    "energies",
    "couplings",
    "chances",
    "balance",
    "gradient",
    "persistent chains",
    "annealing",
)


@pytest.mark.parametrize("name", KINDS)
def test_small_machines_of_every_kind_are_certified(name: str) -> None:
    spins, layers = KINDS[name]
    found = findings(subject_of(layers, spins=spins), *EVERY)
    assert not failed(found)
    elsewhere = {"couplings", "persistent chains", *(["balance"] if name == "real" else [])}
    passed = {each.check for each in found if each.verdict == "passed"}
    assert passed >= set(EVERY) - elsewhere
    if name in ("persistent", "tempering"):
        assert "persistent chains" in {each.check for each in found}


RULES = {
    "nesterov": "pcd(chains=30, momentum=[0.3, 0.9], nesterov=true, l1=1e-2, l2=0.1, max_norm=1)",
    "sparsity": "cd(momentum=0.5, sparsity=0.2, sparsity_cost=0.5)",
    "dropout": "cd(gradient=means, sparsity=0.2, dropout=0.4, l1=1e-2)",
    "exact": "exact(momentum=0.5, nesterov=true, l1=1e-2, l2=0.1, max_norm=1, sparsity=0.2)",
}


@pytest.mark.parametrize("name", RULES)
def test_what_an_update_does_with_its_gradient_is_certified(name: str) -> None:
    (found,) = findings(subject_of(f"rbm(6, train={RULES[name]})"), "update rules")
    assert found.verdict == "passed", found.detail


@pytest.mark.parametrize("option", ["l1", "l2", "max_norm"])
def test_another_strength_than_that_of_the_text_is_caught(
    option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The programs are made for a trainer that is 1 % stronger in one option."""
    original = layer_training.stack_to_training

    def stronger(update: Update) -> Training:
        value = getattr(update.trainer, option)
        changed = replace(update.trainer, **{option: value and 1.01 * value})
        return original(replace(update, trainer=changed))

    monkeypatch.setattr(layer_training, "stack_to_training", stronger)
    (found,) = findings(subject_of(f"rbm(6, train={RULES['nesterov']})"), "update rules")
    assert found.verdict == "failed"
    assert "weights" in found.detail


def test_a_bias_of_the_wrong_sign_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Machine.hidden_fields
    monkeypatch.setattr(
        Machine, "hidden_fields", lambda self, v: right(self, v) - 2 * self.hidden_bias
    )
    found = findings(subject_of(DIVERGENCE), "energies")
    assert [each.verdict for each in found] == ["failed", "failed", "failed", "passed"]


def test_a_coupling_of_the_wrong_sign_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    from rgc.flows.machines import couplings

    right = couplings._Nodes.amplitudes
    monkeypatch.setattr(
        couplings._Nodes, "amplitudes", lambda self, bodies: right(self, bodies) * (-1) ** bodies
    )
    assert failed(findings(subject_of(DIVERGENCE), "couplings"))


def test_a_decision_that_is_a_little_off_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Units that take the unlikelier state with exp(-|x|), and not with 1 / (1 + exp|x|)."""
    monkeypatch.setattr(
        law, "binary", lambda x, uniform: (x > 0) ^ (uniform < law.exp2neg(np.abs(x)))
    )
    subject = subject_of(DIVERGENCE)
    assert "beyond the bound" in failed(findings(subject, "chances"))
    assert "beyond the bound" in failed(findings(subject, "balance"))


def test_a_constant_that_is_a_little_off_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(law, "EXP", (*law.EXP[:2], law.EXP[2] + 64, *law.EXP[3:]))
    assert "beyond the bound" in failed(findings(subject_of(DIVERGENCE), "chances"))


def _phases_exchanged(writing: Any, data: Any, model: Any, right: Any) -> None:
    right(writing, model, data)


def _last_draw_of_data(writing: Any, data: Any, model: Any, right: Any) -> None:
    right(writing, data, replace(model, y=data.y))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("centred", _phases_exchanged),
        ("persistent", _phases_exchanged),
        ("centred", _last_draw_of_data),
    ],
)
def test_a_wrong_phase_of_the_gradient_is_caught(
    name: str, wrong: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = gradient_writer.GradientWriter.write
    monkeypatch.setattr(
        gradient_writer.GradientWriter,
        "write",
        lambda self, data, model: wrong(self, data, model, right),
    )
    spins, layers = KINDS[name]
    assert "errors from it" in failed(findings(subject_of(layers, spins=spins), "gradient"))


def test_a_gradient_that_forgets_the_centres_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The visible biases do not follow the weights."""
    monkeypatch.setattr(
        gradient_writer.GradientWriter,
        "_visible_bias",
        lambda self, data, model, step, centre: None,
    )
    assert "visible[" in failed(findings(subject_of(DIVERGENCE), "gradient"))


def test_an_exact_gradient_with_a_term_too_many_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spins, layers = KINDS["exact"]
    monkeypatch.setattr(ExactTraining, "_sparse", lambda self, activity: activity)
    found = findings(subject_of(layers, spins=spins), "gradient")
    assert "beyond the bound" in failed(found)


def test_a_wrong_constant_of_annealing_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annealing, "_log_z0", lambda layer, base: 0.0)
    assert "ln Z is" in failed(findings(subject_of(DIVERGENCE), "annealing"))


def _temperature_ignored(program: Dense, node: Any) -> Any:
    """Units see their fields at the inverse temperature 1."""
    fields = program.nodes[node.x] if isinstance(node, Unit) else None
    return replace(node, x=fields.x) if isinstance(fields, Scale) else node


def _product_lost(program: Dense, node: Any) -> Any:
    """Chains change places by an energy without the visible biases."""
    return replace(node, products=node.products[:-1]) if isinstance(node, Energy) else node


def _bias_lost(program: Dense, node: Any) -> Any:
    turned = isinstance(node, Affine) and node.turned
    return replace(node, bias=None) if turned else node


def _put_as_they_were(program: Dense, node: Any) -> Any:
    first = next(k for k, each in enumerate(program.nodes) if isinstance(each, Read))
    return replace(node, x=first) if isinstance(node, Put) else node


@pytest.mark.parametrize(
    "wrong", [_temperature_ignored, _product_lost, _bias_lost, _put_as_they_were]
)
def test_chains_that_leave_their_machine_are_caught(
    wrong: Callable[[Dense, Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = stack_to_training.stack_to_training

    def lowered(update: Any) -> Any:
        made = right(update)
        nodes = tuple(wrong(made.program, node) for node in made.program.nodes)
        return replace(made, program=replace(made.program, nodes=nodes))

    monkeypatch.setattr("rgc.flows.machines.layer_training.stack_to_training", lowered)
    spins, layers = KINDS["tempering"]
    found = findings(subject_of(layers, spins=spins), "persistent chains")
    assert ("no chain has moved" if wrong is _put_as_they_were else "errors off") in failed(found)


def test_annealing_from_other_biases_than_it_is_told_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = stack_to_sampling.annealing

    def without_base(layer: Any, chains: int) -> Dense:
        made = right(layer, chains)
        nodes = (replace(n, base=None) if isinstance(n, Scale) else n for n in made.nodes)
        return replace(made, nodes=tuple(nodes))

    monkeypatch.setattr("rgc.flows.machines.annealing.annealing", without_base)
    assert "ln Z is" in failed(findings(subject_of(DIVERGENCE), "annealing"))
