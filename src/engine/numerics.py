"""exp, log and the normal distribution, with the same bits on every CPU.

numpy's own exp, log and power take other last bits with other vector instructions. Here only
``+ − × ÷ √``, comparisons and moves of bits are used, one numpy operation at a time, so that no
compiler fuses two of them: IEEE 754 then fixes every result.
All functions take and return float64 arrays of any shape and leave their argument alone.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

EXP_MIN, EXP_MAX = -708.0, 709.0

_LOG2_E = 1.4426950408889634
# log 2 in two parts; the first has trailing zero bits, so that its product with an exponent is exact.
_LOG2_HIGH, _LOG2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_SQRT_2 = 1.4142135623730951
_SQRT_TWO_PI = 2.5066282746310002
_MANTISSA_BITS, _EXPONENT_BIAS = 52, 1023

_EXP_TERMS = (
    1 / 6227020800, 1 / 479001600, 1 / 39916800, 1 / 3628800, 1 / 362880, 1 / 40320,
    1 / 5040, 1 / 720, 1 / 120, 1 / 24, 1 / 6, 1 / 2, 1.0, 1.0,
)  # fmt: skip
_LOG_TERMS = tuple(2 / odd for odd in range(23, 0, -2))


def exp(x: Floats) -> Floats:
    """The exponential function, within 1e-15 of its value; ``x`` is held to ``EXP_MIN … EXP_MAX``.

    Taylor's series on |x| ≤ ½ log 2, scaled by a power of two.
    """
    held = np.minimum(np.maximum(x, EXP_MIN), EXP_MAX)
    power = np.rint(held * _LOG2_E)
    held -= power * _LOG2_HIGH
    held -= power * _LOG2_LOW
    exponent = (power.astype(np.int64) + _EXPONENT_BIAS) << _MANTISSA_BITS
    result = _horner(_EXP_TERMS, held)
    result *= exponent.view(np.float64)
    return result


def log(x: Floats) -> Floats:
    """The natural logarithm of a positive, normal, finite ``x``, within 1e-15 of its value.

    ``x = m · 2ⁿ`` with m about 1, and log m = 2 artanh((m − 1) / (m + 1)) by its series.
    """
    mantissa, power = np.frexp(x)
    low = mantissa * _SQRT_2 < 1.0
    mantissa = np.where(low, mantissa + mantissa, mantissa)
    power = power - low
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    series = _horner(_LOG_TERMS, ratio * ratio) * ratio
    return np.asarray(power * _LOG2_HIGH + (series + power * _LOG2_LOW))


# G. West, "Better approximations to cumulative normal functions" (2005), after Hart (1968).
_CDF_NUMERATOR = (
    3.52624965998911e-02, 0.700383064443688, 6.37396220353165, 33.912866078383,
    112.079291497871, 221.213596169931, 220.206867912376,
)  # fmt: skip
_CDF_DENOMINATOR = (
    8.83883476483184e-02, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674,
    637.333633378831, 793.826512519948, 440.413735824752,
)  # fmt: skip
_CDF_EDGE = 7.07106781186547


def normal_cdf(x: Floats) -> Floats:
    """The standard normal distribution function, within 1e-12; 0 and 1 beyond 7.07 deviations."""
    return normal_cdf_and_density(x)[0]


def normal_cdf_and_density(x: Floats) -> tuple[Floats, Floats]:
    """Both at once, for the price of one exponential; see ``normal_cdf``."""
    distance = np.abs(x)
    bell = exp(distance * distance * -0.5)
    tail = _horner(_CDF_NUMERATOR, distance)
    tail /= _horner(_CDF_DENOMINATOR, distance)
    tail *= bell
    tail *= distance < _CDF_EDGE
    bell /= _SQRT_TWO_PI
    return np.where(x > 0.0, 1.0 - tail, tail), bell


# M. J. Wichura, algorithm AS 241 (PPND16), Applied Statistics 37 (1988).
_CENTRE = (
    (2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4,
     4.5921953931549871457e4, 1.3731693765509461125e4, 1.9715909503065514427e3,
     1.3314166789178437745e2, 3.3871328727963666080e0),
    (5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4,
     2.1213794301586595867e4, 5.3941960214247511077e3, 6.8718700749205790830e2,
     4.2313330701600911252e1, 1.0),
)  # fmt: skip
_MIDDLE = (
    (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
     1.27045825245236838258e0, 3.64784832476320460504e0, 5.76949722146069140550e0,
     4.63033784615654529590e0, 1.42343711074968357734e0),
    (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
     1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940e0,
     2.05319162663775882187e0, 1.0),
)  # fmt: skip
_FAR = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
     2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e0,
     5.46378491116411436990e0, 6.65790464350110377720e0),
    (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
     7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
     5.99832206555887937690e-1, 1.0),
)  # fmt: skip


def normal_quantile(probability: Floats) -> Floats:
    """The standard normal deviate below which a ``probability`` strictly within 0 … 1 lies."""
    offset = probability - 0.5
    result = _ratio(_CENTRE, 0.180625 - offset * offset) * offset
    outer = np.abs(offset) > 0.425
    tail = np.minimum(probability[outer], 1.0 - probability[outer])
    root = np.sqrt(-log(tail))
    far = np.where(root <= 5.0, _ratio(_MIDDLE, root - 1.6), _ratio(_FAR, root - 5.0))
    result[outer] = np.where(offset[outer] < 0.0, -far, far)
    return result


def _horner(terms: tuple[float, ...], x: Floats) -> Floats:
    """The polynomial with coefficients ``terms``, the highest power first."""
    result = np.full_like(x, terms[0])
    for term in terms[1:]:
        result *= x
        result += term
    return result


def _ratio(terms: tuple[tuple[float, ...], tuple[float, ...]], x: Floats) -> Floats:
    return _horner(terms[0], x) / _horner(terms[1], x)
