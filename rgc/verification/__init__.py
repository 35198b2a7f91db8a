"""Whether a spec does what it says: `rgc verify`, on the user's own model, against evaluators that
share nothing with the compiler.

    spec --Subject--> programs on every backend, small instances of the same syntax tree
         --checks of the scheme--> findings, one check a function
         --> Certificate

`subject`, `instances` and `documents` make the subject, `checks` runs the checks. Their five parts:

    part                               against                            files
    a  energies, differences,          the syntax tree (evaluator,        energies, differences,
       operators                       blocks), counting                  operators, block_rules
    b  the Markov chain                rules with probabilities           matrix, turns, exchanges
                                       (chances), schedules
    c  bit identity                    the reference backend (trace)      bits, divergence
    d  floating point                  40-digit decimals and a derived    floats, arrays
                                       bound
    e  sampled averages                enumeration (states, averages)     sampled

Of flows that compute with arrays `arrays` is parts a and d.

Of maps that a spec writes `maps`, `complex_powers` and `matrix_maps` are part a, with the bounds of
`rounding`, and `maps` is part d besides.

Of machines that are trained `machine_energies` is part a, `unit_chances` part b, `training_bits`,
`training_divergence` and `machine_passes` part c, and `gradients` and `persistent` part e, with the
small `machines` that a, b and e enumerate.

Which checks a scheme has stands in its file in `rgc.schemes`; each is a function from a `Subject`
to `Finding`s.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rgc.errors import Problem, SpecError, listing

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
    """The certificate of a spec at the first point of its scan.

    `settings` and `scan` are those of `rgc.load`. `backends` are names, or backends that are ready;
    by default all that are installed and can run here. The reference backend always takes part.
    Raises `SpecError` for a spec that cannot be run, and for a backend that is not there.
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
    if loaded.spec.runs:
        paths = listing(dict.fromkeys(run.path for run in loaded.spec.runs))
        message = "a study runs other specs, and has nothing of its own to verify"
        raise SpecError([Problem("no-physics", message, hint=f"verify {paths}")])
    subject = make_subject(loaded, backends, loaded.seed if seed is None else seed)
    shown = (for_stream() if progress else Silent()) if isinstance(progress, bool) else progress
    try:
        findings = tuple(run(subject.checks, subject, shown))
    finally:
        shown.close()
    return certify(subject, findings)
