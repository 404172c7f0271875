"""Market data over HTTP: walkthrough part 3, and who may see what (rulings 5.6)."""

from datetime import UTC, datetime

import pytest

from tests.rest_compat.desk import EARLIER, Desk, at_market_time, client

COMPLETED = {
    "start-time": "2025-01-15T14:30:00Z",
    "end-time": "2025-01-15T14:40:00Z",
    "data-start-time": "2025-01-15T14:30:00Z",
    "data-end-time": "2025-01-15T14:40:00Z",
}
BEFORE = {name: text.replace("-15T", "-14T") for name, text in COMPLETED.items()}


async def test_traders_see_every_day_unrestricted(trader: Desk) -> None:
    answer = await trader.get("/market-data/sessions")

    assert answer.json() == {"2025-01-14": BEFORE, "2025-01-15": COMPLETED}


async def test_visitors_see_the_last_completed_day_only(visitor: Desk) -> None:
    answer = await visitor.get("/market-data/sessions")

    assert answer.json() == {"2025-01-14": {**BEFORE, "restricted": True}, "2025-01-15": COMPLETED}


async def test_session_in_progress_is_current_and_open_to_all(visitor: Desk) -> None:
    town = at_market_time(visitor.town, datetime(2025, 1, 15, 14, 35, tzinfo=UTC))
    async with client(town.ports) as http:
        answer = await http.get("/market-data/sessions")

    assert answer.json() == {"2025-01-14": BEFORE, "2025-01-15": {**COMPLETED, "current": True}}


async def test_session_of_today_is_upcoming_until_it_opens(visitor: Desk) -> None:
    town = at_market_time(visitor.town, datetime(2025, 1, 16, 13, tzinfo=UTC))
    async with client(town.ports) as http:
        answer = await http.get("/market-data/sessions")

    assert answer.json()["2025-01-16"] == {
        "start-time": "2025-01-16T14:30:00Z",
        "end-time": "2025-01-16T21:00:00Z",
        "data-start-time": None,
        "data-end-time": None,
        "upcoming": True,
    }


async def test_strikes_are_listed_in_order(trader: Desk) -> None:
    answer = await trader.get("/market-data/strikes/2025-01-15")

    assert answer.json() == [5930, 5940, 5950, 5960, 5970]


async def test_unrecorded_date_is_not_found(trader: Desk) -> None:
    answer = await trader.get("/market-data/strikes/2025-01-13")

    assert (answer.status_code, answer.text) == (404, "no session is recorded for 2025-01-13")
    assert answer.headers["x-error-code"] == "session_not_recorded"


@pytest.mark.parametrize("timestamp", ["2025-01-15T14:30:00", "2025-01-15T14:30:00Z"])
async def test_chain_shows_both_sides_of_every_strike(trader: Desk, timestamp: str) -> None:
    chain = (await trader.get(f"/market-data/option-chain-snapshots/{timestamp}")).json()

    assert list(chain)[:4] == ["call_5930", "put_5930", "call_5940", "put_5940"]
    assert chain["call_5950"] == {"bid": 4.9, "ask": 5.1, "delta": 0.5}
    assert chain["put_5940"] == {"bid": 4.9, "ask": 5.1, "delta": 0.4}


async def test_chain_outside_the_session_names_its_bounds(trader: Desk) -> None:
    answer = await trader.get("/market-data/option-chain-snapshots/2025-01-15T09:35:00")

    assert answer.status_code == 404
    assert answer.headers["x-error-code"] == "outside_session"
    assert answer.text == (
        "the session of 2025-01-15 runs from 2025-01-15T14:30:00 to 2025-01-15T14:40:00 UTC"
    )


async def test_malformed_time_is_refused_by_name(trader: Desk) -> None:
    answer = await trader.get("/market-data/option-chain-snapshots/14:35")

    assert (answer.status_code, answer.text) == (
        400,
        "timestamp must be a UTC time like 2025-01-15T14:35:00",
    )


@pytest.mark.parametrize(
    ("until", "seconds"),
    [
        ("14:30:29", list(range(30))),
        ("14:30:00", [0]),
        ("14:30:10?interval=5", [0, 5, 10]),
        ("14:30:14?interval=5", [0, 5, 10]),
        ("14:40:00?interval=21", list(range(0, 601, 21))),
        ("14:40:00Z?interval=600", [0, 600]),
    ],
)
async def test_chains_of_a_range_are_those_of_its_seconds(
    trader: Desk, until: str, seconds: list[int]
) -> None:
    path = "/market-data/option-chain-snapshots/2025-01-15T"
    answer = await trader.get(f"{path}14:30:00/2025-01-15T{until}")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    times = [f"14:{30 + second // 60}:{second % 60:02}" for second in seconds]
    assert list(answer.json()) == [f"2025-01-15T{time}Z" for time in times]
    for time in (times[0], times[-1]):
        single = (await trader.get(path + time)).json()
        assert answer.json()[f"2025-01-15T{time}Z"] == single


BOUNDS = "the session of 2025-01-15 runs from 2025-01-15T14:30:00 to 2025-01-15T14:40:00 UTC"


