"""The stream of an account's events: a snapshot first, then every change in its sequence."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from uuid import UUID

import strawberry

from api.context import Info
from api.errors import UserError, user_errors
from api.nodes import NodeKind, read_id
from api.sessions import Account, Session, find_account, find_session
from api.subscriptions import After
from engine.denials import Denial
from usecases import accounts, events
from usecases.views import AccountEvent, AccountEventKind

strawberry.enum(AccountEventKind)


@strawberry.type(description="A change of an account, or the snapshot that comes first.")
class AccountUpdate:
    account_uuid: strawberry.Private[UUID]
    seq: int | None = strawberry.field(
        default=None, description="1, 2, 3 … without gaps; the account's version."
    )
    kind: AccountEventKind | None = strawberry.field(default=None, description="Null on the snapshot.")
    time: datetime | None = strawberry.field(default=None, description="When the change was made.")
    session_uuid: UUID | None = strawberry.field(
        default=None, description="The day that it is about, if one."
    )
    done: int | None = strawberry.field(
        default=None, description="How many days a repricing has recomputed; it shows in none before all are."
    )
    total: int | None = strawberry.field(default=None, description="How many days it has to recompute.")
    user_errors: list[UserError] = strawberry.field(default_factory=list)

    @strawberry.field(description="The account as it is now; null once it is deleted.")
    async def account(self, info: Info) -> Account | None:
        return await find_account(info, self.account_uuid)

    @strawberry.field(description="The day that it is about, as it is now; null once it is deleted.")
    async def session(self, info: Info) -> Session | None:
        return None if self.session_uuid is None else await find_session(info, self.session_uuid)


@strawberry.type
class AccountSubscription:
    @strawberry.subscription(description="An account's snapshot, then its changes as they are made.")
    async def account_events(
        self, info: Info, account_id: strawberry.ID, after: After = None
    ) -> AsyncGenerator[AccountUpdate, None]:
        viewer = await info.context.viewer()
        uuid = read_id(account_id, NodeKind.ACCOUNT)
        view = await accounts.get_account(info.context.ports, viewer, uuid)
        if isinstance(view, Denial):
            yield AccountUpdate(account_uuid=uuid, user_errors=user_errors(view, "account_id"))
            return
        seen = view.version if after is None else after
        denial = events.after_denial(seen, view.version)
        if denial is not None:
            yield AccountUpdate(account_uuid=uuid, user_errors=user_errors(denial))
            return
        yield AccountUpdate(account_uuid=uuid, seq=view.version)
        async with aclosing(events.account_events(info.context.ports, viewer, uuid, seen)) as changes:
            async for change in changes:
                await info.context.sign_in()
                yield render_account_change(change)


def render_account_change(change: AccountEvent) -> AccountUpdate:
    return AccountUpdate(
        account_uuid=change.account_id,
        seq=change.seq,
        kind=change.kind,
        time=change.at,
        session_uuid=change.session_id,
        done=change.done,
        total=change.total,
    )
