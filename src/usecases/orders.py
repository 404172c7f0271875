"""Placing, previewing, replacing, deleting and reading orders of a session."""

import asyncio
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter

from engine.admission import NewOrder, Placement, place, remove
from engine.denials import Denial
from engine.tickets import OrderRequest, read_ticket
from store import idempotency, locks, orders, sessions
from store.database import Tx
from store.orders import StoredOrder
from usecases import live_orders
from usecases.belonging import belonging_of
from usecases.loading import NO_SESSION, Loaded, find, hold, order_view
from usecases.ports import Ports, Viewer
from usecases.sessions import changed_since, frozen
from usecases.settling import resettle, tell
from usecases.submissions import DRY_RUN_ID, NO_ORDER, Submission, next_sequence, repeated
from usecases.views import OrderReceipt, OrderView, PositionsView, SessionEventKind, TransactionsView

_RECEIPT = TypeAdapter(OrderReceipt)


async def place_order(ports: Ports, viewer: Viewer, submission: Submission) -> OrderReceipt | Denial:
    """Place an order at the session's clock, or replace one there in the same step; in a live session
    at the last second of the market.

    A repeat under the same idempotency key returns the first receipt; under the same client order
    id, the order as it is now. Either with another body is denied.
    """
    belonging = await belonging_of(ports, viewer, submission.session_id)
    if belonging is None:
        return NO_SESSION
    async with ports.database.transaction() as tx:
        if submission.idempotency_key is not None:
            claimed = await idempotency.claim(
                tx, viewer.user_id, submission.idempotency_key, submission.digest
            )
            if isinstance(claimed, Denial):
                return claimed
            if claimed is not None:
                return _RECEIPT.validate_json(claimed)

        if belonging.is_live:
            receipt = await live_orders.submit(ports, tx, viewer, submission, belonging)
        else:
            receipt = await _submit(ports, tx, viewer, submission)

        if submission.idempotency_key is not None and isinstance(receipt, OrderReceipt):
            await idempotency.record(
                tx, viewer.user_id, submission.idempotency_key, _RECEIPT.dump_json(receipt)
            )

    if isinstance(receipt, OrderReceipt):
        await ports.topics.session_changed(submission.session_id, receipt.version)
    return receipt


async def _submit(ports: Ports, tx: Tx, viewer: Viewer, submission: Submission) -> OrderReceipt | Denial:
    if submission.request.client_order_id is not None:
        await locks.user(tx, viewer.user_id)  # the id is looked for in all of the owner's sessions
    loaded = await hold(ports, tx, viewer, submission.session_id)
    if isinstance(loaded, Denial):
        return loaded
    stored = loaded.stored
    known = await repeated(tx, viewer, loaded, submission)
    if known is not None:
        return known

    denial = frozen(stored) or changed_since(stored, submission.expected_version)
    placed = denial or await _decide(ports, viewer, loaded, submission)
    if isinstance(placed, Denial):
        return placed

    kind = SessionEventKind.ORDER_PLACED if submission.replaces is None else SessionEventKind.ORDER_REPLACED
    new = StoredOrder(
        order=placed.order,
        replaces_order_id=submission.replaces,
        client_order_id=submission.request.client_order_id,
        request_hash=submission.digest,
        updated_at=ports.wall(),
    )
    if submission.replaces is not None:
        await orders.remove(tx, stored, submission.replaces)
    await orders.add(tx, stored, new, loaded.day.open_at)
    version = await sessions.record_event(tx, stored, kind, new.updated_at, placed.order.id)
    return OrderReceipt(order_view(loaded, new), placed.effect, version)


async def _decide(ports: Ports, viewer: Viewer, loaded: Loaded, submission: Submission) -> Placement | Denial:
    ticket = read_ticket(submission.request, loaded.stored.date)
    if isinstance(ticket, Denial):
        return ticket
    replaced = loaded.order(submission.replaces) if submission.replaces else None
    if submission.replaces is not None and replaced is None:
        return NO_ORDER
    await ports.library.warm(loaded.day, {leg.contract for leg in ticket.legs})
    new = NewOrder(
        ticket=ticket,
        second=loaded.second,
        id=submission.request.client_order_id or ports.new_id(),
        sequence=next_sequence(loaded),
        slippage_cents=viewer.slippage_cents,
        replacing=replaced.order if replaced else None,
    )
    return await asyncio.to_thread(place, loaded.session, loaded.day, new)


