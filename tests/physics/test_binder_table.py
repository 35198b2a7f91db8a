"""m^2, m^4 and the Binder parameter of square Ising tori, sampled, against a transfer matrix with
the field as a series to fourth order: ten seeds each, and a coupling that is wrong by 1 % fails.
"""

from __future__ import annotations

import pytest

import rgc
from rgc.model.spec import Spec
from tests.physics.models import CRITICAL
from tests.physics.running import agrees, p_value, scaled, seeds, table

pytestmark = pytest.mark.slow

SPEC = """
parameters {{ K = {K} }}
lattice square({L})
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow sample(sweeps=5000, thermalise=1000, every=10)
measure {{ m2 = avg(m^2), m4 = avg(m^4), binder }}
"""
MEASURES = ("m2", "m4", "binder")
TABLE: dict[tuple[int, float], tuple[float, float, float]] = {
    (4, 0.4): (0.6548257569366426, 0.5383187667555372, 0.5815276591204825),
    (4, 0.43): (0.7358187028340274, 0.6343482786072356, 0.6094605897125686),
    (4, CRITICAL): (0.7613589085686726, 0.6656912132673696, 0.6171993184124589),
    (4, 0.45): (0.7820613845533817, 0.6915086952222558, 0.623127276844136),
    (4, 0.48): (0.8388879781977137, 0.7644960607591438, 0.6378853829772586),
    (6, 0.4): (0.5286207511360502, 0.37388436681574233, 0.5540074165257327),
    (6, 0.43): (0.6535778600299373, 0.50978899457211, 0.6021910618620927),
    (6, CRITICAL): (0.6933165911351866, 0.5561228635328442, 0.6143562391252746),
    (6, 0.45): (0.7251401279320869, 0.5944553678666725, 0.6231624942273168),
    (6, 0.48): (0.808832326209589, 0.7013565794830909, 0.6426443767388423),
    (8, 0.4): (0.4320990785762214, 0.26655251326038387, 0.5241228558633862),
    (8, 0.43): (0.594162742480706, 0.42764061290767996, 0.5962180903845131),
    (8, CRITICAL): (0.6469115749942389, 0.4858152341259381, 0.6130453849434134),
    (8, 0.45): (0.6886809124433119, 0.5341924567788711, 0.6245601185844852),
    (8, 0.48): (0.7937221322288892, 0.666828002464453, 0.6471780518830434),
}  # fmt: skip


def made(size: int, coupling: float) -> Spec:
    return rgc.load(SPEC.format(L=size, K=coupling)).spec


@pytest.mark.parametrize(("size", "coupling"), TABLE)
def test_the_magnetisation_of_tori(size: int, coupling: float) -> None:
    found = seeds(made(size, coupling))
    for name, exact in zip(MEASURES, TABLE[size, coupling], strict=True):
        each = [result.averages[name] for result in found]
        assert agrees(each, exact), f"{name}: {table(each, exact)}"


@pytest.mark.parametrize("size", [4, 6, 8])
def test_a_coupling_wrong_by_one_percent_shows(size: int) -> None:
    found = seeds(scaled(made(size, CRITICAL), "K", 1.01), over=range(3))
    for name, exact in zip(MEASURES, TABLE[size, CRITICAL], strict=True):
        assert p_value([result.averages[name] for result in found], exact) < 1e-3
