"""Whether a spec does what it says: `rgc verify`, on the user's own model, against evaluators that
share nothing with the compiler.

    spec --Subject--> the user's programs on every backend, and small instances of the same syntax
                      tree (subject, instances, documents)
         --checks--> findings, one check a function:
           a  energies, differences, operators: the syntax tree, counting (evaluator, blocks)
           b  the Markov chain: rules with probabilities, schedules (matrix, chances)
           c  bit identity: every backend against the reference (bits, trace, divergence)
           d  floating point: 40-digit decimals, a derived bound (floats, arrays)
           e  sampled averages: enumeration (sampled, states, averages)
         --> Certificate

Which checks a scheme has stands in its file in `rgc.schemes`; each is a function from a `Subject`
to `Finding`s.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rgc.backend import Backend
    from rgc.compiler import Settings
    from rgc.loaded import Loaded
    from rgc.progress import Progress
    from rgc.verification.certificate import Certificate


def verify(
    spec: Loaded | str | Path,
    *,
    backends: Sequence[str | Backend] | None = None,
    seed: int | None = None,
    settings: Settings = (),
    scan: Settings = (),
    progress: Progress | bool = False,
) -> Certificate:
    """The certificate of a spec at the first point of its scan. `settings` and `scan` as in
    `rgc.load`.

    `backends`: names, or backends that are ready; by default all that are installed and can run
    here. The reference backend takes part in any case. Raises `SpecError` for a spec that cannot be
    run, and for a backend that is not there.
    """
    from rgc.ast_to_model.today import refuse_later
    from rgc.compiler import load
    from rgc.progress import Silent, for_stream
    from rgc.verification.certificate import certify
    from rgc.verification.checks import run
    from rgc.verification.subject import make_subject

    if not isinstance(spec, str | Path) and (settings or scan):
        raise TypeError("settings and scan are for a spec that is read here: give them to rgc.load")
    loaded = load(spec, settings=settings, scan=scan) if isinstance(spec, str | Path) else spec
    refuse_later(loaded.spec)
    subject = make_subject(loaded, backends, loaded.seed if seed is None else seed)
    shown = (for_stream() if progress else Silent()) if isinstance(progress, bool) else progress
    try:
        findings = tuple(run(subject.checks, subject, shown))
    finally:
        shown.close()
    return certify(subject, findings)
