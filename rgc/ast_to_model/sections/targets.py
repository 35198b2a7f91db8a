"""What an `expect` may name: answers of the scheme, couplings, and measures of the spec."""

from __future__ import annotations

from rgc.language.expect import EXPONENTS
from rgc.model.spec import Spec
from rgc.schemes import SCHEMES
from rgc.schemes.scheme import Scheme


def known_targets(spec: Spec) -> tuple[str, ...]:
    """Names that an expectation of this spec may have, `fixed_point.K` and `block.p` among them."""
    couplings = _couplings(spec)
    scheme = SCHEMES.get(spec.flow.scheme) if spec.flow is not None else None
    names = [_name(measure.name) for measure in spec.measures]
    if any(measure.methods for measure in spec.measures):
        names += ["free_energy", "log_z"]
    for answer in _answers(scheme, spec) if scheme is not None else ():
        if answer == "exponents":
            names += EXPONENTS
        elif answer == "fixed_point":
            names += [
                f"{point}.{name}" for point in ("fixed_point", "critical") for name in couplings
            ]
        elif answer == "couplings":
            names += couplings
        elif answer == "map":
            continue
        elif answer != "block.p" or any(block.free or block.p is not None for block in spec.blocks):
            names.append(answer)
    return tuple(dict.fromkeys(names))


def _answers(scheme: Scheme, spec: Spec) -> tuple[str, ...]:
    """The answers of the scheme, and where it asks the maps of the spec theirs."""
    if "map" not in scheme.answers:
        return scheme.answers
    return (*scheme.answers, *(answer for step in spec.map for answer in step.answers))


def _name(measure: str) -> str:
    return measure.split("(")[0]


def _couplings(spec: Spec) -> list[str]:
    names = list(spec.hamiltonian.couplings()) if spec.hamiltonian is not None else []
    return [*names, *(name for step in spec.map for name in step.quantities)]
