from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from api.scalars import known_column
from engine.aggregates import UNKNOWN
from tests.api.asking import Asker, Desk, application
from tests.days import publish_tiny_day

DAY = 'marketDay(date: "2025-01-15")'


def at(desk: Desk, hour: int, minute: int, token: str | None = None) -> Asker:
    """Somebody who asks while the market's clock stands at that time of the tiny day."""
    now = datetime(2025, 1, 15, hour, minute, tzinfo=UTC)
    return Asker(application(replace(desk.town.ports, market_now=lambda: now)), token)


async def test_sessions_are_listed_newest_first_with_their_bounds(desk: Desk, tmp_path: Path) -> None:
    publish_tiny_day(tmp_path, date(2025, 1, 14))
    data = await at(desk, 15, 0).ask(
        "{ marketSessions { nodes { date startTime endTime dataStartTime dataEndTime"
        " restricted current synthetic } } }"
    )
    newest, older = data["marketSessions"]["nodes"]
    assert newest == {
        "date": "2025-01-15",
        "startTime": "2025-01-15T14:30:00Z",
        "endTime": "2025-01-15T14:40:00Z",
        "dataStartTime": "2025-01-15T14:30:00Z",
        "dataEndTime": "2025-01-15T14:40:00Z",
        "restricted": False,
        "current": False,
        "synthetic": False,
    }
    assert (older["date"], older["restricted"]) == ("2025-01-14", True)


async def test_sessions_page_by_date(desk: Desk, tmp_path: Path) -> None:
    for day in (13, 14):
        publish_tiny_day(tmp_path, date(2025, 1, day))
    query = (
        "query($after: String) { marketSessions(first: 2, after: $after)"
        " { nodes { date } pageInfo { endCursor hasNextPage } } }"
    )
    first = (await desk.owner.ask(query))["marketSessions"]
    rest = (await desk.owner.ask(query, {"after": first["pageInfo"]["endCursor"]}))["marketSessions"]
    dates = [node["date"] for node in first["nodes"] + rest["nodes"]]
    assert dates == ["2025-01-15", "2025-01-14", "2025-01-13"]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)


async def test_a_date_that_is_not_recorded_is_null(desk: Desk) -> None:
    assert await desk.owner.ask('{ marketDay(date: "2025-01-11") { date } }') == {"marketDay": None}


async def test_strikes_ascend(desk: Desk) -> None:
    data = await desk.owner.ask(f"{{ {DAY} {{ strikes }} }}")
    assert data["marketDay"]["strikes"] == [5930, 5940, 5950, 5960, 5970]


async def test_the_chain_is_columns_of_cents_and_deltas(desk: Desk) -> None:
    data = await desk.owner.ask(
        f'{{ {DAY} {{ chain(at: "2025-01-15T14:31:00Z") {{ time strikes'
        " callBidCents callAskCents callDeltaE4 putBidCents putAskCents putDeltaE4 } } }"
    )
    assert data["marketDay"]["chain"] == {
        "time": "2025-01-15T14:31:00Z",
        "strikes": [5930, 5940, 5950, 5960, 5970],
        "callBidCents": [2440, 1440, 440, 440, 440],
        "callAskCents": [2460, 1460, 460, 460, 460],
        "callDeltaE4": [7000, 6000, 5000, 4000, 3000],
        "putBidCents": [440, 440, 440, 1440, 2440],
        "putAskCents": [460, 460, 460, 1460, 2460],
        "putDeltaE4": [3000, 4000, 5000, 6000, 7000],
    }


@pytest.mark.parametrize(
    ("time", "message"),
    [
        ("2025-01-15T14:29:59Z", "runs from 2025-01-15T14:30:00 to 2025-01-15T14:40:00 UTC"),
        ("2025-01-14T14:31:00Z", "must be a time of the session of 2025-01-15"),
    ],
)
async def test_a_chain_outside_the_session_is_refused_with_its_bounds(
    desk: Desk, time: str, message: str
) -> None:
    (error,) = await desk.owner.errors(f'{{ {DAY} {{ chain(at: "{time}") {{ strikes }} }} }}')
    assert message in error["message"]
    assert error["extensions"]["code"] == "MALFORMED"


async def test_only_the_selected_series_are_there_through_fragments_too(desk: Desk) -> None:
    data = await desk.owner.ask(
        f"{{ {DAY} {{ series {{ timeUnix ...Index ... on DaySeries {{ spxOtmBidsCents }} }} }} }}"
        " fragment Index on DaySeries { spxE4 vixE4 }"
    )
    series = data["marketDay"]["series"]
    assert sorted(series) == ["spxE4", "spxOtmBidsCents", "timeUnix", "vixE4"]
    assert series["timeUnix"] == list(range(1736951400, 1736951400 + 601))
    assert (series["spxE4"], series["vixE4"]) == ([59_500_000] * 601, [150_000] * 601)
    assert series["spxOtmBidsCents"][:2] == [4 * 490, 4 * 485]


async def test_a_visitor_sees_the_last_completed_day_every_thirty_seconds(desk: Desk, tmp_path: Path) -> None:
    publish_tiny_day(tmp_path, date(2025, 1, 14))
    data = await at(desk, 15, 0).ask(f"{{ {DAY} {{ series {{ timeUnix }} }} }}")
    assert data["marketDay"]["series"]["timeUnix"] == list(range(1736951400, 1736951400 + 601, 30))
    (error,) = await at(desk, 15, 0).errors('{ marketDay(date: "2025-01-14") { series { timeUnix } } }')
    assert error["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_visitor_sees_the_session_in_progress_every_second_and_never_its_chain(desk: Desk) -> None:
    data = await at(desk, 14, 35).ask(f"{{ {DAY} {{ current restricted series {{ timeUnix }} }} }}")
    assert (data["marketDay"]["current"], data["marketDay"]["restricted"]) == (True, False)
    assert data["marketDay"]["series"]["timeUnix"] == list(range(1736951400, 1736951400 + 601))
    for field in (
        'chain(at: "2025-01-15T14:31:00Z") { strikes }',
        'chains(start: "2025-01-15T14:31:00Z", end: "2025-01-15T14:31:01Z") { strikes }',
        "strikes",
    ):
        (error,) = await at(desk, 14, 35).errors(f"{{ {DAY} {{ {field} }} }}")
        assert error["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("values", "rendered"),
    [([1, 2], [1, 2]), ([1, UNKNOWN], [1, None]), ([UNKNOWN, UNKNOWN], None)],
)
def test_what_is_unknown_is_null_and_a_column_of_nothing_is_null_itself(
    values: list[int], rendered: object
) -> None:
    column = known_column(np.array(values))
    assert (column if column is None else list(column)) == rendered  # type: ignore[call-overload]
