"""The average expected move over HTTP."""

from datetime import date

import numpy as np
import orjson

from engine.aggregates import UNKNOWN
from rest_compat.averages import average_rows
from tests.rest_compat.desk import Desk
from usecases.averages import AverageMoves

PATH = "/market-data/average-expected-move"


async def test_the_average_is_by_new_york_time_over_the_recorded_days(trader: Desk) -> None:
    answer = await trader.get(f"{PATH}?interval=300")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == {
        "from": "2025-01-14",
        "to": "2025-01-15",
        "days": 2,
        "synthetic": False,
        "averages": [
            {"time": "09:30:00", "spx_expected_move": "0.001681", "days": 2},
            {"time": "09:35:00", "spx_expected_move": "0.00084", "days": 2},
            {"time": "09:40:00", "spx_expected_move": "0.000017", "days": 2},
        ],
    }


async def test_the_days_can_be_chosen(trader: Desk) -> None:
    answer = (await trader.get(f"{PATH}?from=2025-01-14&to=2025-01-14")).json()

    assert (answer["from"], answer["to"], answer["days"]) == ("2025-01-14", "2025-01-14", 1)
    assert [row["time"] for row in answer["averages"]] == [f"09:{minute}:00" for minute in range(30, 41)]


async def test_denials_name_the_parameter(trader: Desk) -> None:
    told = [
        (await trader.get(f"{PATH}?{query}")).text
        for query in ("from=2025-01-15&to=2025-01-14", "from=yesterday", "to=2025-02-30", "interval=0")
    ]
    assert told == [
        "to must be 2025-01-15 or later, the date of from",
        "from must be a date like 2025-01-15",
        "to is not a day of the calendar",
        "interval must be a whole number of seconds from 1 to 23400",
    ]


async def test_restricted_days_are_not_averaged_for_a_visitor(visitor: Desk) -> None:
    answer = await visitor.get(PATH)

    assert (answer.status_code, answer.headers["x-error-code"]) == (401, "unauthenticated")


def test_a_time_that_no_day_tells_is_null() -> None:
    day = date(2025, 1, 15)
    moves = AverageMoves(
        first=day,
        last=day,
        days=12,
        synthetic=True,
        seconds=range(0, 23_401, 23_400),
        means_e6=np.array([UNKNOWN, 5100]),
        counts=np.array([0, 12]),
    )
    assert orjson.loads(b"".join(average_rows(moves))) == {
        "from": "2025-01-15",
        "to": "2025-01-15",
        "days": 12,
        "synthetic": True,
        "averages": [
            {"time": "09:30:00", "spx_expected_move": None, "days": 0},
            {"time": "16:00:00", "spx_expected_move": "0.0051", "days": 12},
        ],
    }
