"""Accounts: listing, creating, changing and deleting them."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import Maybe

from api.connections import PAGE_SIZE_DEFAULT, After, Connection, First, Key, connect_page, read_page
from api.context import Info
from api.errors import UserError, user_errors
from api.financials import read_capital
from api.nodes import NodeKind, global_id, read_id
from api.scalars import DecimalText
from api.sessions import Account, AccountEngine, find_account, render_account
from engine.accounts import AccountStatus, AccountType
from engine.denials import Denial
from usecases import accounts
from usecases.absence import ABSENT
from usecases.accounts import AccountChanges, CreateAccount
from usecases.views import AccountView

WithStatus = Annotated[
    AccountStatus | None, strawberry.argument(description="Only those with this status; without it all.")
]


@strawberry.input
class CreateAccountInput:
    name: str = strawberry.field(description="1 to 80 characters, unique among the viewer's active accounts.")
    engine: AccountEngine = strawberry.field(description="Fixed for the account's life.")
    starting_capital: DecimalText = strawberry.field(description="1000 to 10000000 dollars.")
    description: str | None = None
    type: AccountType = AccountType.MANUAL


@strawberry.input(description="What is left out stays as it is, and so does what is null but a description.")
class UpdateAccountInput:
    account_id: strawberry.ID
    name: str | None = None
    description: Maybe[str | None] = strawberry.field(description="Null takes it away.")
    status: AccountStatus | None = strawberry.field(
        default=None, description="An archived account opens no sessions, and its name is free."
    )
    starting_capital: DecimalText | None = strawberry.field(
        default=None, description="Carries through every settled day; fixed once a live account has traded."
    )
    expected_version: int | None = strawberry.field(
        default=None, description="Denied with version_conflict when the account has changed since."
    )


@strawberry.input
class DeleteAccountInput:
    account_id: strawberry.ID


@strawberry.type
class AccountPayload:
    account: Account | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class DeleteAccountPayload:
    deleted_id: strawberry.ID | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class AccountQuery:
    @strawberry.field(description="The viewer's accounts, oldest first.")
    async def accounts(
        self,
        info: Info,
        first: First = PAGE_SIZE_DEFAULT,
        after: After = None,
        status: WithStatus = None,
    ) -> Connection[Account]:
        page = read_page(first, after, int)
        after_key = int(page.after[0]) if page.after else 0
        viewer = await info.context.viewer()
        rows = await accounts.page_accounts(
            info.context.ports, viewer, first=first, after_key=after_key, status=status
        )
        return connect_page(rows.accounts, _key, render_account, has_next=rows.has_next)

    @strawberry.field(description="One of the viewer's accounts; null when there is none.")
    async def account(self, info: Info, uuid: UUID) -> Account | None:
        return await find_account(info, uuid)


@strawberry.type
class AccountMutation:
    @strawberry.mutation(description="Open an account with its starting capital as cash.")
    async def create_account(self, info: Info, input: CreateAccountInput) -> AccountPayload:
        viewer = await info.context.viewer()
        cents = read_capital(input.starting_capital)
        if isinstance(cents, Denial):
            return _payload(cents)
        command = CreateAccount(input.name, input.engine, cents, input.description, input.type)
        return _payload(await accounts.create_account(info.context.ports, viewer, command))

    @strawberry.mutation(
        description="Rename, describe, archive, or edit the starting capital: all of it or nothing."
    )
    async def update_account(self, info: Info, input: UpdateAccountInput) -> AccountPayload:
        viewer = await info.context.viewer()
        account_id = read_id(input.account_id, NodeKind.ACCOUNT)
        changes = _changes(input)
        if isinstance(changes, Denial):
            return _payload(changes)
        return _payload(await accounts.update_account(info.context.ports, viewer, account_id, changes))

    @strawberry.mutation(description="Delete an account with its sessions; its name is free again.")
    async def delete_account(self, info: Info, input: DeleteAccountInput) -> DeleteAccountPayload:
        viewer = await info.context.viewer()
        account_id = read_id(input.account_id, NodeKind.ACCOUNT)
        denial = await accounts.delete_account(info.context.ports, viewer, account_id)
        if denial is not None:
            return DeleteAccountPayload(user_errors=user_errors(denial, "input"))
        return DeleteAccountPayload(deleted_id=global_id(NodeKind.ACCOUNT, account_id))


def _changes(input: UpdateAccountInput) -> AccountChanges | Denial:
    cents = None if input.starting_capital is None else read_capital(input.starting_capital)
    if isinstance(cents, Denial):
        return cents
    return AccountChanges(
        name=input.name,
        description=input.description.value if input.description else ABSENT,
        status=input.status,
        starting_capital_cents=cents,
        expected_version=input.expected_version,
    )


def _payload(answer: AccountView | Denial) -> AccountPayload:
    if isinstance(answer, Denial):
        return AccountPayload(user_errors=user_errors(answer, "input"))
    return AccountPayload(account=render_account(answer))


def _key(view: AccountView) -> Key:
    return (view.key,)
