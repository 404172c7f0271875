"""The worker's watch over the books."""

from sqlalchemy import text
from structlog.testing import capture_logs

from tests.ledgers import long_account
from tests.people import Town
from usecases.ports import Viewer
from workers.auditing import DAYS_AN_AUDIT, Watch, watch_books


async def corrupt(town: Town, statement: str) -> None:
    async with town.ports.database.transaction() as tx:
        await tx.execute(text(statement))


async def test_what_is_wrong_is_told_once(town: Town, trader: Viewer) -> None:
    account = await long_account(town, trader, 3)
    ctx = {"ports": town.ports, "watch": Watch()}
    with capture_logs() as logs:
        await watch_books(ctx)
        assert logs == []
        await corrupt(town, "UPDATE accounts SET cash_cents = cash_cents + 1")
        await watch_books(ctx)
        await watch_books(ctx)
    cash = account.cash_cents
    about = {"event": "audit_violation", "log_level": "error", "account": str(account.id)}
    assert logs == [
        about
        | {"rule": "cash_posted", "differs": f"cash is {cash + 1} cents, and its entries sum to {cash}"},
        about
        | {
            "rule": "cash_carried",
            "differs": f"cash is {cash + 1} cents, and the capital with the settled days comes to {cash}",
        },
    ]


async def test_every_day_is_recomputed_in_its_turn(town: Town, trader: Viewer) -> None:
    await long_account(town, trader, DAYS_AN_AUDIT + 1)
    await corrupt(
        town, "UPDATE settlements SET exercises = 1 WHERE date = (SELECT max(date) FROM settlements)"
    )
    ctx = {"ports": town.ports, "watch": Watch()}
    with capture_logs() as logs:
        await watch_books(ctx)
        assert logs == []
        await watch_books(ctx)
        await watch_books(ctx)
    assert [entry["rule"] for entry in logs] == ["fees_recomputed"]
