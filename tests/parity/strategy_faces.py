"""The verbs of strategies behind the two faces, with answers of one shape: REST's, numbers as numbers."""

import re
from dataclasses import dataclass, field
from typing import Any, Protocol

from httpx2 import Response

from tests.api.accounting import change
from tests.api.strategizing import CONFIG, COVERAGE, as_sent
from tests.parity.faces import GraphQL, Rest

LOGIC = f"config {{ {CONFIG} }} description summary risks"
DAYS = (
    "date status gross_pnl: grossProfitLoss fees slippage net_pnl: netProfitLoss openingOrders closingOrders"
)
PERFORMANCE = (
    "byDay { totalReturn sharpe maxDrawdownFraction fees profitLoss cagr } byTrade { winRate }"
    " gross_pnl: grossProfitLoss slippage sortino calmar exposure average_seconds_in_trade: secondsInTrade"
)
BACKTEST = (
    f"coverage {{ {COVERAGE} }} performance {{ {PERFORMANCE} }} days(first: 100) {{ nodes {{ {DAYS} }} }}"
    " certificate { sourceHash daysDigest engineVersion } partialDays"
)
STRATEGY = f"uuid sourceHash privacy isOwner description logic {{ {LOGIC} }} backtest {{ {BACKTEST} }}"
LINE = f"uuid sourceHash privacy description coverage {{ {COVERAGE} }} performance {{ {PERFORMANCE} }}"
DEALING = "dealing { spx vix legs { instrument bid ask price } net }"
CHOSEN = "chosen { instrument off_target: off }"
DETAIL = (
    "reconciliationWarning differing"
    " transactions { order position datetime: time instrument type quantity price value overlayFee }"
    " decisionLog { type: __typename datetime: time"
    f" ... on EntrySkipped {{ entry reentry reason value leg {CHOSEN} }}"
    f" ... on EntryTaken {{ entry reentry position {CHOSEN} {DEALING} maxProfit maxLoss }}"
    f" ... on PositionClosed {{ position rule {DEALING} gross_pnl: grossProfitLoss }}"
    " ... on PositionSettled { position settlement_value: settlement net gross_pnl: grossProfitLoss } }"
)
METRICS = (
    "total_return sharpe max_drawdown win_rate fees net_pnl cagr gross_pnl slippage sortino calmar exposure"
    " average_seconds_in_trade"
)

_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_ENUM = re.compile(r"[A-Z]+(_[A-Z]+)*")


class StrategyFace(Protocol):
    async def preview(self, config: Any) -> Any: ...
    async def results(self, source_hash: str) -> Any: ...
    async def save(self, config: Any, **given: Any) -> Any: ...
    async def change(self, **given: Any) -> Any: ...
    async def strategy(self) -> Any: ...
    async def listed(self) -> Any: ...
    async def drill(self, date: str) -> Any: ...
    async def csv(self) -> Any: ...
    async def remove(self) -> Any: ...


@dataclass(slots=True)
class StrategyRest(Rest):
    """Somebody who keeps strategies by REST; the last saved one is the one that he reads."""

    own: str = field(default="/strategies/00000000-0000-0000-0000-000000000000")

    async def preview(self, config: Any) -> Any:
        told = _told(await self._send("POST", "/strategies/preview", json={"config": config}))
        told.pop("program", None)
        return told

    async def results(self, source_hash: str) -> Any:
        return _told(await self._send("GET", f"/strategies/preview/{source_hash}/results"))

    async def save(self, config: Any, **given: Any) -> Any:
        response = await self._send("POST", "/strategies", json={"config": config, **given})
        if response.is_success:
            self.own = f"/strategies/{response.json()['id']}"
        return _told(response)

    async def change(self, **given: Any) -> Any:
        return _told(await self._send("PATCH", self.own, json=given))

    async def strategy(self) -> Any:
        return _told(await self._send("GET", self.own))

    async def listed(self) -> Any:
        return _told(await self._send("GET", "/strategies")).get("strategies", [])

    async def drill(self, date: str) -> Any:
        told = _told(await self._send("GET", f"{self.own}/results/days/{date}"))
        names = ("reconciliation_warning", "differing", "transactions", "decision_log", "code")
        return {name: told[name] for name in names if name in told}

    async def csv(self) -> Any:
        response = await self._send("GET", f"{self.own}/results/days.csv")
        return response.text if response.is_success else _told(response)

    async def remove(self) -> Any:
        return _told(await self._send("DELETE", self.own))


