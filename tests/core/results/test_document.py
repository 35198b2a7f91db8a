"""The JSON contract: keys, gaps, and the schema of the document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rgc.results import document_schema
from tests.core.json_schema import valid
from tests.core.results.answers import (
    answer,
    band_answer,
    scan_answer,
)

NUMBER = {"value", "error", "kind"}


def test_the_json_contract() -> None:
    document = answer().document()
    json.dumps(document, allow_nan=False)
    assert {
        "rgc",
        "spec",
        "backend",
        "seed",
        "scheme",
        "exponents",
        "fixed_point",
        "levels",
        "eigenvalues",
    } <= set(document)
    assert {"free_energy", "observables", "checks", "warnings", "provenance"} <= set(document)
    assert document["spec"] == {"title": "a <title>", "sha256": "0" * 64}
    assert (document["backend"], document["seed"], document["scheme"]) == ("numba", 7, "mcrg")
    assert document["exponents"]["y_t"] == {
        "value": 1.001,
        "error": 0.005,
        "statistical": 0.003,
        "systematic": 0.004,
        "kind": "estimate",
        "rule": "last unwrapped level, full basis",
    }
    assert document["levels"][0]["couplings"] == {"K": {"value": 0.44, "error": 0, "kind": "exact"}}
    assert document["levels"][0] | {"observables": 0, "couplings": 0} == {
        "level": 0,
        "shape": [64, 64],
        "couplings": 0,
        "observables": 0,
    }
    keys = {"value", "imag", "error", "exponent", "sector", "level", "operators", "kind"}
    assert all(keys <= set(each) for each in document["eigenvalues"])
    assert document["free_energy"][0] == {
        "method": "enumerate",
        "value": -0.93,
        "per": "site",
        "error": 0,
        "kind": "exact",
    }
    assert set(document["observables"]["energy"]) == NUMBER
    assert {
        "name": "y_t",
        "expected": 1,
        "within": 0.01,
        "source": "Onsager 1944",
        "passed": True,
    }.items() <= document["checks"][0].items()


def test_documents_obey_the_schema_of_their_format() -> None:
    """`python -m rgc.results.document_schema > grammar/result.json` writes it again."""
    committed = (Path(__file__).parents[3] / "grammar/result.json").read_text("utf-8")
    assert committed == document_schema.dump()
    rules = json.loads(committed)
    for made in (answer(), scan_answer(), band_answer()):
        document = made.document()
        assert valid(document, rules)
        assert not valid({**document, "format": 0}, rules)
        assert not valid({**document, "other": 0}, rules)
        assert not valid({key: each for key, each in document.items() if key != "seed"}, rules)


def test_what_is_not_finite_or_not_known_is_null() -> None:
    document = answer().document()
    assert document["observables"]["odd one"] == {"value": None, "error": None, "kind": "estimate"}
    assert document["exponents"]["y_h"]["error"] is None
    failed = document["checks"][1]
    assert (failed["passed"], failed["reason"]) == (
        False,
        "its error is not known: fewer than two unwrapped levels",
    )


def test_a_scan_has_points() -> None:
    document = scan_answer().document()
    assert len(document["points"]) == 15
    assert document["points"][1]["parameters"] == {"K": 0.42, "L": 16.0}
    assert {
        "exponents",
        "observables",
        "levels",
        "eigenvalues",
        "free_energy",
        "fixed_point",
    } <= set(document["points"][0])
    with pytest.raises(ValueError, match="points"):
        _ = scan_answer().exponents
