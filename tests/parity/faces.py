"""The two faces behind one set of verbs, whose answers have one shape whichever face gave them.

A trader is told an object, or ``{"code", "message"}`` where he was refused. Names are REST's, numbers
are text, and what is null or empty is left out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from httpx2 import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette

from engine.money import fixed_text
from tests.api.asking import Asker

DAY = "2025-01-15"

LEG = "legs { instrument quantity action }"
TRANSACTION = "uuid orderUuid datetime: time instrument type quantity price value effect fees"
ORDER = (
    "uuid datetime: time underlying type status rejectionReason price priceEffect stopTrigger"
    " triggerDirection slippage executionPrice fillPrice fillPriceEffect fillTime fees clientOrderId"
    " replacesOrderUuid"
    f" {LEG} transactions {{ {TRANSACTION.replace(' orderUuid', '')} }}"
)
POSITION = (
    "uuid instrument direction quantity cost costBasis debit credit unrealizedProfitLoss realizedProfitLoss"
    " fees totalProfitLoss netLiquidity price delta"
)
MONEY = (
    "credits debits fees maintenanceBuyingPower availableBuyingPower netLiquidationValue"
    " unrealizedProfitLoss realizedProfitLoss profitLoss"
)
SESSION = (
    "uuid mode date description startTime endTime time ended settledAt"
    f" financials {{ {MONEY} startingCapital }}"
)
EFFECT = "marginChange buyingPowerChange currentBuyingPower newBuyingPower"
SIMULATION = "query($uuid: UUID!) { simulation(uuid: $uuid) { %s } }"
FIELDS = {"orders": ORDER, "positions": POSITION, "transactions": TRANSACTION}

_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ENUM = re.compile(r"[A-Z]+(_[A-Z]+)*")
_REST_NAMES = {
    "uuid": "id",
    "fill_time": "fill_datetime",
    "order_uuid": "order_id",
    "replaces_order_uuid": "replaces_order_id",
}
_REST_ONLY = re.compile(r"equit.*|account_id|opening_balance|deposits|withdrawals")


class Face(Protocol):
    async def create(self, **given: str) -> Any: ...
    async def move(self, time: str) -> Any: ...
    async def place(self, order: dict[str, Any], key: str | None = None) -> Any: ...
    async def dry_run(self, order: dict[str, Any]) -> Any: ...
    async def replace(self, order_id: str, order: dict[str, Any]) -> Any: ...
    async def delete(self, order_id: str) -> Any: ...
    async def read(self, what: str, at: str | None = None) -> Any: ...
    async def session(self) -> Any: ...
    async def history(self, interval: int) -> Any: ...


@dataclass(slots=True)
class Rest:
    """A trader who uses REST. Orders are written its way."""

    app: Starlette
    token: str
    path: str = field(default="")

    async def create(self, **given: str) -> Any:
        response = await self._send("POST", "/simulations", json={"date": DAY, **given})
        if response.is_success:
            self.path = f"/simulations/{response.json()['id']}"
        return self._session(response)

    async def move(self, time: str) -> Any:
        return self._session(await self._send("PATCH", self.path, json={"time": f"{DAY}T{time}Z"}))

    async def session(self) -> Any:
        return self._session(await self._send("GET", self.path))

    async def place(self, order: dict[str, Any], key: str | None = None) -> Any:
        headers = {"idempotency-key": key} if key else {}
        return self._receipt(await self._send("POST", f"{self.path}/orders", json=order, headers=headers))

    async def dry_run(self, order: dict[str, Any]) -> Any:
        return self._receipt(await self._send("POST", f"{self.path}/orders/dry-run", json=order))

    async def replace(self, order_id: str, order: dict[str, Any]) -> Any:
        body = {"order_id": order_id, **order}
        return self._receipt(await self._send("PUT", f"{self.path}/orders", json=body))

    async def delete(self, order_id: str) -> Any:
        response = await self._send("DELETE", f"{self.path}/orders/{order_id}")
        return {} if response.is_success else _refusal(response)

    async def read(self, what: str, at: str | None = None) -> Any:
        query = f"?at={DAY}T{at}Z" if at else ""
        response = await self._send("GET", f"{self.path}/{what}{query}")
        return plain(response.json()) if response.is_success else _refusal(response)

    async def history(self, interval: int) -> Any:
        rows = (await self._send("GET", f"{self.path}/history?interval={interval}")).json()
        return [{name: row[name] for name in map(_snake, MONEY.split())} for row in rows]

    async def _send(self, method: str, path: str, **more: Any) -> Response:
        headers = {"authorization": self.token, **more.pop("headers", {})}
        transport = ASGITransport(self.app)
        async with AsyncClient(transport=transport, base_url="http://zerodte", headers=headers) as http:
            return await http.request(method, path, **more)

    def _session(self, response: Response) -> Any:
        if not response.is_success:
            return _refusal(response)
        told = {name: value for name, value in response.json().items() if not _REST_ONLY.fullmatch(name)}
        return plain({name: value for name, value in told.items() if name != "status"})

    def _receipt(self, response: Response) -> Any:
        if not response.is_success:
            return _refusal(response)
        order = response.json()
        return plain({**order, "buying-power-effect": _signed(order["buying-power-effect"])})


@dataclass(slots=True)
class GraphQL:
    """A trader who uses GraphQL, and is handed the same orders."""

    asker: Asker
    uuid: str = field(default="")

    async def create(self, **given: str) -> Any:
        named = {"date": DAY, **{_camel(name): value for name, value in given.items()}}
        told = await self._mutate(
            "createSimulation", "CreateSimulationInput", f"session {{ {SESSION} }}", named
        )
        self.uuid = told.get("session", {}).get("id", self.uuid)
        return self._session(told)

    async def move(self, time: str) -> Any:
        given = {"sessionId": self.uuid, "time": f"{DAY}T{time}Z"}
        return self._session(
            await self._mutate("moveClock", "MoveClockInput", f"session {{ {SESSION} }}", given)
        )

    async def session(self) -> Any:
        return self._session({"session": plain(await self._ask(SESSION))})

    async def place(self, order: dict[str, Any], key: str | None = None) -> Any:
        return await self._enter("placeOrder", "PlaceOrderInput", order, idempotencyKey=key)

    async def dry_run(self, order: dict[str, Any]) -> Any:
        return await self._enter("dryRunOrder", "DryRunOrderInput", order)

    async def replace(self, order_id: str, order: dict[str, Any]) -> Any:
        return await self._enter("replaceOrder", "ReplaceOrderInput", order, orderId=order_id)

    async def delete(self, order_id: str) -> Any:
        given = {"sessionId": self.uuid, "orderId": order_id}
        told = await self._mutate("deleteOrder", "DeleteOrderInput", "deletedId", given)
        return told if "code" in told else {}

    async def read(self, what: str, at: str | None = None) -> Any:
        moment = f', at: "{DAY}T{at}Z"' if at else ""
        asked = f"{what}(first: 100{moment}) {{ nodes {{ {FIELDS[what]} }} }}"
        body = (await self.asker.post(SIMULATION % asked, {"uuid": self.uuid})).json()
        if "errors" in body:
            (error,) = body["errors"]
            return {"code": error["extensions"]["reason"], "message": error["message"]}
        return [_visible(plain(node)) for node in body["data"]["simulation"][what]["nodes"]]

    async def history(self, interval: int) -> Any:
        columns = " ".join(f"{name}Cents" for name in MONEY.split())
        history = (await self._ask(f"history(interval: {interval}) {{ {columns} }}"))["history"]
        names = [_snake(name) for name in MONEY.split()]
        rows = zip(*[history[column] for column in columns.split()], strict=True)
        return [dict(zip(names, [fixed_text(cents, 2) for cents in row], strict=True)) for row in rows]

    async def _enter(self, field: str, kind: str, order: dict[str, Any], **more: Any) -> Any:
        given = {"sessionId": self.uuid, "order": _order_input(order), **more}
        told = await self._mutate(
            field, kind, f"order {{ {ORDER} }} buyingPowerEffect {{ {EFFECT} }}",
            {name: value for name, value in given.items() if value is not None},
        )  # fmt: skip
        if "code" in told:
            return told
        return {**_visible(told["order"]), "buying-power-effect": told["buying_power_effect"]}

    async def _mutate(self, field: str, kind: str, fields: str, given: dict[str, Any]) -> dict[str, Any]:
        document = (
            f"mutation($input: {kind}!) {{ {field}(input: $input)"
            f" {{ {fields} userErrors {{ code message }} }} }}"
        )
        told = (await self.asker.ask(document, {"input": given}))[field]
        refused = told.pop("userErrors")
        return refusal(refused[0]) if refused else dict(plain(told))

    async def _ask(self, fields: str) -> Any:
        return (await self.asker.ask(SIMULATION % fields, {"uuid": self.uuid}))["simulation"]

    def _session(self, told: dict[str, Any]) -> Any:
        if "code" in told:
            return told
        session = told["session"]
        flat = {name: value for name, value in session.items() if name != "financials"}
        return {**flat, **session["financials"]}


def plain(value: Any) -> Any:
    """REST's names, its words for enumerations, numbers as text, and nothing where there is nothing."""
    if isinstance(value, dict):
        named = {_rest_name(name): plain(inner) for name, inner in value.items()}
        return {name: inner for name, inner in named.items() if inner not in (None, [])}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, str) and _ENUM.fullmatch(value) and value != "SPX":
        return _word(value)
    return value if isinstance(value, bool) or value is None else str(value)


