"""The schema: every noun's queries, mutations and subscriptions under one root each."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import strawberry
from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.schema.schema import DEFAULT_ALLOWED_OPERATION_TYPES
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from api.account_events import AccountSubscription
from api.account_sessions import AccountSessionMutation
from api.accounts import AccountMutation, AccountQuery
from api.auth import AuthMutation
from api.averages import AverageQuery
from api.backtest_events import BacktestSubscription
from api.backtests import BacktestQuery
from api.complexity import ChargeComplexity, paid_reading
from api.context import Info
from api.decisions import DECISIONS
from api.documents import Documents, Unacceptable, operation_named
from api.errors import Refusal
from api.journal import JournalEntry, find_entry
from api.limits import Limits, cost_excess, input_excess, over
from api.live import LiveMutation, LiveQuery
from api.market import MarketDay, MarketQuery, find_day
from api.market_events import MarketSubscription
from api.masking import MaskInternal
from api.nodes import Node, NodeKind, read_global_id
from api.operations import OperationsQuery, OperationsSubscription
from api.order_entry import OrderEntryMutation
from api.orders import find_order
from api.positions import find_position
from api.scalars import SCALARS
from api.sessions import Account, Session, find_account, find_session
from api.shared_results import SharingExecutor
from api.simulations import SimulationMutation, SimulationQuery
from api.strategies import Strategy, StrategyMutation, StrategyQuery, find_strategy
from api.subscriptions import SessionSubscription
from api.transactions import find_transaction
from api.users import User, UserMutation, UserQuery, find_user
from usecases.crowds import let_others_first

Find = Callable[..., Awaitable[Node | None]]

_FIND: dict[NodeKind, Find] = {
    NodeKind.USER: find_user,
    NodeKind.MARKET_DAY: find_day,
    NodeKind.SESSION: find_session,
    NodeKind.ORDER: find_order,
    NodeKind.POSITION: find_position,
    NodeKind.TRANSACTION: find_transaction,
    NodeKind.ACCOUNT: find_account,
    NodeKind.JOURNAL_ENTRY: find_entry,
    NodeKind.STRATEGY: find_strategy,
}


@strawberry.type
class Query(
    MarketQuery,
    AverageQuery,
    SimulationQuery,
    LiveQuery,
    AccountQuery,
    StrategyQuery,
    BacktestQuery,
    UserQuery,
    OperationsQuery,
):
    @strawberry.field(description="The object with this global id; null when the viewer has none such.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        kind, keys = read_global_id(id)
        return await _FIND[kind](info, *keys)


@strawberry.type
class Mutation(
    AuthMutation,
    UserMutation,
    SimulationMutation,
    LiveMutation,
    AccountMutation,
    AccountSessionMutation,
    OrderEntryMutation,
    StrategyMutation,
):
    pass


@strawberry.type
class Subscription(
    SessionSubscription,
    MarketSubscription,
    AccountSubscription,
    BacktestSubscription,
    OperationsSubscription,
):
    pass


class BoundedSchema(strawberry.Schema):
    """A schema that reads documents by its own rules, and leaves logging to ``api.masking``."""

    documents: Documents

    async def execute(self, *args: Any, **kwargs: Any) -> ExecutionResult:
        """One result of a query or a mutation; Strawberry would run a subscription as if it were a query."""
        allowed = kwargs.get("allowed_operation_types") or DEFAULT_ALLOWED_OPERATION_TYPES
        kwargs["allowed_operation_types"] = {*allowed} - {OperationType.SUBSCRIPTION}
        return await super().execute(*args, **kwargs)

    async def _prepare_operation_async(
        self, context: ExecutionContext, extensions_runner: SchemaExtensionsRunner
    ) -> PreExecutionError | None:
        """Read the document and judge the operation, in place of Strawberry's parsing and validation.

        The one private name of Strawberry that is overridden: its hooks for extensions cost every
        request more than the work itself, and parse what they refused a second time.
        """
        if not context.query:
            raise MissingQueryError
        try:
            await paid_reading(context.context, self._chars(context), lambda: self._judge(context))
        except Unacceptable as unacceptable:
            return PreExecutionError(data=None, errors=unacceptable.errors)
        except Refusal as refusal:
            return PreExecutionError(data=None, errors=[refusal])
        if context.operation_type is OperationType.SUBSCRIPTION:
            let_others_first()
        return None

    def _chars(self, context: ExecutionContext) -> int:
        """How much there is to read: the document, and the values of its variables as JSON.

        Raises Unacceptable where either is too long: that is told for nothing.
        """
        variables, limits, length = context.variables or {}, self.documents.limits, len(context.query or "")
        if length > limits.document_chars:
            raise Unacceptable(over("characters", length, limits.document_chars))
        excess = input_excess(variables, limits)
        chars = 0 if excess else len(orjson.dumps(variables))
        if chars > limits.document_chars:
            excess = over("characters of variables", chars, limits.document_chars)
        if excess:
            raise Unacceptable(excess)
        return length + chars

    def _judge(self, context: ExecutionContext) -> None:
        """Read the document, and raise whatever forbids its operation."""
        text, variables = context.query or "", context.variables or {}
        name = context._provided_operation_name  # noqa: SLF001 - the public one falls back to the first
        document = self.documents.read(text)
        operation = operation_named(document, name)
        if operation is None:
            raise CannotGetOperationTypeError(name)
        kind = OperationType(operation.operation.value)
        if kind not in context.allowed_operations:
            raise InvalidOperationTypeError(kind)
        excess = cost_excess(document, variables, self.documents.limits)
        errors = [excess] if excess else self.documents.misfits(operation, variables)
        if errors:
            raise Unacceptable(*errors)
        context.graphql_document = document
        context.result = self.documents.introspection(text, document)

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        return


def build_schema(limits: Limits) -> strawberry.Schema:
    """The schema with its limits. Extensions are factories: one instance an operation."""
    schema = BoundedSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Session, Account, JournalEntry, MarketDay, Strategy, User, *DECISIONS],
        config=StrawberryConfig(scalar_map=SCALARS, sort_schema=True),
        execution_context_class=SharingExecutor,
        extensions=[MaskInternal, ChargeComplexity],
    )
    schema.documents = Documents(schema._schema, limits)  # noqa: SLF001 - what validation is given
    return schema
