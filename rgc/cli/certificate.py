"""A certificate for people, with two lines for each finding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import fill
from typing import TYPE_CHECKING, Any

from rgc.cli.columns import WIDTH, aligned, marks
from rgc.errors import escape

if TYPE_CHECKING:
    from rgc.verification.certificate import Certificate, Finding


NOTABLE = 0.1  # in seconds: a finding that took longer says so


def render_certificate(certificate: Certificate) -> str:
    """What was verified, every finding under its part, and the total."""
    from rgc.verification.certificate import PARTS

    blocks = [_head(certificate)]
    for part, title in PARTS.items():
        findings = [finding for finding in certificate.findings if finding.part == part]
        if findings:
            blocks.append(
                "\n".join(
                    [
                        f"{part}. {title}",
                        *(line for finding in findings for line in _finding(finding)),
                    ]
                )
            )
    return "\n\n".join([*blocks, _sum(certificate)])


def _head(certificate: Certificate) -> str:
    values, stand_ins = certificate.parameters, certificate.stand_ins
    scanned = {name: value for name, value in values.items() if name not in stand_ins}
    point = ", ".join(f"{name}={value:g}" for name, value in scanned.items())
    first = f"first of {certificate.points} points: {point}; " if certificate.points > 1 else ""
    place = f" on {certificate.lattice}" if certificate.lattice else ""
    lines = [
        escape(certificate.title),
        f"{certificate.scheme}{place}, {first}seed {certificate.seed}",
        f"backends: {', '.join(certificate.backends)}",
        *(
            f"at {name}={values[name]:g}, not at what {escape(path)} answers, which is not run"
            for name, path in stand_ins.items()
        ),
        *(
            f"not here: {escape(name)}, {escape(reason)}"
            for name, reason in certificate.missing.items()
        ),
    ]
    if certificate.instances:
        rows = ((name, escape(what)) for name, what in certificate.instances.items())
        lines += ["small instances of the same text:", aligned(rows)]
    return "\n".join(lines)


def _finding(finding: Finding) -> Iterator[str]:
    good, bad = marks()
    mark = {"passed": good, "failed": bad, "not checked": "-"}[finding.verdict]
    yield f"  {mark} {finding.level}  {escape(finding.claim)}"
    said = ": ".join(text for text in (finding.where, _figures(finding.figures)) if text)
    took = f" ({finding.seconds:.1f} s)" if finding.seconds >= NOTABLE else ""
    if said:
        yield fill(said + took, WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 8)
    if finding.detail:
        label = "not checked: " if finding.verdict == "not checked" else "wrong: "
        yield fill(
            label + escape(finding.detail),
            WIDTH,
            initial_indent=" " * 8,
            subsequent_indent=" " * 10,
        )


def _figures(figures: Mapping[str, Any]) -> str:
    shown = (
        (name.replace("_", " "), value) for name, value in figures.items() if value is not None
    )
    return ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in shown
    )


def _sum(certificate: Certificate) -> str:
    counts = {
        verdict: certificate.count(verdict) for verdict in ("failed", "passed", "not checked")
    }
    said = ", ".join(
        f"{number} {verdict}"
        for verdict, number in counts.items()
        if number and verdict != "not checked"
    )
    verdict = "PASSED" if certificate.passed else "FAILED"
    if counts["not checked"]:
        verdict += f", {counts['not checked']} not checked"
    return f"{verdict}: {said or 'nothing passed'}, in {certificate.seconds:.0f} s"
