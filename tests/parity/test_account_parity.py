"""An account kept through either face: the same answers, the same refusals, the same rows."""

from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from store.database import Database
from tests.api.asking import Asker
from tests.days import publish_tiny_day
from tests.parity.account_faces import AccountFace, AccountGraphQL, AccountRest
from tests.parity.test_parity import CREDIT, MARKET, STOP, VERTICAL, WAITING, Market, market, numbered

__all__ = ["market"]

THURSDAY, FRIDAY = "2025-01-16", "2025-01-17"
CONDORS = {"name": "Iron condors", "engine": "historical", "starting_capital": "300000"}
TABLES = {
    "accounts": "user_id = :user",
    "account_events": "account_id IN (SELECT id FROM accounts WHERE user_id = :user)",
    "journal": "account_id IN (SELECT id FROM accounts WHERE user_id = :user)",
    "settlements": "account_id IN (SELECT id FROM accounts WHERE user_id = :user)",
    "sessions": "user_id = :user",
    "orders": "user_id = :user",
    "session_events": "session_id IN (SELECT id FROM sessions WHERE user_id = :user)",
}
OWN = {"id", "uuid", "user_id", "account_id", "session_id", "open_session_id", "request_hash"}


async def everything(face: AccountFace) -> list[Any]:
    return [
        await face.account(),
        await face.days(),
        await face.head(),
        await face.session(),
        *[await face.read(what) for what in ("orders", "positions", "transactions")],
    ]


async def carry(face: AccountFace) -> list[Any]:
    """Days traded, settled, opened again, edited and deleted; everything that is told of them."""
    told = [await face.create_account(**CONDORS, description="both"), await face.open_day()]
    told += [await face.place(entry) for entry in (VERTICAL, WAITING, CREDIT, STOP, MARKET)]
    told += [await face.move("14:35:00"), *await everything(face), await face.history(60)]
    told += [await face.move("14:40:00"), *await everything(face)]
    told += [await face.open_day(THURSDAY), *await everything(face), await face.move("14:40:00")]
    told += [await face.open_day(), await face.open_day(), *await everything(face)]
    first = (await face.read("orders"))[0]
    told += [await face.delete(first["id"]), await face.move("14:40:00"), *await everything(face)]
    told += [await face.move("14:30:00"), await face.account(), await face.move("14:40:00")]
    told += [await face.delete_day(), await face.days(), await face.account(), await face.session()]
    return [*told, await face.delete_account(), await face.account(), await face.accounts()]


async def rename(face: AccountFace) -> list[Any]:
    """Changes of an account's own: one at a time, together, and refused."""
    told = [await face.create_account(**CONDORS), await face.update_account(name="Other")]
    told += [await face.create_account(**CONDORS), await face.update_account(name="Other")]
    told += [await face.update_account(name="Mine", description="Mine", starting_capital="5000.5")]
    told += [await face.update_account(description=None), await face.update_account(status="archived")]
    told += [await face.open_day(), await face.update_account(status="active", name="Again")]
    told += [await face.update_account(name=" "), await face.update_account(starting_capital="999")]
    told += [await face.open_day(), await face.update_account(status="archived")]
    told += [await face.update_account(starting_capital="7000"), await face.delete_account()]
    return [*told, *await everything(face), await face.accounts()]


async def refusals(face: AccountFace) -> list[Any]:
    """What an account or a day is refused for, by its code and its words."""
    told = [await face.create_account(**{**CONDORS, "engine": "broker_ibkr"})]
    told += [await face.create_account(**CONDORS, type="bot")]
    told += [await face.create_account(**{**CONDORS, "starting_capital": "10000000.01"})]
    told += [await face.create_account(**CONDORS), await face.create_account(**CONDORS)]
    told += [await face.open_day(None), await face.open_day("2025-02-03"), await face.head()]
    told += [await face.open_day(THURSDAY), await face.open_day(FRIDAY), await face.move("14:40:00")]
    told += [await face.open_day(), await face.open_day(FRIDAY)]
    told += [await face.delete_day(), await face.delete_day(), await face.session(), await face.account()]
    told += [await face.create_account(name="Live", engine="live_sim", starting_capital="5000")]
    return [*told, await face.open_day(None), await face.days(), await face.head(), await face.accounts()]


@pytest.mark.parametrize("story", [carry, rename, refusals])
async def test_both_faces_keep_the_same_account(
    market: Market, tmp_path: Path, story: Callable[[AccountFace], Awaitable[list[Any]]]
) -> None:
    for on in (THURSDAY, FRIDAY):
        publish_tiny_day(tmp_path, date.fromisoformat(on))
    rest = await story(AccountRest(market.app, market.rest.token))
    graphql = await story(AccountGraphQL(Asker(market.app, market.graphql.asker.token)))
    for number, (one, two) in enumerate(zip(numbered(rest), numbered(graphql), strict=True)):
        assert one == two, f"answer {number}"
    assert await rows(market.database, "rest") == await rows(market.database, "graphql")


async def rows(database: Database, who: str) -> dict[str, list[dict[str, Any]]]:
    """What one trader's story left in the database, without what is his own."""
    kept: dict[str, list[dict[str, Any]]] = {}
    async with database.reading() as tx:
        owner = text("SELECT id FROM users WHERE email = :email")
        user = (await tx.execute(owner, {"email": f"{who}@example.com"})).scalar_one()
        for table, own in TABLES.items():
            found = await tx.execute(text(f"SELECT * FROM {table} WHERE {own} ORDER BY 1, 2"), {"user": user})
            kept[table] = [
                {name: value for name, value in row._mapping.items() if name not in OWN} for row in found
            ]
    return {table: numbered(values) for table, values in kept.items()}
