"""Accounts: named cash that is carried from day to day."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from engine.accounts import BROKERS, NAME_LENGTH_MAX, AccountStatus, AccountType, Engine
from engine.denials import Code, Denial
from engine.money import money_text
from engine.settings import DESCRIPTION_LENGTH_MAX, LINE_PATTERN
from rest_compat.operations import Call, Gives, Routes, Takes
from rest_compat.simulations import CAPITAL
from rest_compat.wire import Answered, Asked, CentsIn, InstantText, MoneyText, instant_text, one_of
from usecases import accounts
from usecases.absence import ABSENT
from usecases.accounts import AccountChanges, CreateAccount
from usecases.views import AccountView

routes = Routes("Accounts")

NAME = Field(
    max_length=NAME_LENGTH_MAX,
    description="Unique among your active accounts.",
    json_schema_extra={"pattern": LINE_PATTERN},
)
DescriptionText = Annotated[str | None, Field(max_length=DESCRIPTION_LENGTH_MAX)]
EngineName = Annotated[str, one_of(*Engine, *BROKERS)]
TypeName = Annotated[str, one_of(*AccountType)]
StatusName = Annotated[str, one_of(*AccountStatus)]


class NewAccount(Asked):
    name: Annotated[str, NAME]
    engine: Annotated[EngineName, Field(description="Fixed for the account's life.")]
    starting_capital: Annotated[CentsIn, CAPITAL]
    description: DescriptionText = None
    type: Annotated[
        str, one_of(AccountType.MANUAL), Field(description="Bot accounts are not available yet.")
    ] = AccountType.MANUAL.value


class AccountChange(Asked):
    """What to change; the rest stays."""

    name: Annotated[str | None, NAME] = None
    description: DescriptionText = None
    status: StatusName | None = None
    starting_capital: Annotated[CentsIn, CAPITAL] | None = None


class Account(Answered):
    """An account. ``cash_balance`` is the settled carry; ``current_value`` adds what the open session
    has made by its clock; nothing while that session's recording cannot be read."""

    id: UUID
    name: str
    description: str | None
    engine: EngineName
    type: TypeName
    starting_capital: MoneyText
    cash_balance: MoneyText
    current_value: MoneyText
    status: StatusName
    created_at: InstantText


def render_account(view: AccountView) -> Account:
    return Account(
        id=view.id,
        name=view.name,
        description=view.description,
        engine=view.engine.value,
        type=view.type.value,
        starting_capital=money_text(view.starting_cents),
        cash_balance=money_text(view.cash_cents),
        current_value=money_text(view.current_cents),
        status=view.status.value,
        created_at=instant_text(view.created_at),
    )


@routes.operation("GET", "/accounts", Takes(), Gives(200, list[Account]))
async def list_accounts(call: Call[None]) -> list[Account]:
    """Your accounts, oldest first, archived ones too."""
    return [render_account(view) for view in await accounts.list_accounts(call.ports, call.viewer)]


@routes.operation(
    "POST",
    "/accounts",
    Takes(NewAccount),
    Gives(201, Account, (Code.ENGINE_NOT_AVAILABLE, Code.NAME_TAKEN)),
)
async def create_account(call: Call[NewAccount]) -> Account | Denial:
    """Open an account with its starting capital as cash."""
    body = call.body
    command = CreateAccount(body.name, body.engine, body.starting_capital, body.description, body.type)
    return _answer(await accounts.create_account(call.ports, call.viewer, command))


@routes.operation("GET", "/accounts/{account_id}", Takes(), Gives(200, Account, (Code.NOT_FOUND,)))
async def get_account(call: Call[None]) -> Account | Denial:
    """One account."""
    return _answer(await accounts.get_account(call.ports, call.viewer, call.path["account_id"]))


@routes.operation(
    "PATCH",
    "/accounts/{account_id}",
    Takes(AccountChange),
    Gives(200, Account, (Code.NOT_FOUND, Code.NAME_TAKEN, Code.SESSION_OPEN, Code.CAPITAL_IMMUTABLE)),
)
async def change_account(call: Call[AccountChange]) -> Account | Denial:
    """Rename, describe, archive, or edit the starting capital.

    A new starting capital carries through every settled day of a historical account. Archive and
    capital wait until the open session is settled or deleted.
    """
    body = call.body
    changes = AccountChanges(
        name=body.name,
        description=body.description if "description" in body.model_fields_set else ABSENT,
        status=body.status,
        starting_capital_cents=body.starting_capital,
    )
    return _answer(await accounts.update_account(call.ports, call.viewer, call.path["account_id"], changes))


@routes.operation(
    "DELETE", "/accounts/{account_id}", Takes(), Gives(204, None, (Code.NOT_FOUND, Code.SESSION_OPEN))
)
async def delete_account(call: Call[None]) -> Denial | None:
    """Delete an account with its sessions; its name is free again."""
    return await accounts.delete_account(call.ports, call.viewer, call.path["account_id"])


def _answer(outcome: AccountView | Denial) -> Account | Denial:
    return outcome if isinstance(outcome, Denial) else render_account(outcome)
