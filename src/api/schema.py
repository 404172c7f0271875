"""The schema: every noun's queries, mutations and subscriptions under one root each."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

import strawberry
from graphql import GraphQLError
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from api.auth import AuthMutation
from api.context import Info
from api.limits import Limits, WithinLimits, shape_rule
from api.market import MarketDay, MarketQuery, find_day
from api.masking import MaskInternal
from api.nodes import Node, NodeKind, read_global_id
from api.order_entry import OrderEntryMutation
from api.orders import find_order
from api.positions import find_position
from api.scalars import SCALARS, read_date, read_uuid
from api.selecting import OneOperation
from api.simulations import Session, SimulationMutation, SimulationQuery, find_session
from api.subscriptions import SessionSubscription
from api.transactions import find_transaction
from api.users import User, UserMutation, UserQuery, find_user

DOCUMENTS_CACHED_MAX = 256


Find = Callable[..., Awaitable[Node | None]]

_FIND: dict[NodeKind, tuple[Find, Callable[[object], object]]] = {
    NodeKind.USER: (find_user, read_uuid),
    NodeKind.MARKET_DAY: (find_day, read_date),
    NodeKind.SESSION: (find_session, read_uuid),
    NodeKind.ORDER: (find_order, read_uuid),
    NodeKind.POSITION: (find_position, read_uuid),
    NodeKind.TRANSACTION: (find_transaction, read_uuid),
}


@strawberry.type
class Query(MarketQuery, SimulationQuery, UserQuery):
    @strawberry.field(description="The object with this global id; null when the viewer has none such.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        kind, keys = read_global_id(id)
        find, read_key = _FIND[kind]
        return await find(info, *map(read_key, keys))


@strawberry.type
class Mutation(AuthMutation, UserMutation, SimulationMutation, OrderEntryMutation):
    pass


@strawberry.type
class Subscription(SessionSubscription):
    pass


class ParsedDocuments(ParserCache):
    """Parsed documents, kept. A document that does not parse is left to the schema, which reports it
    on every transport; the extension's own exception would end a socket's operation in silence."""

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        with suppress(GraphQLError, RecursionError):
            context.graphql_document = self.cached_parse_document(context.query, **context.parse_options)
        yield


class QuietSchema(strawberry.Schema):
    """A schema that leaves logging to ``api.masking``: a client's mistake is no event of ours."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        return


def build_schema(limits: Limits) -> strawberry.Schema:
    """The schema with its limits. Extensions are factories: one instance an operation."""
    rule = shape_rule(limits)
    return QuietSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Session, MarketDay, User],
        config=StrawberryConfig(scalar_map=SCALARS, sort_schema=True),
        extensions=[
            MaskInternal,
            lambda: ParsedDocuments(maxsize=DOCUMENTS_CACHED_MAX),
            lambda: ValidationCache(maxsize=DOCUMENTS_CACHED_MAX),
            lambda: WithinLimits(limits, rule),
            OneOperation,
        ],
    )
