"""An order on its way in, and its repeats: what is alike for the orders of every session."""

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from pydantic import TypeAdapter

from engine.admission import effect_of, without_order
from engine.denials import Code, Denial
from engine.tickets import OrderRequest
from store import orders
from store.database import Tx
from usecases.loading import Loaded, order_view
from usecases.ports import Viewer
from usecases.views import OrderReceipt

NO_ORDER = Denial(Code.NOT_FOUND, "no such order")
DRY_RUN_ID = UUID(int=0)

_REQUEST = TypeAdapter(OrderRequest)


@dataclass(frozen=True, slots=True)
class Submission:
    """One order on its way in. ``replaces`` names the order that it takes the place of;
    ``idempotency_key`` makes a repeat return the first answer."""

    session_id: UUID
    request: OrderRequest
    replaces: UUID | None = None
    idempotency_key: str | None = None
    expected_version: int | None = None

    @property
    def digest(self) -> bytes:
        """What must be equal for a repeat to be one."""
        parts = (str(self.session_id), str(self.replaces or ""), _REQUEST.dump_json(self.request).decode())
        return sha256("\n".join(parts).encode()).digest()


async def repeated(
    tx: Tx, viewer: Viewer, loaded: Loaded, submission: Submission
) -> OrderReceipt | Denial | None:
    """The order already placed under the request's client order id, if one ever was."""
    client_id = submission.request.client_order_id
    known = repeated_here(loaded, submission)
    if known is not None or client_id is None or not await orders.id_taken(tx, viewer.user_id, client_id):
        return known
    return _reused("deleted, or placed in another session")


def repeated_here(loaded: Loaded, submission: Submission) -> OrderReceipt | Denial | None:
    """The same of the orders of the session itself."""
    client_id = submission.request.client_order_id
    known = None if client_id is None else loaded.order(client_id)
    if known is None:
        return None
    if known.request_hash != submission.digest:
        return _reused("placed with another body")
    effect = effect_of(without_order(loaded.session, known.order.id), loaded.day, known.order)
    return OrderReceipt(order_view(loaded, known), effect, loaded.stored.version)


def _reused(placed: str) -> Denial:
    message = f"client_order_id names an order that was {placed}: use a new id"
    return Denial(Code.CLIENT_ORDER_ID_REUSED, message, ("client_order_id",))


def next_sequence(loaded: Loaded) -> int:
    """The place of a new order among those of its second."""
    return 1 + max((one.order.sequence for one in loaded.orders), default=0)
