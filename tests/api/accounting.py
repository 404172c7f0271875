"""What tests of accounts ask for."""

from typing import Any

from tests.api.asking import Asker, leg, move, place

ACCOUNT_FIELDS = (
    "id uuid name description engine type status startingCapital cashBalance currentValue version createdAt"
)
DAY_FIELDS = (
    "id uuid accountUuid mode date time status ended openingBalance closingBalance settledAt version"
    " financials { startingCapital netLiquidationValue profitLoss }"
)
CALL = {"type": "MARKET", "legs": [leg("SPXW  250115C05950000", "BUY_TO_OPEN")]}
# Bought at the ask of the open, worthless at the close: 5.10 and a fee of 1.72.
CALL_LOST = "-511.72"


async def change(asker: Asker, mutation: str, kind: str, fields: str, given: dict[str, Any]) -> Any:
    """The payload of a mutation with one input."""
    document = (
        f"mutation($input: {kind}!) {{ {mutation}(input: $input)"
        f" {{ {fields} userErrors {{ code message path }} }} }}"
    )
    return (await asker.ask(document, {"input": given}))[mutation]


async def asked_account(asker: Asker, **given: Any) -> Any:
    """The payload of an account asked for; ``given`` changes what is usual."""
    usual = {"name": "Iron condors", "engine": "HISTORICAL", "startingCapital": "100000"}
    return await change(
        asker, "createAccount", "CreateAccountInput", f"account {{ {ACCOUNT_FIELDS} }}", {**usual, **given}
    )


async def create_account(asker: Asker, **given: Any) -> Any:
    """A new account of 100,000 dollars."""
    payload = await asked_account(asker, **given)
    assert payload["userErrors"] == [], payload
    return payload["account"]


async def update_account(asker: Asker, account_id: str, **given: Any) -> Any:
    """The payload of a changed account."""
    fields, given = f"account {{ {ACCOUNT_FIELDS} }}", {"accountId": account_id, **given}
    return await change(asker, "updateAccount", "UpdateAccountInput", fields, given)


async def open_day(asker: Asker, account_id: str, date: str | None = "2025-01-15") -> Any:
    """The payload of an opened day."""
    return await change(
        asker,
        "openSession",
        "OpenSessionInput",
        f"isNew session {{ {DAY_FIELDS} }}",
        {"accountId": account_id, "date": date},
    )


async def trade_day(asker: Asker, account_id: str) -> Any:
    """The tiny day of an account on which one call is bought at the open, settled at the close."""
    day = (await open_day(asker, account_id))["session"]
    assert (await place(asker, day["id"], CALL))["userErrors"] == []
    return (await move(asker, day["id"], "14:40:00"))["session"]


async def account(asker: Asker, uuid: str, fields: str) -> Any:
    """Fields of one account, None where the asker has none such."""
    data = await asker.ask(f"query($uuid: UUID!) {{ account(uuid: $uuid) {{ {fields} }} }}", {"uuid": uuid})
    return data["account"]
