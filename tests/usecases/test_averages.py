"""The average expected move: which days it is of, and that they are summed once."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from engine.aggregates import UNKNOWN, expected_move
from engine.denials import Code
from engine.market import MISSING_TICKS
from tests.days import publish_day, publish_tiny_day, tiny_day
from tests.people import Town, denied
from usecases import averages
from usecases.averages import AverageMoves, AverageRequest
from usecases.ports import Viewer

DATES = [date(2025, 1, day) for day in (13, 14, 15)]
AFTER = datetime(2025, 1, 16, tzinfo=UTC)


async def asked(
    town: Town, viewer: Viewer, request: AverageRequest | None = None, now: datetime | None = AFTER
) -> AverageMoves:
    ports = replace(town.ports, market_now=lambda: now)
    answer = await averages.average_expected_move(ports, viewer, request or AverageRequest())
    assert isinstance(answer, AverageMoves), answer
    return answer


async def a_viewer(town: Town) -> Viewer:
    return (await town.person(password=None)).viewer


def publish_synthetic(root: Path, on: date) -> None:
    publish_day(root, replace(tiny_day(on), synthetic=True))


async def test_the_mean_of_every_second_is_over_the_days_that_are_still_open(
    town: Town, tmp_path: Path
) -> None:
    publish_tiny_day(tmp_path, DATES[0])
    publish_tiny_day(tmp_path, DATES[1], close_second=300)
    moves = await asked(town, await a_viewer(town), AverageRequest(interval_seconds=100))

    long, short = expected_move(tiny_day(DATES[0])), expected_move(tiny_day(DATES[1], close_second=300))
    both = (2 * (long[:301] + short) + 2) // 4
    assert (moves.first, moves.last, moves.days, moves.synthetic) == (DATES[0], DATES[1], 2, False)
    assert moves.seconds == range(0, 601, 100)
    assert moves.counts.tolist() == [2, 2, 2, 2, 1, 1, 1]
    assert moves.means_e6.tolist() == [*both[::100], *long[400::100]]


async def test_recorded_days_are_never_mixed_with_synthetic_ones(town: Town, tmp_path: Path) -> None:
    publish_synthetic(tmp_path, DATES[0])
    publish_tiny_day(tmp_path, DATES[1])
    publish_synthetic(tmp_path, DATES[2])
    viewer = await a_viewer(town)

    every = await asked(town, viewer)
    assert (every.first, every.last, every.days, every.synthetic) == (DATES[1], DATES[1], 1, False)
    early = await asked(town, viewer, AverageRequest(last=DATES[0]))
    assert (early.first, early.last, early.days, early.synthetic) == (DATES[0], DATES[0], 1, True)


async def test_a_session_that_is_not_over_does_not_count(town: Town, tmp_path: Path) -> None:
    for on in DATES:
        publish_tiny_day(tmp_path, on)
    viewer = await a_viewer(town)
    during = await asked(town, viewer, now=datetime(2025, 1, 15, 14, 39, 59, tzinfo=UTC))
    after = await asked(town, viewer, now=datetime(2025, 1, 15, 14, 40, tzinfo=UTC))
    assert (during.last, during.days, after.last, after.days) == (DATES[1], 2, DATES[2], 3)


async def test_the_same_days_are_summed_once_and_a_new_one_is_noticed(town: Town, tmp_path: Path) -> None:
    publish_tiny_day(tmp_path, DATES[0])
    viewer = await a_viewer(town)
    first, second = await asked(town, viewer), await asked(town, viewer)
    assert first.counts.base is second.counts.base

    publish_tiny_day(tmp_path, DATES[1], close_second=300)
    assert (await asked(town, viewer)).counts.tolist() == [2] * 6 + [1] * 5


async def test_what_no_day_tells_is_unknown(town: Town, tmp_path: Path) -> None:
    day = tiny_day(DATES[0])
    bids, asks = np.array(day.bid_ticks), np.array(day.ask_ticks)
    bids[:, :300] = asks[:, :300] = MISSING_TICKS
    publish_day(tmp_path, replace(day, bid_ticks=bids, ask_ticks=asks))
    moves = await asked(town, await a_viewer(town), AverageRequest(interval_seconds=299))
    last = int(expected_move(day)[598])
    assert (moves.means_e6.tolist(), moves.counts.tolist()) == ([UNKNOWN, UNKNOWN, last], [0, 0, 1])


async def test_a_day_without_strikes_near_the_index_does_not_count(town: Town, tmp_path: Path) -> None:
    publish_tiny_day(tmp_path, DATES[0], strikes=(5900, 6000))
    publish_tiny_day(tmp_path, DATES[1])
    moves = await asked(town, await a_viewer(town), AverageRequest(interval_seconds=300))
    assert moves.counts.tolist() == [1, 1, 1]
    assert moves.means_e6.tolist() == expected_move(tiny_day(DATES[1]))[::300].tolist()


@pytest.mark.parametrize(
    ("request_", "code", "message"),
    [
        (
            AverageRequest(interval_seconds=0),
            Code.INVALID_INPUT,
            "interval must be a whole number of seconds from 1 to 23400",
        ),
        (
            AverageRequest(DATES[1], DATES[0]),
            Code.INVALID_INPUT,
            "to must be 2025-01-14 or later, the date of from",
        ),
        (
            AverageRequest(DATES[1], DATES[2]),
            Code.SESSION_NOT_RECORDED,
            "no completed session is recorded from 2025-01-14 to 2025-01-15",
        ),
        (
            AverageRequest(last=date(2025, 1, 10)),
            Code.SESSION_NOT_RECORDED,
            "no completed session is recorded to 2025-01-10",
        ),
    ],
)
async def test_a_request_without_days_is_denied(
    town: Town, tmp_path: Path, request_: AverageRequest, code: Code, message: str
) -> None:
    publish_tiny_day(tmp_path, DATES[0])
    answer = denied(await averages.average_expected_move(town.ports, await a_viewer(town), request_))
    assert (answer.code, answer.message) == (code, message)
