"""Transactions: the legs of fills, and what settlement did."""

from datetime import datetime, timedelta
from uuid import UUID

import strawberry

from api.connections import Connection, Key, Page, connect
from api.context import Info
from api.errors import found
from api.nodes import Node, NodeKind, global_id
from api.scalars import DecimalText, OsiSymbol, dollars
from engine.contracts import format_osi
from engine.ledger import Transaction as EngineTransaction
from engine.ledger import TransactionKind
from engine.money import MULTIPLIER
from engine.orders import Effect
from usecases import orders
from usecases.views import OrderView, TransactionsView

strawberry.enum(TransactionKind)
strawberry.enum(Effect, name="PriceEffect")


@strawberry.type(description="One leg of a fill, or one settled position.")
class Transaction(Node):
    uuid: UUID
    order_uuid: UUID | None = strawberry.field(description="Null for a settlement.")
    time: datetime
    instrument: OsiSymbol
    type: TransactionKind
    quantity: int
    price: DecimalText | None = strawberry.field(
        description="Dollars for one contract; null for an expiration."
    )
    value: DecimalText | None = strawberry.field(description="Price times quantity, negative for a credit.")
    effect: Effect | None
    fees: DecimalText


async def find_transaction(info: Info, session_id: UUID, uuid: UUID) -> Transaction | None:
    viewer = await info.context.viewer()
    view = found(await orders.transactions(info.context.ports, viewer, session_id))
    rows = view.transactions if view else ()
    return next((render_transaction(row, view) for row in rows if view and row.id == uuid), None)


def render_transaction(transaction: EngineTransaction, view: TransactionsView | OrderView) -> Transaction:
    price, value = transaction.price_cents, transaction.value_cents
    return Transaction(
        id=global_id(NodeKind.TRANSACTION, view.session_id, transaction.id),
        uuid=transaction.id,
        order_uuid=transaction.order_id,
        time=view.open_at + timedelta(seconds=transaction.second),
        instrument=OsiSymbol(format_osi(view.date, transaction.contract)),
        type=transaction.kind,
        quantity=transaction.quantity,
        price=None if price is None else dollars(price * MULTIPLIER),
        value=None if value is None else dollars(value),
        effect=transaction.effect,
        fees=dollars(transaction.fees_cents),
    )


def connect_transactions(view: TransactionsView, page: Page) -> Connection[Transaction]:
    """A page of the transactions in the order in which they happened."""
    rows = _numbered(view.transactions)
    return connect(
        rows,
        page,
        _key,
        lambda row: render_transaction(row[2], view),
    )


def _numbered(transactions: tuple[EngineTransaction, ...]) -> list[tuple[int, int, EngineTransaction]]:
    """Each transaction with its second and its place within that second."""
    places: dict[int, int] = {}
    rows = []
    for transaction in transactions:
        place = places.get(transaction.second, 0)
        places[transaction.second] = place + 1
        rows.append((transaction.second, place, transaction))
    return rows


def _key(row: tuple[int, int, EngineTransaction]) -> Key:
    return row[0], row[1]
