"""The generator's known answers: every number of every backend hangs on them."""

from __future__ import annotations

import numpy as np
import pytest

from rgc.program import draws
from rgc.program.lattice.program import Field
from rgc.program.lattice.start import random_field

ONES = 0xFFFFFFFFFFFFFFFF


def mix(z: int) -> int:
    """The finaliser of splitmix64 on Python integers."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & ONES
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & ONES
    return z ^ (z >> 31)


def test_first_published_output_of_splitmix64_with_seed_zero() -> None:
    assert int(draws.word((0, 0), 1)) == 0xE220A8397B1DCDAF


def test_known_answer_of_the_keyed_word() -> None:
    key = (0x0123456789ABCDEF, 0xFEDCBA9876543210)
    assert int(draws.word(key, 3 * 2**40 + 5 * 2**6 + 7)) == 0xD0FE7AB3533D2519
    assert int(draws.word(key, int(draws.counters(5, 3)) + 7)) == 0xD0FE7AB3533D2519


def test_keyed_word_on_python_integers() -> None:
    a, b, c = 0xFFFFFFFFFFFFFFF1, 0x8000000000000001, 0xFFFFFF0000000001
    assert int(draws.word((a, b), c)) == mix(((a + c * 0x9E3779B97F4A7C15) & ONES) ^ b)


# Known-answer vectors published with Random123 (Salmon et al. 2011, file kat_vectors): zeros, ones,
# digits of pi.
THREEFRY = [
    ((0, 0), (0, 0), (0xC2B6E3A8C2C69865, 0x6F81ED42F350084D)),
    ((ONES, ONES), (ONES, ONES), (0xE02CB7C4D95D277A, 0xD06633D0893B8B68)),
    (
        (0xA4093822299F31D0, 0x082EFA98EC4E6C89),
        (0x243F6A8885A308D3, 0x13198A2E03707344),
        (0x263C7D30BB0F0AF1, 0x56BE8361D3311526),
    ),
]
PHILOX = [
    ((0, 0), (0, 0, 0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 2, (0xFFFFFFFF,) * 4, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0xA4093822, 0x299F31D0),
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("key", "counter", "out"), THREEFRY)
def test_threefry2x64_known_answers(
    key: tuple[int, int], counter: tuple[int, int], out: tuple[int, int]
) -> None:
    assert tuple(map(int, draws.threefry2x64(key, counter))) == out


@pytest.mark.parametrize(("key", "counter", "out"), PHILOX)
def test_philox4x32_known_answers(
    key: tuple[int, int], counter: tuple[int, ...], out: tuple[int, ...]
) -> None:
    found = draws.philox4x32(
        tuple(np.array([c], dtype=np.uint64) for c in counter),
        (np.array([key[0]], dtype=np.uint64), np.array([key[1]], dtype=np.uint64)),
    )
    assert tuple(int(x[0]) for x in found) == out


def test_philox_word_places_key_and_counter_as_defined() -> None:
    _, (c0, c1, c2, c3), out = PHILOX[2]
    key = (0xA4093822 | 0x299F31D0 << 32, c2 | c3 << 32)
    assert int(draws.word(key, c0 | c1 << 32, "philox")) == out[0] | out[1] << 32


def test_fold_is_threefry_of_tag_and_number() -> None:
    key = (3, 5)
    assert np.array_equal(draws.fold(key, 7, 11), draws.threefry2x64(key, (7, 11)))
    many = draws.fold(
        np.array([[3, 5], [1, 2]], dtype=np.uint64), 7, np.array([11, 12], dtype=np.uint64)
    )
    assert np.array_equal(many[0], draws.fold((3, 5), 7, 11))
    assert np.array_equal(many[1], draws.fold((1, 2), 7, 12))


def test_step_keys_descend_the_path() -> None:
    key = draws.stream(7, {"K": 0.44, "h": -0.0}, "update", 2)
    path = [
        (draws.PARAMETER, draws.float_bits(0.44)),
        (draws.PARAMETER, 0),
        (draws.PURPOSE, 2),
        (draws.LEVEL, 2),
    ]
    expected = np.array([7, 0], dtype=np.uint64)
    for tag, number in path:
        expected = draws.fold(expected, tag, number)
    assert tuple(map(int, expected)) == key
    table = draws.step_keys(key, 10, 3, 4)
    assert table.shape == (3, 4, 2)
    assert np.array_equal(table[2, 3], draws.fold(draws.fold(key, draws.STEP, 12), draws.SLOT, 3))
    assert np.array_equal(draws.step_keys(key, 12, 1, 4)[0], table[2])


def test_streams_differ_wherever_the_path_does() -> None:
    same = draws.stream(0, {"a": 1.0, "b": 2.0}, "update")
    assert same == draws.stream(0, {"b": 2.0, "a": 1.0}, "update")
    others = [
        draws.stream(1, {"a": 1.0, "b": 2.0}, "update"),
        draws.stream(0, {"a": 2.0, "b": 1.0}, "update"),
        draws.stream(0, {"a": 1.0}, "update"),
        draws.stream(0, {"a": 1.0, "b": 2.0}, "block"),
        draws.stream(0, {"a": 1.0, "b": 2.0}, "update", 1),
        draws.stream(2**64, {"a": 1.0, "b": 2.0}, "update"),
    ]
    assert len({same, *others}) == 7


def test_a_share_of_the_words_of_a_random_field_is_the_same_anywhere() -> None:
    field = Field("s", (3, 4), letters=2, planes=2, periodic=(True, True))
    whole = random_field((1, 2), field, words=5)
    assert whole.shape == (2, 3, 4, 2, 5)
    assert np.array_equal(random_field((1, 2), field, words=2, word0=3), whole[..., 3:])
    site = (1 * 4 + 2) * 2 + 1
    assert int(whole[1, 1, 2, 1, 4]) == int(draws.word((1, 2), 4 * 2**40 + site * 2**6 + 1))


def test_uniforms_take_the_top_53_bits() -> None:
    numbers = draws.uniforms((9, 9), 1000)
    assert numbers[3] == (int(draws.word((9, 9), 3)) >> 11) * 2.0**-53
    assert abs(numbers.mean() - 0.5) < 5 / np.sqrt(12 * 1000)
