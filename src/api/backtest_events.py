"""The stream of a backtest: its snapshot first, then the whole of it again as days are completed."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import strawberry

from api.backtests import Backtest, render_backtest
from api.context import Info
from api.errors import UserError, user_errors
from api.subscriptions import After
from usecases import backtest_events
from usecases.backtest_events import BacktestEvent, BacktestEventKind
from usecases.ports import Ports

strawberry.enum(BacktestEventKind)

BEFORE_ALL = -1


@strawberry.type(description="A change of a backtest, or the snapshot that comes first.")
class BacktestUpdate:
    seq: int | None = strawberry.field(
        default=None,
        description="Rises with every change. Changes close together are told as one, by the last of them.",
    )
    kind: BacktestEventKind | None = strawberry.field(default=None, description="Null on the snapshot.")
    backtest: Backtest | None = strawberry.field(
        default=None, description="The whole of it as of this change: one that was missed does no harm."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class BacktestSubscription:
    @strawberry.subscription(
        description="A backtest that the viewer previewed lately or has saved: a snapshot, then its changes."
    )
    async def backtest(
        self, info: Info, source_hash: str, after: After = None
    ) -> AsyncGenerator[BacktestUpdate, None]:
        viewer, ports = await info.context.viewer(), info.context.ports
        denial = await backtest_events.following_denial(ports, viewer, source_hash)
        if denial is not None:
            yield BacktestUpdate(user_errors=user_errors(denial, "source_hash"))
            return
        denial = await backtest_events.unseen_denial(ports, source_hash, after)
        if denial is not None:
            yield BacktestUpdate(user_errors=user_errors(denial))
            return
        is_first = True
        async with aclosing(
            backtest_events.backtest_events(ports, viewer, source_hash, BEFORE_ALL)
        ) as changes:
            async for change in changes:
                await info.context.sign_in()
                if is_first:
                    yield BacktestUpdate(seq=change.seq, backtest=render_backtest(ports, change.snapshot))
                if not is_first or (after is not None and change.seq > after):
                    yield render_change(ports, change)
                is_first = False


def render_change(ports: Ports, change: BacktestEvent) -> BacktestUpdate:
    return BacktestUpdate(seq=change.seq, kind=change.kind, backtest=render_backtest(ports, change.snapshot))
