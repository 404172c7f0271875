"""Deltas: Black's model turned round, against an independent implementation, and the rules for the rest."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vollib.black import black
from vollib.black.greeks.analytical import delta as black_delta
from vollib.black.implied_volatility import implied_volatility

from engine.pricing import chain_deltas, implied_deviation, parity_forwards

NAN = np.nan


def chain(*strikes: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Strikes and mids of one moment, from (strike, call mid, put mid)."""
    rows = np.array(strikes)
    return rows[:, 0].copy(), rows[None, :, 1:].copy()


def priced(forward: float, deviations: dict[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """A chain that is worth exactly what Black's model says at each strike's deviation."""
    return chain(*(
        (strike, black("c", forward, strike, 1.0, 0.0, v), black("p", forward, strike, 1.0, 0.0, v))
        for strike, v in deviations.items()
    ))  # fmt: skip


def test_the_forward_is_read_off_the_strike_where_call_and_put_are_nearest() -> None:
    strikes, mids = chain((2700, 33.1, 0.1), (2730, 3.5, 2.6), (2735, 1.4, 5.9), (2760, 0.1, 27.0))
    assert parity_forwards(strikes, mids).tolist() == [2730 + 3.5 - 2.6]


def test_a_strike_with_one_side_gives_no_forward() -> None:
    strikes, mids = chain((2730, 3.5, NAN), (2735, NAN, 5.9))
    assert np.isnan(parity_forwards(strikes, mids)).all()
    assert np.isnan(chain_deltas(strikes, mids)).all()


@given(
    forward=st.floats(500, 8000),
    moneyness=st.floats(-0.2, 0.2),
    deviation=st.floats(5e-4, 1.0),
)
def test_the_deviation_is_what_an_independent_solver_finds(
    forward: float, moneyness: float, deviation: float
) -> None:
    strike = forward * float(np.exp(moneyness))
    right = "c" if strike >= forward else "p"
    value = black(right, forward, strike, 1.0, 0.0, deviation)
    if value < 1e-3:
        return
    solved = implied_deviation(np.array([value]), np.array([forward]), np.array([strike]))[0]
    assert solved == pytest.approx(implied_volatility(value, forward, strike, 0.0, 1.0, right), rel=1e-6)


def test_deltas_equal_an_independent_implementations() -> None:
    smile = {2700.0: 0.0110, 2715.0: 0.0080, 2730.0: 0.0060, 2735.0: 0.0055, 2750.0: 0.0065, 2800.0: 0.0150}
    strikes, mids = priced(2731.0, smile)
    expected = [
        [abs(black_delta(right, 2731.0, strike, 1.0, 0.0, v)) for right in "cp"]
        for strike, v in smile.items()
    ]
    assert chain_deltas(strikes, mids)[0] == pytest.approx(np.array(expected), abs=1e-7)


def test_a_mid_below_intrinsic_takes_the_volatility_of_the_other_right() -> None:
    strikes, mids = priced(2731.0, {2725.0: 0.0060, 2730.0: 0.0058, 2735.0: 0.0055})
    exact = chain_deltas(strikes, mids)[0]
    mids[0, 0, 0] = 5.9
    assert chain_deltas(strikes, mids)[0, 0] == pytest.approx(exact[0], abs=1e-9)


def test_a_strike_without_a_mid_takes_its_neighbours_on_a_line_and_the_last_one_beyond() -> None:
    smile = {2720.0: 0.0080, 2725.0: 0.0070, 2730.0: 0.0060, 2735.0: 0.0060, 2740.0: 0.0060}
    strikes, mids = priced(2731.0, smile)
    exact = chain_deltas(strikes, mids)[0]
    mids[0, [1, 4]] = NAN
    assert chain_deltas(strikes, mids)[0] == pytest.approx(exact, abs=1e-9)


def test_each_moment_stands_alone() -> None:
    strikes, mids = priced(2731.0, {2725.0: 0.0060, 2735.0: 0.0055})
    three = np.concatenate((mids, np.full_like(mids, NAN), mids + 0.1))
    deltas = chain_deltas(strikes, three)
    assert np.array_equal(deltas[:1], chain_deltas(strikes, mids))
    assert np.isnan(deltas[1]).all()
    assert np.array_equal(deltas[2:], chain_deltas(strikes, mids + 0.1))


def test_what_no_deviation_explains_is_nan() -> None:
    values = np.array([0.0, -1.0, NAN, 2700.0])
    assert np.isnan(implied_deviation(values, np.full(4, 2700.0), np.full(4, 2700.0))).all()


def test_calls_fall_along_the_strikes_and_both_rights_make_one() -> None:
    strikes, mids = priced(2731.0, {2600.0 + 5 * n: 0.006 + abs(26 - n) * 0.0003 for n in range(53)})
    deltas = chain_deltas(strikes, mids)[0]
    assert (np.diff(deltas[:, 0]) <= 1e-9).all()
    assert deltas.sum(axis=1) == pytest.approx(np.ones(53), abs=1e-6)


def test_deltas_have_the_same_bits_on_a_bare_cpu(
    printed_on_both_cpus: Callable[[str], tuple[str, str]],
) -> None:
    here, bare = printed_on_both_cpus("""
import hashlib
import numpy as np
from engine.pricing import chain_deltas
noise = np.random.Generator(np.random.PCG64(7)).random((50, 60, 2))
strikes = 2600.0 + 5.0 * np.arange(60)
inside = np.stack((2731.0 - strikes, strikes - 2731.0), axis=1)
mids = np.maximum(inside, 0.0) + 6.0 / (1.0 + np.abs(inside)) + noise
print(hashlib.sha256(chain_deltas(strikes, mids).tobytes()).hexdigest())
""")
    assert here == bare
