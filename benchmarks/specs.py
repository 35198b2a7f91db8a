"""Run every spec and write the table published | recomputed | ours of `specs/README.md`.

    python benchmarks/specs.py [--backends numba,jax] [SPEC ...]

Without names it runs every spec. What it finds goes into `specs/results.json`, from which the table
is made, so that a single spec can be run anew. A spec that samples gives the same bits on each of
the `--backends`, so that one is enough. With `--table` nothing is run and only the table is
written.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from time import monotonic
from typing import Any

import rgc
from rgc.results.numbers import with_error
from rgc.version import __version__

FOLDER = Path(__file__).parents[1] / "specs"
RESULTS, TABLE, PUBLISHED = FOLDER / "results.json", FOLDER / "README.md", FOLDER / "published.json"

ALL_DIGITS = 1e-12
"""Relative errors below this are not shown."""

HEAD = """# The spec library

Every spec here says in `expect` what it must reproduce, and from where.
`rgc run specs/NAME --strict` runs one, `pytest specs/ --slow=all` runs all of them,
and `--rgc-backends numba,jax` runs them on both backends.

*Published* is what the literature prints.
*Recomputed* is the same number from an independent calculation to all its digits (the names in
`published.json`), or the exact value where the source gives one.
*Ours* is what this program found, with its error in parentheses where it has one,
and *within* says how close it has to come.
The last column is the largest difference of ours between the backends that ran.
`python benchmarks/specs.py` writes the table.
"""

TITLES = {
    "sample": "Monte Carlo",
    "mcrg": "Monte Carlo renormalisation group",
    "variational_mcrg": "Variational Monte Carlo renormalisation group",
    "exact": "Decimation",
    "migdal_kadanoff": "Migdal and Kadanoff: moved bonds",
    "cumulant": "Niemeijer and van Leeuwen: cumulants",
    "lower_bound": "Kadanoff: the variational lower bound",
    "enumerate": "All states of a cluster",
    "trg": "Tensor renormalisation by singular values",
    "hotrg": "Tensor renormalisation by higher-order singular values",
    "iterate": "Maps that a spec writes",
    "fit": "Fits",
    "train": "Stacks that are trained",
    "measure": "Free energies",
    "study": "Studies",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("specs", nargs="*", help="file names in specs/ (default: all)")
    parser.add_argument("--backends", default="numba,jax")
    parser.add_argument("--table", action="store_true", help="run nothing, write the table")
    given = parser.parse_args()
    names = [Path(name).name for name in given.specs] or [
        path.name for path in sorted(FOLDER.glob("*.rgc"))
    ]
    failed = (
        []
        if given.table
        else [name for name in names if not record(name, given.backends.split(","))]
    )
    TABLE.write_text(table(results()), encoding="utf-8")
    for name in failed:
        print(f"{name}: not as expected", file=sys.stderr)
    return bool(failed)


def results() -> dict[str, Any]:
    """What was found, by file name."""
    stored: dict[str, Any] = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    return stored


def record(name: str, backends: Sequence[str]) -> bool:
    """Run a spec on each backend and keep the results.

    Returns whether every expectation passed.
    """
    loaded, values, passed = rgc.load(FOLDER / name), {}, True
    for backend in backends:
        began = monotonic()
        answer = rgc.compile(loaded, backend=backend).run()
        values[backend] = [
            [check.word, None]
            if check.word
            else None
            if check.found is None
            else [check.found.value, check.found.error]
            for check in answer.checks
        ]
        passed = passed and answer.passed
        print(
            f"{name} {backend}: {'ok' if answer.passed else 'FAILED'}, {monotonic() - began:.1f} s",
            flush=True,
        )
    checks = [
        {
            "name": check.expectation.target,
            "relation": check.expectation.relation,
            "expected": check.expectation.word or check.expectation.value,
            "within": check.within,
            "source": check.expectation.source,
        }
        for check in answer.checks
    ]
    kept = results()
    kept[name] = {"sha256": loaded.sha256, "rgc": __version__, "checks": checks, "found": values}
    RESULTS.write_text(_json(dict(sorted(kept.items()))), encoding="utf-8")
    return passed


def _json(kept: Mapping[str, Mapping[str, Any]]) -> str:
    """One line for each check and each list of values."""
    parts = []
    for name, entry in kept.items():
        checks = ",\n   ".join(json.dumps(check) for check in entry["checks"])
        values_text = ",\n   ".join(
            f"{json.dumps(backend)}: {json.dumps(values)}"
            for backend, values in entry["found"].items()
        )
        head = f'"sha256": {json.dumps(entry["sha256"])}, "rgc": {json.dumps(entry["rgc"])}'
        parts.append(
            f' {json.dumps(name)}: {{\n  {head},\n  "checks": [\n   {checks}\n  ],\n  "found": '
            f"{{\n   {values_text}\n  }}\n }}"
        )
    return "{\n" + ",\n".join(parts) + "\n}\n"


# -- the table -------------------------------------------------------------------------------------


def table(stored: Mapping[str, Any]) -> str:
    """The README of the specs."""
    schemes: dict[str, list[str]] = {}
    for name in stored:
        spec = rgc.load(FOLDER / name).spec
        alone = "study" if spec.runs else "measure"
        schemes.setdefault(spec.flow.scheme if spec.flow else alone, []).append(name)
    published = json.loads(PUBLISHED.read_text("utf-8"))
    order = sorted(schemes, key=list(TITLES).index)
    parts = [HEAD, *_index({TITLES[scheme]: schemes[scheme] for scheme in order})]
    for scheme in order:
        parts.append(f"\n## {TITLES[scheme]}\n")
        for name in schemes[scheme]:
            parts += ["", *_rows(name, stored[name], published), ""]
    return "\n".join(parts).replace("\n\n\n", "\n\n").rstrip() + "\n"


def _index(names: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """A row for each section, which names its specs."""
    yield "| section | specs |"
    yield "| --- | --- |"
    for title, own in names.items():
        anchor = re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        links = " ".join(f"[{name.removesuffix('.rgc')}]({name})" for name in own)
        yield f"| [{title}](#{anchor}) | {links} |"
    yield ""


def _rows(
    name: str, entry: Mapping[str, Any], published: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    backends, checks = list(entry["found"]), entry["checks"]
    yield f"[`{name}`]({name}): {rgc.load(FOLDER / name).title}."
    yield f"On {' and '.join(backends)}."
    said = [text for check in checks for text in _said(check["source"], published)]
    for text in dict.fromkeys(said):
        yield f"Published: {text}."
    yield ""
    yield "| | published | recomputed | ours | within | between backends |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for number, check in enumerate(checks):
        values = [entry["found"][backend][number] for backend in backends]
        ours, error = values[0] or (None, None)
        shown = ours if isinstance(ours, str) else _shown(ours, error)
        sign = "" if check["relation"] == "=" else f"{check['relation']} "
        within = "" if check["within"] is None else f"{check['within']:.2g}"
        cells = (
            f"`{check['name']}`".replace("|", "\\|"),
            _value(check, published),
            f"{sign}{_expected(check['expected'])}",
            shown,
            within,
            _spread(values),
        )
        yield f"| {' | '.join(cells)} |"


def _expected(value: float | str) -> str:
    """A number to all its digits, or the verdict on a claim."""
    return value if isinstance(value, str) else f"{value:.15g}"


def _shown(value: float | None, error: float | None) -> str:
    """All digits of what is known to them."""
    known = (
        value is not None
        and error is not None
        and isfinite(value)
        and error <= ALL_DIGITS * abs(value)
    )
    return f"{value:.15g}" if known else with_error(value, error)


def _said(source: str | None, published: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What was published of the values behind `recomputed:`, and where."""
    for word in references(source, published):
        text, where = published[word]["published"], published[word]["source"]
        if text or where:
            yield f"{text} ({where})" if text and where else text or where


def _value(check: Mapping[str, Any], published: Mapping[str, Mapping[str, Any]]) -> str:
    """The number that was published of this one, or who published the exact one."""
    source = check["source"] or ""
    if not source.startswith("recomputed:"):
        return str(source)
    values = [
        published[word].get("values", {}).get(check["name"])
        for word in references(source, published)
    ]
    return next((str(value) for value in values if value is not None), "")


def references(source: str | None, published: Mapping[str, Any]) -> list[str]:
    """The names of recomputed values behind `recomputed:` in a source."""
    if source is None or not source.startswith("recomputed:"):
        return []
    words = re.findall(r"[\w.+-]+", source.removeprefix("recomputed:"))
    return [word for word in words if word in published]


def _spread(values: Sequence[Sequence[float] | None]) -> str:
    found = [value[0] for value in values if value is not None]
    numbers = [each for each in found if isinstance(each, int | float)]
    if len(numbers) < 2:
        return ""
    spread = max(numbers) - min(numbers)
    return f"{spread:.1g}" if spread else "0"


if __name__ == "__main__":
    sys.exit(main())
