"""Distinct days made cheaply: an index that walks and quotes that follow it, all in integers.

They are as long and as wide as asked, and no more like a market than the scans need: a strike's
premium shrinks with its distance and with the time left, and each quote stands for five seconds.
"""

from datetime import UTC, date, timedelta

import numpy as np
from numpy.typing import NDArray

from engine.calendar import OPEN_TIME, new_york_to_utc
from engine.contracts import Contract, Right
from engine.market import Day, SettlementSource

CLOSE_SECOND = 23_400
STICKY_SECONDS = 5
FIRST_DATE = date(2024, 1, 1)
CENTRE_POINTS, STRIKE_POINTS = 5_950, 5
TIME_VALUE_E4, REACH_E4 = 90_000, 600_000


def chain_day(number: int, contracts: int) -> Day:
    """The day of a number: a weekday of its own, and walks that no other has."""
    rng = np.random.default_rng(number)
    listed = chain(contracts)
    steps = CLOSE_SECOND // STICKY_SECONDS + 1
    spx_e4 = CENTRE_POINTS * 10_000 + np.cumsum(rng.integers(-2_000, 2_001, steps))
    inside_e4 = _inside_e4(listed, spx_e4)
    bids = _bids(inside_e4, rng.integers(0, 2, (contracts, steps), np.int64))
    day = weekday(number)
    index = _every_second(spx_e4.astype(np.int32))
    return Day(
        date=day,
        open_at=new_york_to_utc(day, OPEN_TIME).astimezone(UTC),
        close_second=CLOSE_SECOND,
        contracts=listed,
        bid_ticks=_every_second(bids),
        ask_ticks=_every_second(bids + np.uint16(2)),
        delta_e4=np.ascontiguousarray(_every_second(_deltas(inside_e4)).T),
        spx_e4=index,
        vix_e4=np.full(CLOSE_SECOND + 1, 150_000, np.int32),
        known_from=0,
        known_until=CLOSE_SECOND,
        settlement_cents=int(index[-1]) // 100,
        settlement_source=SettlementSource.OFFICIAL,
        content_hash=str(number),
        synthetic=True,
    )


def chain(contracts: int) -> tuple[Contract, ...]:
    """Half as many strikes around the centre, a call and a put of each."""
    first = CENTRE_POINTS - contracts // 4 * STRIKE_POINTS
    strikes = range(first, first + contracts // 2 * STRIKE_POINTS, STRIKE_POINTS)
    return tuple(Contract(strike, right) for strike in strikes for right in (Right.CALL, Right.PUT))


def weekday(number: int) -> date:
    weeks, rest = divmod(number, 5)
    return FIRST_DATE + timedelta(weeks=weeks, days=rest)


def _inside_e4(listed: tuple[Contract, ...], spx_e4: NDArray[np.int64]) -> NDArray[np.int64]:
    """How far in the money each contract is, in 0.0001 points."""
    strikes_e4 = np.array([[contract.strike_points * 10_000] for contract in listed])
    signs = np.array([[1 if contract.is_call else -1] for contract in listed])
    return np.asarray(signs * (spx_e4 - strikes_e4))


def _bids(inside_e4: NDArray[np.int64], jitter: NDArray[np.int64]) -> NDArray[np.uint16]:
    """Intrinsic value and a time value that falls with the distance squared and with time."""
    nearness = np.maximum(REACH_E4 - np.abs(inside_e4), 0) // 100
    left = np.linspace(100, 0, inside_e4.shape[1]).astype(np.int64)
    time_value_e4 = nearness * nearness // (REACH_E4 // 100) * TIME_VALUE_E4 // (REACH_E4 // 100)
    ticks = (np.maximum(inside_e4, 0) + time_value_e4 * left // 100) // 500 + jitter
    return ticks.astype(np.uint16)


def _deltas(inside_e4: NDArray[np.int64]) -> NDArray[np.int16]:
    return np.clip(5_000 + inside_e4 // 100, 0, 10_000).astype(np.int16)


def _every_second(values: NDArray[np.generic]) -> NDArray[np.generic]:
    repeated = np.repeat(values, STICKY_SECONDS, axis=-1)
    return np.ascontiguousarray(repeated[..., : CLOSE_SECOND + 1])