async def dry_run(
    ports: Ports, viewer: Viewer, session_id: UUID, request: OrderRequest
) -> OrderReceipt | Denial:
    """What ``place_order`` would answer, with nothing kept; the order's id is all zeros."""
    belonging = await belonging_of(ports, viewer, session_id)
    if belonging is not None and belonging.is_live:
        return await live_orders.dry_run(ports, viewer, session_id, request)
    loaded = await find(ports, viewer, session_id)
    if isinstance(loaded, Denial):
        return loaded
    anonymous = replace(request, client_order_id=DRY_RUN_ID)

    placed = frozen(loaded.stored) or await _decide(ports, viewer, loaded, Submission(session_id, anonymous))
    if isinstance(placed, Denial):
        return placed
    preview = StoredOrder(placed.order, None, request.client_order_id, b"", ports.wall())
    return OrderReceipt(order_view(loaded, preview), placed.effect, loaded.stored.version)


async def delete_order(
    ports: Ports, viewer: Viewer, session_id: UUID, order_id: UUID, expected_version: int | None = None
) -> Denial | None:
    """Delete a historical order, filled or not, with everything that followed from it; a live one is
    canceled, as long as it is pending."""
    belonging = await belonging_of(ports, viewer, session_id)
    if belonging is not None and belonging.is_live:
        return await live_orders.cancel_order(ports, viewer, session_id, order_id, expected_version)
    async with ports.database.transaction() as tx:
        loaded = await hold(ports, tx, viewer, session_id)
        if isinstance(loaded, Denial):
            return loaded
        stored = loaded.stored
        deleted = loaded.order(order_id)
        if deleted is None:
            return NO_ORDER

        denial = frozen(stored) or changed_since(stored, expected_version)
        if denial is not None:
            return denial
        after = await asyncio.to_thread(remove, loaded.session, loaded.day, deleted.order)
        if isinstance(after, Denial):
            return after

        await orders.remove(tx, stored, order_id)
        kind = SessionEventKind.ORDER_DELETED
        version = await sessions.record_event(tx, stored, kind, ports.wall(), order_id)
        edited = replace(loaded, stored=replace(stored, version=version), session=after)
        edited = await resettle(ports, tx, edited)

    await tell(ports, edited)
    return None


async def list_orders(ports: Ports, viewer: Viewer, session_id: UUID) -> tuple[OrderView, ...] | Denial:
    """The session's orders as seen at its clock, by priority."""
    loaded = await find(ports, viewer, session_id)
    if isinstance(loaded, Denial):
        return loaded
    return tuple(order_view(loaded, stored) for stored in loaded.orders)


async def get_order(ports: Ports, viewer: Viewer, session_id: UUID, order_id: UUID) -> OrderView | Denial:
    loaded = await find(ports, viewer, session_id)
    if isinstance(loaded, Denial):
        return loaded
    stored = loaded.order(order_id)
    return NO_ORDER if stored is None else order_view(loaded, stored)


async def positions(
    ports: Ports, viewer: Viewer, session_id: UUID, at: datetime | None = None
) -> PositionsView | Denial:
    """The open positions at a time of the session, its clock unless another is asked for."""
    loaded = await find(ports, viewer, session_id)
    if isinstance(loaded, Denial):
        return loaded
    second = loaded.second_asked(at)
    if isinstance(second, Denial):
        return second
    day, state = loaded.day, loaded.state(second)
    return PositionsView(session_id, loaded.stored.date, day.open_at, day.time_of(second), state.positions)


async def transactions(
    ports: Ports, viewer: Viewer, session_id: UUID, at: datetime | None = None
) -> TransactionsView | Denial:
    """The transactions up to a time of the session, its clock unless another is asked for.

    At the close the settlement's come last.
    """
    loaded = await find(ports, viewer, session_id)
    if isinstance(loaded, Denial):
        return loaded
    second = loaded.second_asked(at)
    if isinstance(second, Denial):
        return second
    state = loaded.state(second)
    return TransactionsView(session_id, loaded.stored.date, loaded.day.open_at, state.transactions)