def _word(enum: str) -> str:
    """An enumeration as REST writes it: actions in words, directions of triggers as they are."""
    return enum.lower() if enum.startswith("AT_") else enum.lower().replace("_", " ")


def _rest_name(name: str) -> str:
    snake = _snake(name)
    return _REST_NAMES.get(snake, snake)


def _snake(name: str) -> str:
    return _WORD.sub("_", name).lower()


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _order_input(order: dict[str, Any]) -> dict[str, Any]:
    enums = {"type", "price_effect", "trigger_direction", "action"}
    return {
        _camel(name): [_order_input(leg) for leg in value]
        if name == "legs"
        else value.upper().replace(" ", "_")
        if name in enums
        else int(value)
        if name == "quantity"
        else value
        for name, value in order.items()
    }


def refusal(error: Mapping[str, str]) -> dict[str, str]:
    """A user error, its message with the fields as REST spells them."""
    spelt = re.sub(r"\b[a-z]+(?:[A-Z][a-z]+)+\b", lambda name: _snake(name[0]), error["message"])
    return {"code": error["code"], "message": spelt}


def _visible(order: dict[str, Any]) -> dict[str, Any]:
    """As REST shows it: the mid that had to be reached is told once it was."""
    hidden = set() if "fill_price" in order else {"execution_price"}
    return {name: value for name, value in order.items() if name not in hidden}


def _refusal(response: Response) -> dict[str, str]:
    return {"code": response.headers["x-error-code"], "message": response.text}


def _signed(effect: dict[str, str]) -> dict[str, str]:
    """The amounts with a sign instead of a sense: a change is positive where it costs."""
    names = {
        "margin_change": ("change-in-margin-requirement", "Credit"),
        "buying_power_change": ("change-in-buying-power", "Credit"),
        "current_buying_power": ("current-buying-power", "Debit"),
        "new_buying_power": ("new-buying-power", "Debit"),
    }
    return {
        name: ("-" if effect[f"{key}-effect"] == negative else "") + effect[key]
        for name, (key, negative) in names.items()
    }
