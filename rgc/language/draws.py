"""The distributions of couplings that are drawn: what may stand behind `~`."""

from __future__ import annotations

from rgc.language.signatures import Field, Signature, table


def _number(name: str, doc: str, least: float | None = None, most: float | None = None) -> Field:
    return Field(name, "number", doc, required=True, least=least, most=most)


DRAWS = table(
    (
        Signature(
            "normal",
            "a Gaussian",
            (_number("mean", "the mean"), _number("sd", "the standard deviation", least=0)),
            ("mean", "sd"),
            example="normal(0, 1)",
        ),
        Signature(
            "bimodal",
            "J with probability p, else -J",
            (_number("J", "the value"), _number("p", "the probability", least=0, most=1)),
            ("J", "p"),
            example="bimodal(1, p=0.5)",
        ),
        Signature(
            "diluted",
            "J with probability p, else 0",
            (_number("J", "the value"), _number("p", "the probability", least=0, most=1)),
            ("J", "p"),
            example="diluted(1, p=0.8)",
        ),
        Signature(
            "uniform",
            "any number between a and b",
            (_number("a", "one end"), _number("b", "the other end")),
            ("a", "b"),
            example="uniform(-1, 1)",
        ),
    )
)
