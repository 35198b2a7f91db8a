"""The generator of rgc.program.draws through dieharder, in every order in which a lattice kernel
could notice a flaw.

    python benchmarks/randomness.py --report docs/randomness.md   all orderings, two core hours
    python benchmarks/randomness.py --orderings sites lanes --tests 0 1  a part
    python benchmarks/randomness.py --stream sites | dieharder -a -g 200

Needs the program `dieharder` (a Debian package). p-values of a sound generator are uniform:
dieharder calls one in 100 WEAK (p outside 0.005 to 0.995) and one in 500,000 FAILED.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rgc.program import draws

Words = NDArray[np.uint64]

SITES, PLANES, BLOCK = 4096, 32, 1 << 16
TESTS = (
    0,
    1,
    2,
    3,
    4,
    8,
    9,
    10,
    11,
    12,
    13,
    15,
    16,
    17,
    100,
    101,
    102,
    202,
    205,
    206,
    207,
    208,
    209,
)
ORDERINGS = {
    "words": (
        "the words of a sweep in the order a kernel draws them: plane by plane, site by site, "
        "step by step"
    ),
    "lanes": (
        "one replica alone: its bits over planes and sites of a sweep, then the next replica's"
    ),
    "sites": "one plane over neighbouring sites, then the next plane",
    "steps": "one site and plane over successive steps (keys differ), then the next site",
    "replicas": "one site and plane over neighbouring words of replicas, then the next site",
}


def counters(word: int | Words, site: int | Words, plane: int | Words) -> Words:
    """w * 2^40 + i * 2^6 + k, broadcast."""
    return draws.counters(site, word) + np.asarray(plane, np.uint64)


def stream(ordering: str) -> Iterator[Words]:
    """An endless stream of 64-bit words in that order."""
    seed = draws.stream(20261124, {}, "update")
    sites, planes = np.arange(SITES, dtype=np.uint64), np.arange(PLANES, dtype=np.uint64)
    sweep = counters(0, sites[:, None], planes).ravel()
    many = np.arange(BLOCK, dtype=np.uint64)
    round_ = 0
    while True:
        if ordering == "steps":
            keys = draws.step_keys(seed, round_ * BLOCK, BLOCK, 1)[:, 0]
            for site in range(64):
                yield draws.word(keys, counters(0, site, 0))
        else:
            key = draws.step_keys(seed, round_, 1, 1)[0, 0]
            if ordering == "words":
                yield draws.word(key, sweep)
            elif ordering == "lanes":
                bits = np.unpackbits(
                    draws.word(key, sweep).view(np.uint8).reshape(-1, 8), axis=1, bitorder="little"
                )
                yield np.packbits(bits.T.copy(), axis=1).view(np.uint64).ravel()
            elif ordering == "sites":
                for plane in range(PLANES):
                    yield draws.word(key, counters(0, many, plane))
            else:
                for site in range(64):
                    yield draws.word(key, counters(many, site, 0))
        round_ += 1


def dieharder(ordering: str, test: int) -> list[tuple[str, str, float, str]]:
    """(test, ntuple, p, assessment) for each p-value of one test."""
    command = [
        "dieharder",
        "-g",
        "200",
        "-d",
        str(test),
        "-D",
        "test_name",
        "-D",
        "ntuple",
        "-D",
        "pvalues",
        "-D",
        "assessment",
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            for words in stream(ordering):
                process.stdin.write(words.tobytes())
        except BrokenPipeError:
            pass
        rows = [line.decode().split("|") for line in process.stdout]
    return [
        (row[0].strip(), row[1].strip(), float(row[2]), row[3].strip())
        for row in rows
        if len(row) >= 4
    ]


INTRODUCTION = """\
Every random word of a run comes from the keyed splitmix counter generator of `rgc.program.draws`.
`python benchmarks/randomness.py` hands its words to dieharder, in every order in which
a bit-sliced kernel could notice a flaw.
The tables below were made with dieharder 3.31.1 on {date}.

The p-values of a sound generator are uniform.
dieharder calls about one in 100 of them WEAK (p outside 0.005 to 0.995) and one in 500,000 FAILED.
The p-values of `sts_serial` are correlated with each other, so that a weak one seldom comes alone.

The first table counts both for every order, and says which index runs fastest in it.
The second has every p-value; `ntuple` is the size of the groups of bits that a test looks at.
"""


def report(results: dict[str, list[tuple[str, str, float, str]]]) -> str:
    """The table of all p-values as Markdown."""
    lines = [
        "# The random words under dieharder",
        "",
        *INTRODUCTION.format(date=date.today().isoformat()).splitlines(),
        "",
        "| ordering | p-values | WEAK | FAILED | what runs fastest |",
        "| --- | --- | --- | --- | --- |",
    ]
    for ordering, rows in results.items():
        count = Counter(row[3] for row in rows)
        lines.append(
            f"| {ordering} | {len(rows)} | {count['WEAK']} | {count['FAILED']} "
            f"| {ORDERINGS[ordering]} |"
        )
    lines += [
        "",
        "| test | ntuple | " + " | ".join(results) + " |",
        "| --- | --- |" + " --- |" * len(results),
    ]
    longest = max(results.values(), key=len)
    for number, (test, ntuple, *_) in enumerate(longest):
        cells = []
        for rows in results.values():
            match = rows[number] if number < len(rows) else None
            cells.append(
                ""
                if match is None
                else f"{match[2]:.4f}" + ("" if match[3] == "PASSED" else f" {match[3]}")
            )
        lines.append(f"| {test} | {ntuple} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orderings", nargs="+", choices=ORDERINGS, default=list(ORDERINGS))
    parser.add_argument("--tests", nargs="+", type=int, default=list(TESTS))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--report", type=Path)
    parser.add_argument(
        "--stream", choices=ORDERINGS, help="write that stream to stdout and nothing else"
    )
    options = parser.parse_args()
    if options.stream:
        for words in stream(options.stream):
            sys.stdout.buffer.write(words.tobytes())
    results: dict[str, list[tuple[str, str, float, str]]] = {}
    with ThreadPoolExecutor(options.jobs) as pool:
        for ordering in options.orderings:
            rows = pool.map(
                lambda test, ordering=ordering: dieharder(ordering, test), options.tests
            )
            results[ordering] = [row for part in rows for row in part]
            bad = [row for row in results[ordering] if row[3] != "PASSED"]
            print(
                f"{ordering}: {len(results[ordering])} p-values, not PASSED: {bad}",
                file=sys.stderr,
                flush=True,
            )
    if options.report:
        options.report.write_text(report(results), encoding="utf-8")
    else:
        print(report(results))


if __name__ == "__main__":
    main()