@dataclass(slots=True)
class StrategyGraphQL(GraphQL):
    """Somebody who keeps strategies by GraphQL, and is handed the same."""

    uuid: str = field(default="00000000-0000-0000-0000-000000000000")

    async def preview(self, config: Any) -> Any:
        fields = f"preview {{ logic {{ {LOGIC} }} backtest {{ {BACKTEST} }} }}"
        told = await self._change("previewStrategy", fields, {"config": as_sent(config)})
        return told if "code" in told else _strategy(told["preview"])

    async def results(self, source_hash: str) -> Any:
        document = f"query($hash: String!) {{ backtest(sourceHash: $hash) {{ {BACKTEST} }} }}"
        told = (await self.asker.ask(document, {"hash": source_hash}))["backtest"]
        return _snapshot(told) if told else {"code": "not_found"}

    async def save(self, config: Any, **given: Any) -> Any:
        sent = {"config": as_sent(config), **_enums(given)}
        told = await self._change("saveStrategy", f"strategy {{ {STRATEGY} }}", sent)
        if "code" in told:
            return told
        self.uuid = told["strategy"]["uuid"]
        return _strategy(told["strategy"])

    async def change(self, **given: Any) -> Any:
        sent = {"strategyId": self.uuid, **_enums(given)}
        told = await self._change("updateStrategy", f"strategy {{ {STRATEGY} }}", sent)
        return told if "code" in told else _strategy(told["strategy"])

    async def strategy(self) -> Any:
        told = await self._of_strategy(STRATEGY)
        return _strategy(told) if told else {"code": "not_found"}

    async def listed(self) -> Any:
        data = await self.asker.ask(f"{{ strategies(first: 100) {{ nodes {{ {LINE} }} }} }}")
        return [_line(node) for node in data["strategies"]["nodes"]]

    async def drill(self, date: str) -> Any:
        told = await self._of_strategy(f'dayDetail(date: "{date}") {{ {DETAIL} }}')
        return _detail(told["dayDetail"]) if told and told["dayDetail"] else {"code": "not_found"}

    async def csv(self) -> Any:
        told = await self._of_strategy("csv")
        return told["csv"] if told else {"code": "not_found"}

    async def remove(self) -> Any:
        told = await self._change("removeStrategy", "removedId", {"strategyId": self.uuid})
        return told if "code" in told else {}

    async def _of_strategy(self, fields: str) -> Any:
        document = f"query($uuid: UUID!) {{ strategy(uuid: $uuid) {{ {fields} }} }}"
        return (await self.asker.ask(document, {"uuid": self.uuid}))["strategy"]

    async def _change(self, mutation: str, fields: str, given: dict[str, Any]) -> Any:
        kind = f"{mutation[0].upper()}{mutation[1:]}Input"
        told = await change(self.asker, mutation, kind, fields, given)
        errors = told["userErrors"]
        if not errors:
            return told
        paths = {".".join(map(_snake, error["path"][2:])): error["message"] for error in errors}
        fields_told = {"fields": paths} if errors[0]["code"] == "invalid_config" else {}
        return {"code": errors[0]["code"], **fields_told}


def _told(response: Response) -> Any:
    """REST's answer in part, or why it was refused."""
    if response.is_success:
        return _common(_plain(response.json())) if response.content else {}
    code = response.headers["x-error-code"]
    return {"code": code, "fields": response.json()["fields"]} if code == "invalid_config" else {"code": code}


def _common(value: Any) -> Any:
    """What both faces tell at the same place, without times of writing."""
    if isinstance(value, list):
        return [_common(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {name: _common(inner) for name, inner in value.items() if name not in ("created_at", "updated_at")}
    if "metrics" in kept:
        kept["metrics"] = {name: kept["metrics"][name] for name in METRICS.split() if name in kept["metrics"]}
    kept.pop("equity_curve", None)
    return kept


def _plain(value: Any) -> Any:
    """REST's names and words, numbers as numbers, and nothing where there is nothing."""
    if isinstance(value, dict):
        named = {_snake(name): _plain(inner) for name, inner in value.items()}
        return {name: inner for name, inner in named.items() if inner not in (None, [], {})}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value)
    return value.lower() if isinstance(value, str) and _ENUM.fullmatch(value) else value


def _strategy(told: dict[str, Any]) -> Any:
    own = {name: told[name] for name in ("sourceHash", "privacy", "isOwner", "description") if name in told}
    identity = {"id": told["uuid"]} if "uuid" in told else {}
    return {**identity, **_plain({**told["logic"], **own}), "snapshot": _snapshot(told["backtest"])}


def _line(told: dict[str, Any]) -> Any:
    own = {"id": told["uuid"], "privacy": told["privacy"], "description": told["description"]}
    headline = {name: _metrics(told["performance"]).get(name) for name in METRICS.split()[:4]}
    return _plain({**own, **told["coverage"], "metrics": headline})


def _snapshot(told: dict[str, Any]) -> Any:
    results = {
        "metrics": _metrics(told["performance"]),
        "days": told["days"]["nodes"],
        "partial_days": told["partialDays"],
    }
    return _plain({**told["coverage"], "certificate": told["certificate"], "results": results})


def _metrics(told: dict[str, Any]) -> dict[str, Any]:
    by_day = dict(told["byDay"])
    drawdown, net = by_day.pop("maxDrawdownFraction"), by_day.pop("profitLoss")
    others = {name: value for name, value in told.items() if name not in ("byDay", "byTrade")}
    rates = {"max_drawdown": drawdown, "net_pnl": net, "win_rate": told["byTrade"]["winRate"]}
    return _plain({**by_day, **others, **rates})  # type: ignore[no-any-return]


def _detail(told: dict[str, Any]) -> Any:
    words = {"transactions": [{**row, "type": _words(row["type"])} for row in told["transactions"]]}
    return _plain({**told, **words, "decisionLog": [_decision(one) for one in told["decisionLog"]]})


def _decision(told: dict[str, Any]) -> dict[str, Any]:
    """A decision as REST tells it, flat."""
    flat = {name: value for name, value in told.items() if name not in ("chosen", "dealing")}
    dealing = dict(told.get("dealing", {}))
    dealt, chosen = dealing.pop("legs", []), told.get("chosen", [])
    legs = [{**one, **two} for one, two in zip(chosen or dealt, dealt or chosen, strict=True)]
    settled = {"rule": "settlement"} if told["type"] == "PositionSettled" else {}
    return {**flat, **dealing, **settled, "type": _snake(told["type"]), "legs": legs}


def _enums(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value.upper() if name == "privacy" else value for name, value in given.items()}


def _words(enum: str) -> str:
    return enum.lower().replace("_", " ")


def _snake(name: str) -> str:
    return _CAPITAL.sub("_", name).lower()
