"""The verbs of an account behind the two faces, with answers of one shape (as in ``faces``)."""

import re
from dataclasses import dataclass, field
from typing import Any, Protocol

from httpx2 import Response

from tests.parity.faces import DAY, MONEY, GraphQL, Rest, plain, refusal

ACCOUNT = "uuid name description engine type status startingCapital cashBalance currentValue createdAt"
DATED = (
    "uuid account_id: accountUuid mode date description startTime endTime time ended status"
    f" openingBalance closingBalance settledAt financials {{ {MONEY} startingCapital }}"
)
_REST_ONLY = re.compile(r"equit.*|deposits|withdrawals")
_ENUMS = {"engine", "type", "status"}


class AccountFace(Protocol):
    async def create_account(self, **given: str) -> Any: ...
    async def update_account(self, **given: str | None) -> Any: ...
    async def delete_account(self) -> Any: ...
    async def account(self) -> Any: ...
    async def accounts(self) -> Any: ...
    async def open_day(self, date: str | None = DAY) -> Any: ...
    async def delete_day(self) -> Any: ...
    async def days(self) -> Any: ...
    async def head(self) -> Any: ...
    async def move(self, time: str) -> Any: ...
    async def place(self, order: dict[str, Any], key: str | None = None) -> Any: ...
    async def delete(self, order_id: str) -> Any: ...
    async def read(self, what: str, at: str | None = None) -> Any: ...
    async def session(self) -> Any: ...
    async def history(self, interval: int) -> Any: ...


@dataclass(slots=True)
class AccountRest(Rest):
    """Somebody who keeps an account by REST; the last opened day is the one that he trades."""

    own: str = field(default="")
    date: str = field(default=DAY)

    async def create_account(self, **given: str) -> Any:
        response = await self._send("POST", "/accounts", json=given)
        if response.is_success:
            self.own = f"/accounts/{response.json()['id']}"
        return _told(response)

    async def update_account(self, **given: str | None) -> Any:
        return _told(await self._send("PATCH", self.own, json=given))

    async def delete_account(self) -> Any:
        return _told(await self._send("DELETE", self.own))

    async def account(self) -> Any:
        return _told(await self._send("GET", self.own))

    async def accounts(self) -> Any:
        return _told(await self._send("GET", "/accounts"))

    async def open_day(self, date: str | None = DAY) -> Any:
        response = await self._send("POST", f"{self.own}/sessions", json={"date": date} if date else {})
        if not response.is_success:
            return _told(response)
        self.path, self.date = f"{self.own}/sessions/{response.json()['id']}", str(date)
        return {**_told(response), "is_new": response.status_code == 201}

    async def move(self, time: str) -> Any:
        return _told(await self._send("PATCH", self.path, json={"time": f"{self.date}T{time}Z"}))

    async def delete_day(self) -> Any:
        return _told(await self._send("DELETE", self.path))

    async def days(self) -> Any:
        return _told(await self._send("GET", f"{self.own}/sessions"))

    async def head(self) -> Any:
        return _told(await self._send("GET", f"{self.own}/sessions/head"))

    async def session(self) -> Any:
        return _told(await self._send("GET", self.path))


@dataclass(slots=True)
class AccountGraphQL(GraphQL):
    """Somebody who keeps an account by GraphQL, and is handed the same."""

    own: str = field(default="")
    date: str = field(default=DAY)

    async def create_account(self, **given: str) -> Any:
        told = await self._change("createAccount", f"account {{ {ACCOUNT} }}", _input(given))
        self.own = told.get("id", self.own)
        return told

    async def update_account(self, **given: str | None) -> Any:
        changes = {"accountId": self.own, **_input(given)}
        return await self._change("updateAccount", f"account {{ {ACCOUNT} }}", changes)

    async def delete_account(self) -> Any:
        return await self._change("deleteAccount", "deletedId", {"accountId": self.own})

    async def account(self) -> Any:
        return _account(await self._of_account(ACCOUNT))

    async def accounts(self) -> Any:
        data = await self.asker.ask(f"{{ accounts(first: 100) {{ nodes {{ {ACCOUNT} }} }} }}")
        return [_account(node) for node in data["accounts"]["nodes"]]

    async def open_day(self, date: str | None = DAY) -> Any:
        given = {"accountId": self.own, "date": date}
        told = await self._change("openSession", f"isNew session {{ {DATED} }}", given)
        if "code" not in told:
            self.uuid, self.date = told["id"], str(date)
        return told

    async def move(self, time: str) -> Any:
        given = {"sessionId": self.uuid, "time": f"{self.date}T{time}Z"}
        return await self._change("moveClock", f"session {{ {DATED} }}", given)

    async def delete_day(self) -> Any:
        return await self._change("deleteSession", "deletedId", {"sessionId": self.uuid})

    async def days(self) -> Any:
        told = await self._of_account(f"sessions(first: 100) {{ nodes {{ {DATED} }} }}")
        return [_day(node) for node in told["sessions"]["nodes"]] if told else _nowhere()

    async def head(self) -> Any:
        told = await self._of_account(f"headSession {{ {DATED} }}")
        return _day(told["headSession"]) if told else _nowhere()

    async def session(self) -> Any:
        told = await self._ask(DATED)
        return _day(told) if told else {"code": "not_found", "message": "no such session"}

    async def _of_account(self, fields: str) -> Any:
        document = f"query($uuid: UUID!) {{ account(uuid: $uuid) {{ {fields} }} }}"
        return (await self.asker.ask(document, {"uuid": self.own}))["account"]

    async def _change(self, mutation: str, fields: str, given: dict[str, Any]) -> Any:
        """What a change answers: the account or day in it, or why it was refused."""
        kind = f"{mutation[0].upper()}{mutation[1:]}Input"
        document = (
            f"mutation($input: {kind}!) {{ {mutation}(input: $input)"
            f" {{ {fields} userErrors {{ code message }} }} }}"
        )
        told = (await self.asker.ask(document, {"input": given}))[mutation]
        if told["userErrors"]:
            return refusal(told["userErrors"][0])
        if "account" in told:
            return _account(told["account"])
        newness = {"is_new": told["isNew"]} if "isNew" in told else {}
        return {**_day(told.get("session")), **newness}


def _told(response: Response) -> Any:
    """REST's answer without the fields that are always zero, or why it was refused."""
    if not response.is_success:
        return {"code": response.headers["x-error-code"], "message": response.text}
    return _kept(response.json()) if response.content else {}


def _kept(value: Any) -> Any:
    if isinstance(value, list):
        return [_kept(inner) for inner in value]
    if value is None:
        return {}
    return plain({name: inner for name, inner in value.items() if not _REST_ONLY.fullmatch(name)})


def _day(session: dict[str, Any] | None) -> Any:
    """A day as REST shows it, flat; empty where there is none."""
    if session is None:
        return {}
    flat = {name: value for name, value in session.items() if name != "financials"}
    return plain({**flat, **session["financials"]})


def _account(account: dict[str, Any] | None) -> Any:
    """An account with REST's words for its enumerations."""
    if account is None:
        return _nowhere()
    return plain({name: value.lower() if name in _ENUMS else value for name, value in account.items()})


def _nowhere() -> dict[str, str]:
    """How REST says what is null here."""
    return {"code": "not_found", "message": "no such account"}


def _input(given: dict[str, Any]) -> dict[str, Any]:
    """GraphQL's names, and its enumerations."""
    return {
        re.sub(r"_(\w)", lambda letter: letter[1].upper(), name): value.upper() if name in _ENUMS else value
        for name, value in given.items()
    }
