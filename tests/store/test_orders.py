"""Live orders in the store: their status is a fact, and what is final stays."""

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from engine.orders import End, Fill, OrderStatus
from store import orders
from store.database import Database
from store.matching import Rejected, expire_each, fill_each, reject_each
from tests.store.live import FILL, WALL, Pit, pit

TERMINAL = ("filled", "canceled", "expired", "rejected")
PENDING = {
    "filled": """
        UPDATE orders SET status = 'filled', fill_at = placed_at, fill_net_price_cents = 5,
               fill_leg_price_cents = '{5}', fill_leg_fee_cents = '{172}'
    """,
    "canceled": "UPDATE orders SET status = 'canceled', ended_at = placed_at",
    "expired": "UPDATE orders SET status = 'expired', ended_at = placed_at",
    "rejected": "UPDATE orders SET status = 'rejected', ended_at = placed_at, rejection_reason = 'too dear'",
}


async def run(one: Pit, *statements: str) -> None:
    async with one.database.transaction() as tx:
        for statement in statements:
            await tx.execute(text(statement))


async def test_a_live_order_is_pending_or_filled_with_its_fees(database: Database) -> None:
    one = await pit(database)
    session = await one.session()
    resting, filled = await one.order(session), await one.order(session, FILL)
    stored = await one.orders_of(session)
    assert [(s.order, s.status) for s in stored] == [
        (resting, OrderStatus.PENDING),
        (filled, OrderStatus.FILLED),
    ]


async def test_each_end_is_read_back(database: Database) -> None:
    one = await pit(database)
    session = await one.session()
    placed = [await one.order(session) for _ in range(4)]
    waiting = await one.pending()
    async with database.transaction() as tx:
        assert await fill_each(tx, one.recording, [(waiting[0].id, FILL)], WALL) == 1
        refused = Rejected(waiting[1].id, 4, "insufficient buying power")
        assert await reject_each(tx, one.recording, [refused], WALL) == 1
        ended_at = one.recording.time_of(5)
        await orders.cancel(tx, session, placed[2].id, ended_at=ended_at, at=WALL)
        expired = await expire_each(tx, one.recording, [session.id], WALL)
        assert [gone.order_id for gone in expired] == [placed[3].id]
    ends = [
        None,
        End(4, OrderStatus.REJECTED, "insufficient buying power"),
        End(5, OrderStatus.CANCELED),
        End(60, OrderStatus.EXPIRED),
    ]
    fills: list[Fill | None] = [FILL, None, None, None]
    assert [stored.order for stored in await one.orders_of(session)] == [
        replace(order, fill=fill, end=end) for order, fill, end in zip(placed, fills, ends, strict=True)
    ]
    assert await one.pending() == ()


@pytest.mark.parametrize("status", TERMINAL)
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE orders SET status = 'pending', ended_at = NULL, rejection_reason = NULL",
        "UPDATE orders SET slippage_cents = 5",
        "DELETE FROM orders",
    ],
)
async def test_what_is_final_stays(database: Database, status: str, change: str) -> None:
    one = await pit(database)
    await one.order(await one.session())
    await run(one, PENDING[status])
    with pytest.raises(DBAPIError, match=f"is {status}: that is final"):
        await run(one, change)


async def test_a_historical_order_may_change_for_ever(database: Database) -> None:
    one = await pit(database)
    await one.order(await one.session())
    await run(
        one, "UPDATE orders SET status = NULL", "UPDATE orders SET slippage_cents = 5", "DELETE FROM orders"
    )
    assert await one.pending() == ()


async def test_a_user_goes_with_what_he_traded(database: Database) -> None:
    one = await pit(database)
    session = await one.session()
    await one.order(session, FILL)
    await run(one, f"DELETE FROM users WHERE id = {session.user_id}")
    assert await one.orders_of(session) == ()


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("orders_status_known", "status = 'lost'"),
        ("orders_filled_of_live", "status = 'filled', fill_leg_fee_cents = '{172}'"),
        ("orders_end_of_live", "status = 'canceled'"),
        ("orders_end_of_live", "ended_at = placed_at"),
        ("orders_reason_of_rejected", "status = 'rejected', ended_at = placed_at"),
        ("orders_reason_of_rejected", "rejection_reason = 'too dear'"),
        (
            "orders_fees_of_live_fill",
            "status = 'filled', fill_at = placed_at, fill_net_price_cents = 5, fill_leg_price_cents = '{5}'",
        ),
        ("orders_fees_of_live_fill", "fill_leg_fee_cents = '{172}'"),
    ],
)
async def test_a_live_orders_row_makes_sense(database: Database, constraint: str, change: str) -> None:
    one = await pit(database)
    await one.order(await one.session())
    with pytest.raises(IntegrityError, match=constraint):
        await run(one, f"UPDATE orders SET {change}")
