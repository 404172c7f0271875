"""The days of an account: opening them, also again, and deleting them."""

import datetime as dt

import strawberry

from api.context import Info
from api.errors import UserError, user_errors
from api.nodes import NodeKind, global_id, read_id
from api.sessions import Session, render_session
from engine.denials import Denial
from usecases import account_sessions


@strawberry.input
class OpenSessionInput:
    account_id: strawberry.ID
    date: dt.date | None = strawberry.field(
        default=None, description="The recorded day to open; a live account takes none."
    )


@strawberry.input
class DeleteSessionInput:
    session_id: strawberry.ID


@strawberry.type
class OpenSessionPayload:
    session: Session | None = None
    is_new: bool | None = strawberry.field(
        default=None, description="False where the day was there before, open or settled."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class DeleteSessionPayload:
    deleted_id: strawberry.ID | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class AccountSessionMutation:
    @strawberry.mutation(
        description="Open a day of an account, or a settled one again for editing. A day is parked at its "
        "start, with the trades it had; it counts nothing in the balance until its clock is at the end."
    )
    async def open_session(self, info: Info, input: OpenSessionInput) -> OpenSessionPayload:
        viewer = await info.context.viewer()
        account_id = read_id(input.account_id, NodeKind.ACCOUNT)
        opened = await account_sessions.open_session(info.context.ports, viewer, account_id, input.date)
        if isinstance(opened, Denial):
            return OpenSessionPayload(user_errors=user_errors(opened, "input"))
        return OpenSessionPayload(session=render_session(opened.session), is_new=opened.is_new)

    @strawberry.mutation(description="Delete a day of an account with its trades; every later day follows.")
    async def delete_session(self, info: Info, input: DeleteSessionInput) -> DeleteSessionPayload:
        viewer = await info.context.viewer()
        session_id = read_id(input.session_id, NodeKind.SESSION)
        denial = await account_sessions.delete_session(info.context.ports, viewer, session_id)
        if denial is not None:
            return DeleteSessionPayload(user_errors=user_errors(denial, "input"))
        return DeleteSessionPayload(deleted_id=global_id(NodeKind.SESSION, session_id))
