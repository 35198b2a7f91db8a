"""Reference values, each with where it comes from; none is a result of this program."""

from math import log, sqrt

KAUFMAN_CRITICAL = {16: (-1.453064852813, 1.4987049594), 64: (-1.423938389833, 2.1922113931)}
"""-<sum ss'>/N and K^2 var(sum ss')/N of the L x L torus at K_c: Kaufman's formula in 40 digits."""

BAXTER_WU_LOG_Z = {3: 9.447099096248948, 6: 33.64765412963865, 9: 73.9648914007125}
"""ln Z of the L x L rhombic torus at K_c, with keys L: transfer matrix, L = 3 also by
enumeration.
"""

MCRG_SQUARE_64 = {
    "step1_e1": (0.91281, 0.00223),
    "step1_e2": (0.96308, 0.00230),
    "step1_e3": (0.96486, 0.00231),
    "step1_e4": (0.96657, 0.00242),
    "step1_e5": (0.96503, 0.00281),
    "step1_e6": (0.97297, 0.00295),
    "step1_o1": (1.88117, 0.00007),
    "step1_o2": (1.88055, 0.00007),
    "step1_o3": (1.88076, 0.00008),
    "step2_e1": (0.96569, 0.00234),
    "step2_e2": (0.99918, 0.00247),
    "step2_e3": (1.00074, 0.00255),
    "step2_e4": (0.99979, 0.00279),
    "step2_e5": (0.99740, 0.00311),
    "step2_e6": (0.99924, 0.00309),
    "step2_o1": (1.87606, 0.00014),
    "step2_o2": (1.87619, 0.00014),
    "step2_o3": (1.87621, 0.00014),
    "step3_e1": (0.95902, 0.00362),
    "step3_e2": (1.00026, 0.00363),
    "step3_e3": (1.00238, 0.00367),
    "step3_e4": (1.00191, 0.00387),
    "step3_e5": (1.00021, 0.00433),
    "step3_e6": (1.00210, 0.00429),
    "step3_o1": (1.87357, 0.00027),
    "step3_o2": (1.87457, 0.00027),
    "step3_o3": (1.87451, 0.00027),
    "step4_e1": (0.94002, 0.00375),
    "step4_e2": (0.99342, 0.00416),
    "step4_e3": (0.99537, 0.00421),
    "step4_e4": (0.98922, 0.00535),
    "step4_e5": (0.98557, 0.00665),
    "step4_e6": (0.98925, 0.00646),
    "step4_o1": (1.87136, 0.00055),
    "step4_o2": (1.87454, 0.00059),
    "step4_o3": (1.87421, 0.00059),
    "step5_e1": (0.93227, 0.00564),
    "step5_e2": (1.01803, 0.00407),
    "step5_e3": (1.02588, 0.00351),
    "step5_o1": (1.86645, 0.00084),
    "step5_o2": (1.87362, 0.00090),
}
"""Square Ising model at K_c, L = 64, majority 2x2 with random ties: exponents and standard errors
by step and number of operators, e1..e6 the even ones nn, nnn, plaquette, (2,0), (2,1), four-spin T;
o1..o3 the odd ones m, three-spin corner, three-spin row. From 100000 configurations by another
program with Wolff updates.
"""

ISING_3D = {"K_c": 0.221654626, "y_t": 1.5873749, "y_h": 2.4818511}
"""K_c = 0.221654626(5), nu = 0.629971(4), eta = 0.036298(2): quoted best values."""

KAUFMAN_LOG_Z = {
    (2, 0.4): 4.1132740110588282651,
    (4, 0.4): 14.561093023844043003,
    (16, 0.4): 225.22884675587580317,
    (64, 0.4): 3601.874269378813583,
}
"""ln Z of the L x L torus, with keys (L, K): Kaufman's formula in 40 digits. On the torus of two
every bond is there twice.
"""

_K = log(1 + sqrt(2)) / 2
TRG = {
    (8, 0.4): 5.345447108502564e-05,
    (8, _K): 6.914136118204518e-05,
    (8, 0.5): 3.526945916017515e-06,
}
HOTRG = {
    (8, 0.4): 2.8873437154907816e-06,
    (8, _K): 1.3606206544579862e-05,
    (8, 0.5): 1.0840751840227878e-06,
    (16, _K): 5.615778687280215e-07,
}
"""Signed relative errors (exact - value) / exact of ln z per site of the infinite square Ising
model, with keys (chi, K), by another program of 40 steps.
"""