@pytest.mark.parametrize(
    ("asked", "status", "code", "message"),
    [
        (
            "2025-01-15T14:30:00/2025-01-15T14:30:30",
            400,
            "invalid_input",
            "interval of 1 gives 31 snapshots and at most 30 are answered: take 2 to 23400 seconds",
        ),
        (
            "2025-01-15T14:30:00/2025-01-15T14:40:00?interval=20",
            400,
            "invalid_input",
            "interval of 20 gives 31 snapshots and at most 30 are answered: take 21 to 23400 seconds",
        ),
        (
            "2025-01-15T14:30:01/2025-01-15T14:30:00",
            400,
            "invalid_input",
            "end must not be before start",
        ),
        (
            "2025-01-15T14:30:00/2025-01-16T14:30:00?interval=23400",
            400,
            "invalid_input",
            "end must be on the date of start, 2025-01-15",
        ),
        (
            "2025-01-15T14:30:00/2025-01-15T14:30:01?interval=0",
            400,
            "invalid_input",
            "interval must be a whole number of seconds from 1 to 23400",
        ),
        (
            "2025-01-15T14:30:00/14:31",
            400,
            "invalid_input",
            "end must be a UTC time like 2025-01-15T14:35:00",
        ),
        ("2025-01-15T14:29:59/2025-01-15T14:30:00", 404, "outside_session", BOUNDS),
        ("2025-01-15T14:40:00/2025-01-15T14:40:01", 404, "outside_session", BOUNDS),
        (
            "2025-01-13T14:30:00/2025-01-13T14:30:01",
            404,
            "session_not_recorded",
            "no session is recorded for 2025-01-13",
        ),
    ],
)
async def test_a_range_of_chains_is_short_and_within_a_session(
    trader: Desk, asked: str, status: int, code: str, message: str
) -> None:
    answer = await trader.get(f"/market-data/option-chain-snapshots/{asked}")

    assert (answer.status_code, answer.headers["x-error-code"], answer.text) == (status, code, message)


async def test_series_have_a_row_a_second(trader: Desk) -> None:
    names = "spx,vix,spxExpectedMove,spxOTMBids,spxExtrinsic"
    rows = (await trader.get(f"/market-data/historical/2025-01-15?series={names}")).json()

    assert len(rows) == 601
    assert rows[0] == {
        "datetime": "2025-01-15T14:30:00Z",
        "datetimeUnix": 1736951400,
        "spx": "5950.00",
        "vix": "15.00",
        "spx_expected_move": "0.001681",
        "spx_otm_bids": "19.60",
        "spx_extrinsic": "10.00",
    }
    assert rows[600]["datetime"] == "2025-01-15T14:40:00Z"


async def test_series_are_index_and_expected_move_unless_chosen(trader: Desk) -> None:
    rows = (await trader.get("/market-data/historical/2025-01-14")).json()

    assert list(rows[0]) == ["datetime", "datetimeUnix", "spx", "spx_expected_move"]


async def test_unknown_series_is_refused(trader: Desk) -> None:
    answer = await trader.get("/market-data/historical/2025-01-15?series=spx,gamma")

    assert (answer.status_code, answer.headers["x-error-code"]) == (400, "unknown_series")


@pytest.mark.parametrize("asked", ["", "spx,"])
async def test_a_series_without_a_name_is_refused_with_the_names_there_are(trader: Desk, asked: str) -> None:
    answer = await trader.http.get(f"/market-data/historical/2025-01-15?series={asked}")

    assert (answer.status_code, answer.text) == (
        400,
        "series: a name is missing, choose from spx, vix, spxExpectedMove, spxOTMBids, spxExtrinsic",
    )


async def test_visitors_see_the_last_day_every_30_seconds(visitor: Desk) -> None:
    rows = (await visitor.get("/market-data/historical/2025-01-15?series=spx")).json()

    assert [row["datetimeUnix"] - 1736951400 for row in rows] == list(range(0, 601, 30))


async def test_visitors_see_the_session_in_progress_every_second(visitor: Desk) -> None:
    town = at_market_time(visitor.town, datetime(2025, 1, 15, 14, 35, tzinfo=UTC))
    async with client(town.ports) as http:
        rows = (await http.get("/market-data/historical/2025-01-15?series=spx")).json()

    assert len(rows) == 601


@pytest.mark.parametrize(
    "path",
    [
        f"/market-data/historical/{EARLIER}",
        "/market-data/historical/1999-01-04",
        "/market-data/strikes/2025-01-15",
        "/market-data/option-chain-snapshots/2025-01-15T14:30:00",
        "/market-data/option-chain-snapshots/2025-01-15T14:30:00/2025-01-15T14:30:10",
    ],
)
async def test_visitors_need_a_token_for_the_rest(visitor: Desk, path: str) -> None:
    answer = await visitor.get(path)

    assert (answer.status_code, answer.headers["x-error-code"]) == (401, "unauthenticated")


async def test_invalid_token_is_no_visitor(visitor: Desk) -> None:
    answer = await visitor.get("/market-data/sessions", headers={"Authorization": "0" * 32})

    assert (answer.status_code, answer.headers["x-error-code"]) == (401, "unauthenticated")
