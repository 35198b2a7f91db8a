"""The pytest plugin: `pytest specs/` runs one test for each spec and backend.

It turns `expect` into assertions. Every `.rgc` file is collected, and every YAML file that is a
spec. A spec with errors fails with them. A spec that cannot be run yet, or that expects nothing, is
skipped. Nothing heavy is imported before a spec is run, and nothing of rgc's language before a spec
is collected.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rgc.compiler import BACKEND, compile, load
from rgc.errors import SpecError, escape, render_place, suggest

if TYPE_CHECKING:
    from rgc.loaded import Loaded
    from rgc.results.answer import Answer

SLOW = 1e10
"""The number of spin updates of a whole scan beyond which a spec is marked `slow`.

It takes some seconds on a few cores.
"""

HEAD = 1 << 16
"""The number of bytes of a YAML file that are searched for keys."""

KEY = re.compile(
    rb"""^["']?(flow|include|lattice|spins|hamiltonian|block|stack|map)["']?[ \t]*:""", re.MULTILINE
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("rgc", "specs of the renormalisation group").addoption(
        "--rgc-backends",
        dest="rgc_backends",
        metavar="NAMES",
        help=(
            "what runs specs: names such as numba,jax, or all that are installed (default: "
            f"{BACKEND})"
        ),
    )
    parser.addini(
        "rgc_slow",
        "specs that are marked slow whatever they sample, as patterns of paths",
        "linelist",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"slow: a spec of more than {SLOW:g} spin updates")
    backends(config)


def backends(config: pytest.Config, default: Sequence[str] = (BACKEND,)) -> tuple[str, ...]:
    """The names that `--rgc-backends` gives, or `default` without the option.

    The word `all` stands for every installed backend. Other tests that run on several backends may
    call this too. Raises `pytest.UsageError` for a name that is not installed.
    """
    given = config.getoption("rgc_backends")
    if not given:
        return tuple(default)
    from rgc.backend import installed

    known = installed()
    names = tuple(sorted(known)) if given == "all" else tuple(dict.fromkeys(given.split(",")))
    for name in names:
        if name not in known:
            hint = suggest(name, known) or "installed: " + ", ".join(sorted(known))
            raise pytest.UsageError(f"--rgc-backends: no backend is called '{name}' ({hint})")
    return names


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> SpecFile | None:
    if file_path.suffix == ".rgc" or (
        file_path.suffix in (".yaml", ".yml") and _is_spec(file_path)
    ):
        return SpecFile.from_parent(parent, path=file_path)
    return None


def _is_spec(path: Path) -> bool:
    """Whether a YAML file has a flow and something that it flows on. The file is not parsed for
    that.
    """
    try:
        with path.open("rb") as file:
            keys = set(KEY.findall(file.read(HEAD)))
    except OSError:
        return False
    return b"flow" in keys and len(keys) > 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the second spelling of a spec: a spec in both spellings is run once, from the first
    file.
    """
    first: dict[tuple[Path, str, str], SpecItem] = {}
    for item in items:
        if isinstance(item, SpecItem) and item.loaded is not None:
            twin = first.setdefault(
                (item.path.with_suffix(""), item.loaded.sha256, item.backend), item
            )
            if twin.path != item.path:
                item.add_marker(
                    pytest.mark.skip(reason=f"the same spec as {twin.path.name}, which is run")
                )


class SpecFile(pytest.File):
    """A spec: one test for each backend."""

    def collect(self) -> Iterator[SpecItem]:
        try:
            loaded = load(self.path)
        except SpecError as error:
            yield SpecItem.from_parent(self, name="check", loaded=None, error=error)
            return
        for name in backends(self.config):
            item: SpecItem = SpecItem.from_parent(self, name=name, loaded=loaded, error=None)
            named = self.config.getini("rgc_slow")
            if updates(loaded) > SLOW or any(self.path.match(pattern) for pattern in named):
                item.add_marker("slow")
            if reason := _why_not(loaded):
                item.add_marker(pytest.mark.skip(reason=reason))
            yield item


class SpecItem(pytest.Item):
    """A spec on the backend that the test is named after, or the errors of a wrong spec."""

    def __init__(self, *, loaded: Loaded | None, error: SpecError | None, **options: Any) -> None:
        super().__init__(**options)
        self.loaded, self.error, self.backend = loaded, error, self.name
        if loaded is not None and loaded.spec.flow is not None:
            self.extra_keyword_matches.add(loaded.spec.flow.scheme)

    def runtest(self) -> None:
        if self.loaded is None:
            raise self.error or AssertionError
        answer = self._answer(self.loaded)
        if not answer.passed:
            raise Unexpected(_verdict(answer))
        self.add_report_section("call", "spec", _verdict(answer))

    def _answer(self, loaded: Loaded) -> Answer:
        try:
            compiled = compile(loaded, backend=self.backend)
        except SpecError as error:
            asked = self.config.getoption("rgc_backends") != "all"
            if reason := _later(error, "not-yet", *([] if asked else ["backend-unavailable"])):
                pytest.skip(reason)
            raise
        return compiled.run(checkpoints=False)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, SpecError | Unexpected):
            where = self.nodeid.partition("::")[0]
            return str(excinfo.value).replace(f"{self.path}:", f"{where}:")
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return (
            self.path,
            0,
            f"{self.path.name} on {self.backend}" if self.loaded else f"{self.path.name}",
        )


def _why_not(loaded: Loaded) -> str:
    """Why a spec is not run, as far as its text tells."""
    from rgc.ast_to_model.today import refuse_later

    try:
        refuse_later(loaded.spec)
    except SpecError as error:
        return _later(error, "not-yet")
    return "" if loaded.spec.expectations else "it expects nothing"


def _later(error: SpecError, *codes: str) -> str:
    """The reason to skip a spec whose problems all have one of these codes, else an empty text."""
    if any(problem.code not in codes for problem in error.problems):
        return ""
    return ": ".join(part for part in (error.problems[0].message, error.problems[0].hint) if part)


class Unexpected(Exception):
    """Something in `expect` did not come out."""


def updates(loaded: Loaded) -> float:
    """Spin updates of a run, the points of a scan counted as the first; 0 for a scheme that does
    not sample.
    """
    from rgc.flows.sampling.plan import make_plan
    from rgc.model.options import Options
    from rgc.schemes import SCHEMES

    spec, flow = loaded.spec, loaded.spec.flow
    ready = SCHEMES[flow.scheme].ready if flow is not None else None
    if flow is None or spec.lattice is None or ready is None or ready.kind != "programs":
        return 0.0
    spins = getattr(spec.lattice, "sites", 1) * len(spec.species)
    plan = make_plan(Options(flow.options), spins)
    return float(plan.sweeps) * plan.replicas * spins * len(loaded.points)


def _verdict(answer: Answer) -> str:
    """Every expectation, the places of those that failed, and the warnings of the run."""
    from rgc.cli.table import render_checks

    failed = [check for check in answer.checks if not check.passed]
    head = f"{len(failed)} of {len(answer.checks)} expectations failed" if failed else "as expected"
    lines = [f"{escape(answer.title)}: {head} (backend {answer.backend}, seed {answer.seed})", ""]
    lines += [render_checks(answer.checks), ""]
    for check in failed:
        span, message = (
            check.expectation.span,
            f"{check.expectation.target}: {escape(check.reason)}",
        )
        lines += [*(render_place(span, message) if span else [message]), ""]
    lines += [f"warning: {escape(text)}" for text in answer.warnings]
    return "\n".join(lines).rstrip()
