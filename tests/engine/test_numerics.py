"""The engine's own functions beside the standard library's, and their bits on a plain CPU."""

import math
from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.numerics import (
    Floats,
    exp,
    log,
    normal_cdf,
    normal_cdf_and_density,
    normal_quantile,
)


def one(function: Callable[[Floats], Floats], x: float) -> float:
    return float(function(np.array([x]))[0])


@given(st.floats(-708, 709))
def test_exp_is_the_exponential(x: float) -> None:
    assert math.isclose(one(exp, x), math.exp(x), rel_tol=1e-15)


def test_exp_is_held_to_its_bounds() -> None:
    assert list(exp(np.array([-1e9, 1e9]))) == list(exp(np.array([-708.0, 709.0])))


@given(st.floats(1e-300, 1e300))
def test_log_is_the_logarithm(x: float) -> None:
    assert math.isclose(one(log, x), math.log(x), rel_tol=1e-15)


@given(st.floats(-40, 40))
def test_normal_cdf_is_half_the_complementary_error_function(x: float) -> None:
    assert math.isclose(one(normal_cdf, x), math.erfc(-x / math.sqrt(2)) / 2, abs_tol=1e-12)


@given(st.floats(1e-300, 1, exclude_max=True))
def test_normal_quantile_is_the_inverse_of_the_distribution(probability: float) -> None:
    quantile = one(normal_quantile, probability)
    assert math.isclose(math.erfc(-quantile / math.sqrt(2)) / 2, probability, rel_tol=1e-12)


def test_normal_quantile_of_known_probabilities() -> None:
    known = np.array([1e-20, 1e-5, 0.25, 0.5, 0.75, 0.975])
    expected = [-9.262340089798408, -4.264890793922825, -0.6744897501960817, 0.0, 0.6744897501960817]
    expected += [1.959963984540054]
    assert np.allclose(normal_quantile(known), expected, rtol=1e-14, atol=0)


def test_arguments_are_left_alone() -> None:
    given_values = np.linspace(0.1, 0.9, 9)
    before = given_values.copy()
    for function in (exp, log, normal_cdf, normal_cdf_and_density, normal_quantile):
        function(given_values)
    assert np.array_equal(given_values, before)


PROGRAM = """
import hashlib, numpy as np
from engine.numerics import exp, log, normal_cdf, normal_quantile
x = np.arange(-20_000, 20_000) / 1_234.5
p = np.arange(1, 40_000) / 40_000
values = [exp(x), normal_cdf(x), normal_quantile(p), log(p)]
print(hashlib.sha256(b"".join(value.tobytes() for value in values)).hexdigest())
"""


def test_bits_are_the_same_without_vector_instructions(
    printed_on_both_cpus: Callable[[str], tuple[str, str]],
) -> None:
    with_them, without = printed_on_both_cpus(PROGRAM)
    assert with_them == without
