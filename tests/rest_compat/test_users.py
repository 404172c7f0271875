"""The profile over HTTP: walkthrough parts 2.5 and 2.6."""

from typing import Any

import pytest

from tests.rest_compat.desk import Desk

DEFAULT_FEES = {
    "buy_equity": "0.0008",
    "sell_equity": "0.003986",
    "buy_to_open_option": "1.72",
    "sell_to_open_option": "1.72",
    "buy_to_close_option": "0.72",
    "sell_to_close_option": "0.72",
    "exercise_option": "5",
}
OWN_FEES = {
    "buy_equity": "0.001",
    "sell_equity": "0.005",
    "buy_to_open_option": "2.000",
    "sell_to_open_option": "2.000",
    "buy_to_close_option": "0.250",
    "sell_to_close_option": "0.250",
    "exercise_option": "7.50",
}
NO_FEE = (
    'fee_schedule.exercise_option must be a non-negative decimal string such as "1.72", '
    "with at most six places"
)


async def test_profile_shows_the_fees_in_force(trader: Desk) -> None:
    profile = (await trader.get("/user")).json()
    profile.pop("id")

    assert profile == {
        "email": "trader@example.com",
        "usage_percent": 0,
        "fee_schedule": DEFAULT_FEES,
        "slippage": "0.00",
    }


async def test_fees_are_overridden_and_reset(trader: Desk) -> None:
    changed = await trader.http.patch("/user", json={"fee_schedule": OWN_FEES})
    own = (await trader.get("/user")).json()["fee_schedule"]
    reset = await trader.http.patch("/user", json={"fee_schedule": None})

    assert (changed.status_code, changed.content, reset.status_code) == (204, b"", 204)
    assert own == {
        "buy_equity": "0.001",
        "sell_equity": "0.005",
        "buy_to_open_option": "2",
        "sell_to_open_option": "2",
        "buy_to_close_option": "0.25",
        "sell_to_close_option": "0.25",
        "exercise_option": "7.5",
    }
    assert (await trader.get("/user")).json()["fee_schedule"] == DEFAULT_FEES


async def test_slippage_is_set_and_the_fees_stay(trader: Desk) -> None:
    await trader.http.patch("/user", json={"fee_schedule": OWN_FEES})
    await trader.http.patch("/user", json={"slippage": 0.10})

    profile = (await trader.get("/user")).json()
    assert (profile["slippage"], profile["fee_schedule"]["exercise_option"]) == ("0.10", "7.5")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"slippage": "0.07"}, "slippage must be a multiple of 0.05 from 0 to 5.00"),
        ({"fee_schedule": {"buy_equity": "1"}}, "fee_schedule.sell_equity is required"),
        (
            {"fee_schedule": {**OWN_FEES, "exercise_option": "50.01"}},
            "fee_schedule.exercise_option must be at most 50",
        ),
        (
            {"fee_schedule": {**OWN_FEES, "exercise_option": "-1"}},
            NO_FEE,
        ),
        ({"fee_schedule": 7}, "fee_schedule must be an object"),
    ],
)
async def test_bad_change_is_refused_by_name(trader: Desk, change: dict[str, Any], message: str) -> None:
    answer = await trader.http.patch("/user", json=change)

    assert (answer.status_code, answer.headers["x-error-code"]) == (400, "invalid_input")
    assert answer.text == message
    assert (await trader.get("/user")).json()["slippage"] == "0.00"
