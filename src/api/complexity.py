"""What an operation's complexity costs its caller, and what he has left of it this minute."""

from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from strawberry.extensions import SchemaExtension

from api.context import Context
from api.errors import refusal_of
from api.limits import complexity
from engine.denials import Denial
from runtime.aside import SHORT_CHARS, read_aside
from usecases.charging import Payer, complexity_spent

T = TypeVar("T")

CHARS_A_POINT = 16


class ChargeComplexity(SchemaExtension):
    """Charge every operation before it runs, and show the charge in its first answer.

    An operation that returns no object costs as much as one that returns one.
    """

    shown: dict[str, object]

    async def on_execute(self) -> AsyncIterator[None]:
        self.shown = {}
        context: Context = self.execution_context.context
        document = self.execution_context.graphql_document
        assert document is not None
        cost = max(1, complexity(document, self.execution_context.variables or {}))
        payer = Payer(context.signed_in, context.address)
        fill = await complexity_spent(context.ports, payer, cost)
        if isinstance(fill, Denial):
            raise refusal_of(fill)
        self.shown = {"complexity": {"cost": cost, "remaining": fill.left}}
        yield

    def get_results(self) -> dict[str, object]:
        shown, self.shown = getattr(self, "shown", {}), {}
        return shown


async def paid_reading(context: Context, length: int, read: Callable[[], T]) -> T:
    """What ``read`` returns. Reading a long text is paid for first, and the price is given back once
    it has been read: only who sends long texts that are refused runs out of complexity.

    Raises Refusal where there is too little left, and whatever ``read`` raises.
    """
    if length <= SHORT_CHARS:
        return read()
    payer, price = Payer(context.signed_in, context.address), length // CHARS_A_POINT
    paid = await complexity_spent(context.ports, payer, price)
    if isinstance(paid, Denial):
        raise refusal_of(paid)
    outcome = await read_aside(length, read)
    await complexity_spent(context.ports, payer, -price)
    return outcome
