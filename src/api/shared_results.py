"""One execution of an event that everybody is sent, for all who ask the same of it."""

from collections import OrderedDict
from typing import Any

from graphql import ExecutionResult
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.chains import OptionChain
from api.market_events import MarketTick

SHARED = (MarketTick, OptionChain)
RESULTS_KEPT_MAX = 128

_kept: OrderedDict[tuple[int, int], tuple[object, object, dict[str, Any]]] = OrderedDict()
"""What was executed, by the identity of event and operation; both are kept too, so that theirs stays."""


class SharingExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executes the events of the market's streams once for each document.

    Whoever sends the same text is given the same operation, and in one process a second is one object;
    so whether it was executed already is a look at two identities. Executing costs twice as much as all
    the rest that is done to send an event.
    """

    def execute_operation(self, serially: bool | None = None) -> Any:  # noqa: FBT001 - as it is called
        event, operation = self.root_value, self.operation
        if not isinstance(event, SHARED) or operation.variable_definitions:
            return super().execute_operation(serially)
        key = id(event), id(operation)
        if key not in _kept:
            result = super().execute_operation(serially)
            if not isinstance(result, ExecutionResult) or result.errors or result.data is None:
                return result
            _kept[key] = event, operation, result.data
            while len(_kept) > RESULTS_KEPT_MAX:
                _kept.popitem(last=False)
        return ExecutionResult(_kept[key][2])
