"""What sessions answer whose recording was lost."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest_asyncio

from engine.denials import Code
from marketdata.library import Library
from marketdata.live import LiveMarket
from rest_compat.application import OPERATIONS
from tests.rest_compat.desk import Desk, client
from tests.rest_compat.everything import ask, named_by, opened

NEED_NO_RECORDING = {"simulation_delete", "account_session_delete"}


@pytest_asyncio.fixture
async def bereft(trader: Desk) -> AsyncIterator[tuple[Desk, dict[str, str]]]:
    """A trader with a simulation, a day of an account and a live session, whose date and whose tape are
    lost; their ids."""
    ids = await opened(trader)
    shutil.rmtree(trader.town.days / "2025-01-15")
    live = trader.town.ports.live.root
    shutil.rmtree(live)
    ports = replace(trader.town.ports, library=Library(trader.town.days), live=LiveMarket(live))
    async with client(ports, trader.http.headers["Authorization"]) as http:
        yield replace(trader, http=http), ids


async def test_whatever_needs_the_recording_is_declared_to_say_so_and_when_to_ask_again(
    bereft: tuple[Desk, dict[str, str]],
) -> None:
    desk, ids = bereft
    said = {}
    for one in OPERATIONS:
        if one.prefix and one.id not in NEED_NO_RECORDING:
            answer = await ask(desk.http, one, named_by(one, ids))
            said[one.id] = (
                answer.status_code,
                answer.headers.get("x-error-code"),
                answer.headers["retry-after"],
            )
            assert Code.DAY_UNAVAILABLE in one.codes, one.id
    assert set(said.values()) == {(503, "day_unavailable", "60")}
    head = await desk.get(f"/accounts/{ids['account_id']}/sessions/head")
    assert (head.status_code, ids["session_id"] in head.text) == (503, True)


async def test_a_lost_day_is_listed_and_can_be_deleted(bereft: tuple[Desk, dict[str, str]]) -> None:
    desk, ids = bereft
    sessions = f"/accounts/{ids['account_id']}/sessions"
    for path, session_id in (("/simulations", ids["simulation_id"]), (sessions, ids["session_id"])):
        (listed,) = (await desk.get(path)).json()
        assert (listed["id"], listed["status"], listed["unavailable"]) == (session_id, "open", True)
        assert (await desk.http.delete(f"{path}/{session_id}")).status_code == 204
        assert (await desk.get(path)).json() == []


async def test_a_live_session_whose_tape_is_lost_can_be_ended(bereft: tuple[Desk, dict[str, str]]) -> None:
    desk, _ = bereft
    unread = await desk.get("/live")
    assert (unread.status_code, unread.headers["x-error-code"]) == (503, "day_unavailable")
    assert (await desk.http.delete("/live")).status_code == 204
    assert (await desk.get("/live")).json() is None
