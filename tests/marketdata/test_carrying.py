"""Carrying forward, against a twin that looks every second up by itself."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.contracts import Contract, Right
from engine.market import MISSING_DELTA, MISSING_INDEX, MISSING_TICKS
from marketdata.carrying import carry_chain, carry_index, resolution, silence_limit, spread
from marketdata.cleaning import Changes
from marketdata.rows import Prints

CLOSE = 400
CONTRACTS = tuple(Contract(strike, Right.CALL) for strike in (5940, 5950, 5960))

changes_lists = st.lists(
    st.tuples(st.integers(0, len(CONTRACTS) - 1), st.integers(0, CLOSE), st.integers(0, 90)),
    min_size=1,
    max_size=40,
)


def changes_of(rows: list[tuple[int, int, int]]) -> Changes:
    """Rows of (contract, second, bid in ticks); every ask is 5 ticks above and every tenth bid missing."""
    contracts, seconds, bids = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    missing = bids % 10 == 0
    return Changes(
        contracts=CONTRACTS,
        rows=contracts,
        seconds=seconds,
        bid_ticks=np.where(missing, MISSING_TICKS, bids).astype(np.uint16),
        ask_ticks=np.where(missing, MISSING_TICKS, bids + 5).astype(np.uint16),
        delta_e4=np.where(bids % 3 == 0, MISSING_DELTA, bids).astype(np.int16),
    )


def stepped(rows: list[tuple[int, int, int]], limit: int) -> list[list[int]]:
    """Bids [second, contract], by going through the day second by second."""
    standing, heard, bids = [MISSING_TICKS] * len(CONTRACTS), CLOSE, []
    for second in range(CLOSE + 1):
        now = [row for row in rows if row[1] == second]
        for contract, _, bid in now:
            standing[contract] = MISSING_TICKS if bid % 10 == 0 else bid
        heard = second if now else heard
        if second - heard > limit:
            standing = [MISSING_TICKS] * len(CONTRACTS)
        bids.append(list(standing))
    return bids


@given(changes_lists)
def test_carrying_equals_going_through_the_day_second_by_second(rows: list[tuple[int, int, int]]) -> None:
    changes = changes_of(rows)
    chain = carry_chain(changes, CLOSE)
    bids = spread(chain.bid_ticks, chain.points, CLOSE, axis=1)
    asks = spread(chain.ask_ticks, chain.points, CLOSE, axis=1)
    expected = np.array(stepped(rows, silence_limit(resolution(np.unique(changes.seconds))))).T
    assert bids.tolist() == expected.tolist()
    assert asks.tolist() == np.where(expected == MISSING_TICKS, MISSING_TICKS, expected + 5).tolist()


def test_deltas_of_the_source_are_carried_with_its_rows() -> None:
    chain = carry_chain(changes_of([(0, 10, 41), (0, 20, 42), (1, 20, 44)]), CLOSE)
    assert chain.points.tolist() == [0, 10, 20, 86]
    assert chain.delta_e4[:2].tolist() == [[-1, 41, -1, -1], [-1, -1, 44, -1]]


def test_the_resolution_is_the_commonest_step() -> None:
    assert resolution(np.array([60, 120, 180, 600])) == 60
    assert resolution(np.array([60])) == 1


def test_a_minute_chain_may_be_silent_for_a_minute_and_a_half_hour_chain_for_half_an_hour() -> None:
    assert [silence_limit(seconds) for seconds in (1, 60, 1800)] == [65, 65, 1805]


def test_an_index_is_missing_before_its_first_print_and_after_what_is_known() -> None:
    prints = Prints.of(np.array([7, 5, 7, 9]), np.array([80, 50, 70, 0]))
    assert carry_index(prints, 10, 8).tolist() == [MISSING_INDEX] * 5 + [50, 50, 70, 70] + [MISSING_INDEX] * 2
    assert carry_index(Prints.none(), 2, 2).tolist() == [MISSING_INDEX] * 3
