"""Synthetic days: the same bytes everywhere, quotes no one can rob, and the walkthrough's own day."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.calendar import SessionBounds, session_of, sessions_between
from engine.contracts import Contract, Right
from engine.market import Day, SettlementSource
from engine.synthetic import SEED_DEFAULT, synthesize
from engine.synthetic_plans import Kind, plan_day

WALKTHROUGH = date(2025, 1, 15)

Matrix = NDArray[np.int64]

# The day of the walkthrough whole, and a few strikes of a trend, a reversal and a half day.
PROGRAM = """
import hashlib
from datetime import date
from engine.calendar import session_of
from engine.synthetic import synthesize
days = [synthesize(session_of(date(2025, 1, 15)), 1331)] + [
    synthesize(session_of(on), 1331, (5900, 6000))
    for on in (date(2025, 1, 17), date(2025, 1, 22), date(2024, 11, 29))
]
digest = hashlib.sha256()
for day in days:
    for array in (day.bid_ticks, day.ask_ticks, day.delta_e4, day.spx_e4, day.vix_e4):
        digest.update(array.tobytes())
print(digest.hexdigest())
"""
# A change of this digest is a change of the generator: raise GENERATOR_VERSION with it.
DIGEST_OF_VERSION_2 = "5d761a707280d961d2540b9bbea4ad77783e2861b32c0b861396fa036ee83ffe"


def session(day: date) -> SessionBounds:
    bounds = session_of(day)
    assert bounds
    return bounds


def short_session(day: date, seconds: int) -> SessionBounds:
    open_at = session(day).open_at
    return SessionBounds(day, open_at, open_at + timedelta(seconds=seconds))


@pytest.fixture(scope="module")
def walkthrough_day() -> Day:
    return synthesize(session(WALKTHROUGH), SEED_DEFAULT)


SOME_DATES = st.sampled_from([b.date for b in sessions_between(date(2006, 1, 1), date(2029, 12, 31))])
SHORT_DAYS = st.builds(
    lambda day, seed: synthesize(short_session(day, 600), seed), SOME_DATES, st.integers(0, 3)
)
SOME_DAYS = st.builds(lambda day, seed: synthesize(session(day), seed), SOME_DATES, st.integers(0, 2**64 - 1))


def calls(matrix: NDArray[np.uint16]) -> Matrix:
    return matrix[0::2].astype(np.int64)


def puts(matrix: NDArray[np.uint16]) -> Matrix:
    return matrix[1::2].astype(np.int64)


def test_day_has_the_same_bytes_on_every_cpu(printed_on_both_cpus: Callable[[str], tuple[str, str]]) -> None:
    assert printed_on_both_cpus(PROGRAM) == (DIGEST_OF_VERSION_2, DIGEST_OF_VERSION_2)


def test_the_program_makes_a_day_of_each_kind() -> None:
    days = (WALKTHROUGH, date(2025, 1, 17), date(2025, 1, 22))
    assert [plan_day(day, SEED_DEFAULT).kind for day in days] == [Kind.USUAL, Kind.TREND, Kind.REVERSAL]


def test_day_made_alone_is_the_day_made_within_a_year() -> None:
    """Forwards with one seed, backwards with another in between."""
    some = sessions_between(date(2025, 1, 1), date(2025, 12, 31))[::25]
    forwards = [synthesize(bounds, 7, (6000,)) for bounds in some]
    for bounds, before in reversed(list(zip(some, forwards, strict=True))):
        synthesize(bounds, 8, (6000,))
        again = synthesize(bounds, 7, (6000,))
        for name in ("bid_ticks", "ask_ticks", "delta_e4", "spx_e4", "vix_e4"):
            assert np.array_equal(getattr(again, name), getattr(before, name)), (bounds.date, name)


def test_day_says_what_it_is(walkthrough_day: Day) -> None:
    day = walkthrough_day
    assert (day.date, day.open_at, day.close_at) == (
        WALKTHROUGH,
        session(WALKTHROUGH).open_at,
        session(WALKTHROUGH).close_at,
    )
    assert (day.synthetic, day.index_derived, day.content_hash) == (True, False, "")
    assert (day.known_from, day.known_until, day.close_second) == (0, 23_400, 23_400)
    assert day.settlement_source is SettlementSource.PRINT
    assert day.settlement_cents == day.spx_e4[-1] // 100


def test_series_have_a_row_for_every_second_of_a_half_day() -> None:
    day = synthesize(session(date(2024, 11, 29)), 3)
    width = len(day.contracts)
    assert day.bid_ticks.shape == day.ask_ticks.shape == (width, 12_601)
    assert day.delta_e4.shape == (12_601, width)
    assert day.spx_e4.shape == day.vix_e4.shape == (12_601,)
    assert [array.dtype for array in (day.bid_ticks, day.delta_e4, day.spx_e4)] == [
        np.uint16,
        np.int16,
        np.int32,
    ]


def test_contracts_are_sorted_call_before_put(walkthrough_day: Day) -> None:
    assert list(walkthrough_day.contracts) == sorted(walkthrough_day.contracts)


def test_given_strikes_replace_the_listed_ones() -> None:
    day = synthesize(short_session(WALKTHROUGH, 60), 1, strikes=(5900, 5950))
    assert day.contracts == (
        Contract(5900, Right.CALL),
        Contract(5900, Right.PUT),
        Contract(5950, Right.CALL),
        Contract(5950, Right.PUT),
    )


def test_another_seed_is_another_day() -> None:
    one, other = (synthesize(short_session(WALKTHROUGH, 60), seed) for seed in (1, 2))
    assert not np.array_equal(one.spx_e4, other.spx_e4)


def test_date_without_a_session_is_refused() -> None:
    open_at = session(WALKTHROUGH).open_at
    with pytest.raises(KeyError):
        synthesize(SessionBounds(date(2025, 1, 9), open_at, open_at + timedelta(seconds=60)), 1)


@settings(max_examples=10, deadline=None)
@given(SHORT_DAYS)
def test_every_contract_is_quoted_uncrossed_and_on_its_grid(day: Day) -> None:
    bid, ask = day.bid_ticks.astype(np.int64), day.ask_ticks.astype(np.int64)
    assert (bid < ask).all()
    assert (ask < 65_535).all()
    for price in (bid, ask):
        assert (price[price >= 60] % 2 == 0).all()


def cheapest_verticals(bid: Matrix, ask: Matrix) -> Matrix:
    """What a trader pays who buys at the ask the option that is worth more and sells the next at the bid."""
    return ask[:-1] - bid[1:]


def cheapest_butterflies(strikes: Matrix, bid: Matrix, ask: Matrix) -> Matrix:
    even = np.flatnonzero(np.diff(strikes, 2) == 0)
    return np.asarray(ask[even] + ask[even + 2] - 2 * bid[even + 1])


def strikes_of(day: Day) -> Matrix:
    return np.array([contract.strike_points for contract in day.contracts[0::2]])


@settings(max_examples=15, deadline=None)
@given(SOME_DAYS, st.integers(0, 23_400 - 600))
def test_nothing_can_be_had_for_less_than_nothing(day: Day, second: int) -> None:
    """In ten minutes from a random second on: verticals, butterflies, and boxes, which are put-call
    parity between two strikes. So no mid is off by more than the spreads."""
    second %= day.close_second - 600
    span = slice(second, second + 601)
    bids, asks = day.bid_ticks[:, span], day.ask_ticks[:, span]
    call_bid, call_ask, put_bid, put_ask = calls(bids), calls(asks), puts(bids), puts(asks)
    strikes = strikes_of(day)
    assert (cheapest_verticals(call_bid, call_ask) >= 0).all()
    assert (cheapest_verticals(put_bid[::-1], put_ask[::-1]) >= 0).all()
    assert (cheapest_butterflies(strikes, call_bid, call_ask) >= 0).all()
    assert (cheapest_butterflies(strikes, put_bid, put_ask) >= 0).all()
    bought_at = 20 * strikes[:, None] + call_ask - put_bid
    sold_at = 20 * strikes[:, None] + call_bid - put_ask
    assert (bought_at.min(axis=0) >= sold_at.max(axis=0)).all()


@settings(max_examples=10, deadline=None)
@given(SOME_DAYS)
def test_puts_and_calls_agree_about_the_index_but_for_a_few_basis_points(day: Day) -> None:
    strikes, index = strikes_of(day)[:, None], day.spx_e4[None, :] / 10_000
    bought_at = strikes + (calls(day.ask_ticks) - puts(day.bid_ticks)) / 20
    sold_at = strikes + (calls(day.bid_ticks) - puts(day.ask_ticks)) / 20
    two_bp, a_cent = index * 2e-4, 0.01
    assert (bought_at > index - two_bp).all()
    assert (sold_at < index + two_bp).all()
    assert (bought_at[:, -1] > index[:, -1] - a_cent).all()
    assert (sold_at[:, -1] < index[:, -1] + a_cent).all()


@settings(max_examples=10, deadline=None)
@given(SHORT_DAYS)
def test_deltas_fall_along_the_strikes_and_add_up_to_one(day: Day) -> None:
    call_delta, put_delta = day.delta_e4[:, 0::2], day.delta_e4[:, 1::2]
    assert (np.diff(call_delta, axis=1) <= 0).all()
    assert (call_delta + put_delta == 10_000).all()
    assert (call_delta >= 0).all()
    assert (put_delta >= 0).all()


@settings(max_examples=10, deadline=None)
@given(SHORT_DAYS)
def test_options_are_worth_their_intrinsic_value_at_the_close(day: Day) -> None:
    last_cents = int(day.spx_e4[-1]) // 100
    for row, contract in enumerate(day.contracts):
        value = contract.intrinsic_cents(last_cents)
        bid, ask = 5 * int(day.bid_ticks[row, -1]), 5 * int(day.ask_ticks[row, -1])
        assert bid - 5 <= value <= ask + 5, contract


@settings(max_examples=10, deadline=None)
@given(SOME_DATES, st.integers(0, 2**64 - 1))
def test_consecutive_sessions_share_a_close_and_gap_a_little(day: date, seed: int) -> None:
    first, second = (
        synthesize(short_session(bounds.date, 60), seed, strikes=(1000,))
        for bounds in sessions_between(day, day + timedelta(days=6))[:2]
    )
    gap = int(second.spx_e4[0]) / int(first.spx_e4[-1]) - 1
    assert abs(gap) < 0.12
    assert int(second.spx_e4[0]) % 100 == 0


@pytest.mark.parametrize("seed", [0, 1, 77, 2**64 - 1])
def test_walkthrough_day_opens_at_5949_whatever_the_seed(seed: int) -> None:
    day = synthesize(short_session(WALKTHROUGH, 60), seed)
    assert (int(day.spx_e4[0]), int(day.vix_e4[0])) == (59_490_000, 158_300)
    listed = {contract.strike_points for contract in day.contracts}
    assert set(range(5900, 6001, 5)) <= listed


def test_walkthrough_day_lists_its_strikes(walkthrough_day: Day) -> None:
    strikes = [contract.strike_points for contract in walkthrough_day.contracts[0::2]]
    near = [strike for strike in strikes if 5800 <= strike <= 6100]
    assert near == list(range(5800, 6101, 5))
    assert all(a < b for a, b in pairwise(strikes))


def second_at(day: Day, utc: str) -> int:
    return day.second_of(datetime.fromisoformat(f"{day.date}T{utc}+00:00"))


def mids_cents(day: Day, option: str) -> NDArray[np.float64]:
    row = day.row_of[Contract(int(option[:4]), Right(option[4]))]
    return 2.5 * (day.bid_ticks[row].astype(np.float64) + day.ask_ticks[row])


def test_walkthrough_day_tells_the_walkthroughs_story(walkthrough_day: Day) -> None:
    day = walkthrough_day
    debit = mids_cents(day, "5950C") - mids_cents(day, "5970C")
    assert debit[second_at(day, "14:35:00")] <= 1050
    noon, later = second_at(day, "17:00:00"), second_at(day, "18:30:00")
    credit = mids_cents(day, "5900P") - mids_cents(day, "5880P")
    assert credit[noon] < 150 <= credit[noon:later].max()
    call = mids_cents(day, "5960C")
    assert call[noon:later].min() <= 1200 < call[noon]


def changes_a_minute(day: Day, contract: Contract) -> float:
    row = day.row_of[contract]
    moved = np.diff(day.bid_ticks[row].astype(np.int64)) | np.diff(day.ask_ticks[row].astype(np.int64))
    return float(np.count_nonzero(moved) / (day.close_second / 60))


def test_quotes_rest_between_changes(walkthrough_day: Day) -> None:
    near = changes_a_minute(walkthrough_day, Contract(5970, Right.CALL))
    deep = changes_a_minute(walkthrough_day, Contract(5500, Right.CALL))
    far = changes_a_minute(walkthrough_day, Contract(6500, Right.CALL))
    assert 15 < near < 55
    assert 2 < deep < 15
    assert far == 0


def test_wings_are_one_sided(walkthrough_day: Day) -> None:
    day = walkthrough_day
    for contract in (Contract(6500, Right.CALL), Contract(5500, Right.PUT)):
        row = day.row_of[contract]
        assert (day.bid_ticks[row] == 0).all()
        assert (day.ask_ticks[row] == 1).all()


def test_spreads_widen_from_the_wings_into_the_money(walkthrough_day: Day) -> None:
    width = walkthrough_day.ask_ticks.astype(np.int64) - walkthrough_day.bid_ticks
    strikes = (6100, 6000, 5950, 5925, 5850)
    medians = [float(np.median(width[walkthrough_day.row_of[Contract(k, Right.CALL)]])) for k in strikes]
    assert medians == sorted(medians)
    assert (medians[0], medians[-1]) == (1, 122)
