"""The whole REST face: every operation, gathered by path into one router."""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

from starlette.routing import Route, Router, WebSocketRoute

from rest_compat import (
    account_sessions,
    accounts,
    auth,
    averages,
    drill_ins,
    history,
    live,
    market,
    orders,
    positions,
    simulations,
    sockets,
    strategies,
    strategy_results,
    transactions,
    users,
)
from rest_compat.account_sessions import ACCOUNT_SESSION
from rest_compat.documents import document_operations
from rest_compat.live import LIVE
from rest_compat.operations import Operation, Prefix
from rest_compat.serving import Resource, not_found
from rest_compat.simulations import SIMULATION


def session_operations(prefix: Prefix) -> list[Operation]:
    """What hangs off a session identically under every prefix (rulings 1.2)."""
    nouns = (orders.routes, positions.routes, transactions.routes, history.routes)
    return [operation for routes in nouns for operation in routes.under(prefix)]


TRADING: Sequence[Operation] = (
    *auth.routes.operations,
    *users.routes.operations,
    *market.routes.operations,
    *averages.routes.operations,
    *simulations.routes.operations,
    *simulations.own_routes.under(SIMULATION),
    *session_operations(SIMULATION),
    *accounts.routes.operations,
    *account_sessions.routes.operations,
    *account_sessions.own_routes.under(ACCOUNT_SESSION),
    *session_operations(ACCOUNT_SESSION),
    *live.routes.operations,
    *session_operations(LIVE),
    *strategies.routes.operations,
    *strategy_results.routes.operations,
    *drill_ins.routes.operations,
    *sockets.routes.operations,
)
OPERATIONS: Sequence[Operation] = (*document_operations(TRADING), *TRADING)


def rest_face() -> Router:
    """The face as an ASGI application. It expects ``app.state.ports`` of the application around it.

    A brace sorts after every letter, so literal paths are tried before those with parameters.
    """
    by_path = sorted(OPERATIONS, key=attrgetter("path"))
    routes = [
        Route(path, Resource(operations)) for path, operations in groupby(by_path, key=attrgetter("path"))
    ]
    socket = WebSocketRoute(sockets.PATH, sockets.serve)
    return Router([*routes, socket], redirect_slashes=False, default=not_found)
