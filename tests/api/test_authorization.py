"""Every operation of the schema, asked by a visitor, by another user, and by the owner."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from api.limits import Limits
from api.nodes import NodeKind, global_id
from api.schema import build_schema
from tests.api.accounting import create_account, open_day
from tests.api.asking import WAITING_CALL, Asker, Desk, open_simulation, place
from tests.api.strategizing import as_sent, saved
from tests.api.streaming import Socket, served
from tests.api.trading import started
from tests.backtests import STRANGLE, run_all
from tests.live_market import Market, on_air

SCHEMA = build_schema(Limits())._schema
REFUSED = "UNAUTHENTICATED"
HIDDEN = "hidden"
DONE = "done"


@dataclass(frozen=True, slots=True)
class Case:
    """One operation on the owner's session, and what becomes of it for each of the three."""

    document: str
    visitor: str = REFUSED
    other: str = HIDDEN
    owner: str = DONE


OPEN = {"visitor": DONE, "other": DONE}
OWN = {"other": DONE}
CASES = {
    "Query.viewer": Case("{ viewer { email } }", visitor=HIDDEN, other=DONE),
    "Query.node": Case("query($node: ID!) { node(id: $node) { id } }"),
    "Query.marketSessions": Case("{ marketSessions { nodes { date } } }", **OPEN),
    "Query.marketDay": Case('{ marketDay(date: "2025-01-15") { date } }', **OPEN),
    # By this desk's clock no session is completed: whoever has a token is told so.
    "Query.averageExpectedMove": Case(
        "{ averageExpectedMove { days } }", other="MALFORMED", owner="MALFORMED"
    ),
    "Query.simulations": Case("{ simulations { nodes { uuid } } }"),
    "Query.simulation": Case("query($uuid: UUID!) { simulation(uuid: $uuid) { uuid } }"),
    "Query.liveSession": Case("{ liveSession { uuid } }"),
    "Query.operations": Case("{ operations { time } }", other="MALFORMED", owner="MALFORMED"),
    "Query.accounts": Case("{ accounts { nodes { uuid } } }"),
    "Query.account": Case("query($accountUuid: UUID!) { account(uuid: $accountUuid) { uuid } }"),
    "Query.strategies": Case("{ strategies { nodes { uuid } } }"),
    "Query.strategy": Case(
        "query($strategyUuid: UUID!) { strategy(uuid: $strategyUuid) { uuid } }", visitor=HIDDEN
    ),
    "Query.backtest": Case("query($hash: String!) { backtest(sourceHash: $hash) { sourceHash } }"),
    "Strategy.dayDetail": Case(
        "query($strategyUuid: UUID!) { strategy(uuid: $strategyUuid)"
        ' { dayDetail(date: "2025-01-15") { openTime } } }',
        visitor=HIDDEN,
    ),
    "Strategy.csv": Case(
        "query($strategyUuid: UUID!) { strategy(uuid: $strategyUuid) { csv } }", visitor=HIDDEN
    ),
    "MarketDay.strikes": Case('{ marketDay(date: "2025-01-15") { strikes } }', **OWN),
    "MarketDay.chain": Case(
        '{ marketDay(date: "2025-01-15") { chain(at: "2025-01-15T14:35:00Z") { strikes } } }', **OWN
    ),
    "MarketDay.chains": Case(
        '{ marketDay(date: "2025-01-15") {'
        ' chains(start: "2025-01-15T14:35:00Z", end: "2025-01-15T14:35:01Z") { strikes } } }',
        **OWN,
    ),
    "MarketDay.series": Case('{ marketDay(date: "2025-01-15") { series { spxE4 } } }', **OWN),
    "Mutation.requestCode": Case(
        "mutation($email: String!) { requestCode(input: {email: $email}) { done } }", **OPEN
    ),
    "Mutation.checkEmail": Case(
        'mutation { checkEmail(input: {email: "owner@example.com"}) { hasPassword } }', **OPEN
    ),
    "Mutation.register": Case(
        'mutation { register(input: {email: "new@example.com", verificationCode: "000000"})'
        " { token userErrors { code } } }",
        visitor="invalid_code",
        other="invalid_code",
        owner="invalid_code",
    ),
    "Mutation.login": Case(
        'mutation { login(input: {email: "owner@example.com", password: "wrong-horse"})'
        " { token userErrors { code } } }",
        visitor="invalid_credentials",
        other="invalid_credentials",
        owner="invalid_credentials",
    ),
    "Mutation.logout": Case("mutation { logout { done } }", **OWN),
    "Mutation.forgotPassword": Case(
        "mutation($email: String!) { forgotPassword(input: {email: $email}) { done } }", **OPEN
    ),
    "Mutation.resetPassword": Case(
        'mutation { resetPassword(input: {email: "owner@example.com", verificationCode: "000000",'
        ' password: "wrong-horse"}) { done userErrors { code } } }',
        visitor="invalid_code",
        other="invalid_code",
        owner="invalid_code",
    ),
    "Mutation.updateProfile": Case(
        'mutation { updateProfile(input: {slippage: "0.05"}) { user { email } } }', **OWN
    ),
    "Mutation.createSimulation": Case(
        'mutation { createSimulation(input: {date: "2025-01-15", startingCapital: "100000"})'
        " { session { uuid } userErrors { code } } }",
        other=DONE,
        owner="simulation_exists",
    ),
    "Mutation.moveClock": Case(
        'mutation($session: ID!) { moveClock(input: {sessionId: $session, time: "2025-01-15T14:31:01Z"})'
        " { session { uuid } userErrors { code } } }",
        other="not_found",
    ),
    "Mutation.deleteSimulation": Case(
        "mutation($session: ID!) { deleteSimulation(input: {sessionId: $session})"
        " { deletedId userErrors { code } } }",
        other="not_found",
    ),
    "Mutation.startLiveSession": Case(
        'mutation { startLiveSession(input: {startingCapital: "100000"})'
        " { session { uuid } userErrors { code } } }",
        other=DONE,
        owner="live_session_exists",
    ),
    "Mutation.endLiveSession": Case(
        "mutation { endLiveSession { deletedId userErrors { code } } }", other="not_found"
    ),
    "Mutation.placeOrder": Case(
        "mutation($session: ID!, $new: OrderInput!) { placeOrder(input: {sessionId: $session, order: $new})"
        " { order { uuid } userErrors { code } } }",
        other="not_found",
    ),
    "Mutation.dryRunOrder": Case(
        "mutation($session: ID!, $new: OrderInput!) { dryRunOrder(input: {sessionId: $session, order: $new})"
        " { order { uuid } userErrors { code } } }",
        other="not_found",
    ),
    "Mutation.replaceOrder": Case(
        "mutation($session: ID!, $order: ID!, $new: OrderInput!) {"
        " replaceOrder(input: {sessionId: $session, orderId: $order, order: $new})"
        " { order { uuid } userErrors { code } } }",
        other="not_found",
    ),
    "Mutation.deleteOrder": Case(
        "mutation($session: ID!, $order: ID!) { deleteOrder(input: {sessionId: $session, orderId: $order})"
        " { deletedId userErrors { code } } }",
        other="not_found",
    ),
    "Mutation.createAccount": Case(
        'mutation { createAccount(input: {name: "Empty", engine: HISTORICAL, startingCapital: "5000"})'
        " { account { uuid } userErrors { code } } }",
        other=DONE,
        owner="name_taken",
    ),
    "Mutation.updateAccount": Case(
        'mutation($account: ID!) { updateAccount(input: {accountId: $account, name: "Mine"})'
        " { account { uuid } userErrors { code } } }",
        other="not_found",
    ),
    "Mutation.deleteAccount": Case(
        "mutation($account: ID!) { deleteAccount(input: {accountId: $account})"
        " { deletedId userErrors { code } } }",
        other="not_found",
    ),
    "Mutation.openSession": Case(
        'mutation($account: ID!) { openSession(input: {accountId: $account, date: "2025-01-15"})'
        " { session { uuid } userErrors { code } } }",
        other="not_found",
    ),
    "Mutation.deleteSession": Case(
        "mutation($day: ID!) { deleteSession(input: {sessionId: $day}) { deletedId userErrors { code } } }",
        other="not_found",
    ),
    "Mutation.previewStrategy": Case(
        "mutation($config: StrategyConfigInput!) { previewStrategy(input: {config: $config})"
        " { preview { backtest { sourceHash } } userErrors { code } } }",
        **OWN,
    ),
    "Mutation.abandonPreview": Case(
        "mutation($hash: String!) { abandonPreview(input: {sourceHash: $hash}) { done } }", **OWN
    ),
    "Mutation.saveStrategy": Case(
        "mutation($config: StrategyConfigInput!) { saveStrategy(input: {config: $config})"
        " { strategy { uuid } userErrors { code } } }",
        **OWN,
    ),
    "Mutation.updateStrategy": Case(
        'mutation($strategy: ID!) { updateStrategy(input: {strategyId: $strategy, description: "Mine"})'
        " { strategy { uuid } userErrors { code } } }",
        other="not_found",
    ),
    "Mutation.removeStrategy": Case(
        "mutation($strategy: ID!) { removeStrategy(input: {strategyId: $strategy})"
        " { removedId userErrors { code } } }",
        other="not_found",
    ),
    "Mutation.updateResults": Case(
        "mutation($strategy: ID!) { updateResults(input: {strategyId: $strategy})"
        " { coverage { sourceHash } userErrors { code } } }",
        other="not_found",
    ),
    "Subscription.backtest": Case(
        "subscription($hash: String!) { backtest(sourceHash: $hash) { seq userErrors { code } } }",
        other="not_found",
    ),
    "Subscription.accountEvents": Case(
        "subscription($account: ID!) { accountEvents(accountId: $account) { seq userErrors { code } } }",
        other="not_found",
    ),
    "Subscription.marketTick": Case("subscription { marketTick { time } }", **OPEN),
    "Subscription.operations": Case(
        "subscription { operations { time } }", other="MALFORMED", owner="MALFORMED"
    ),
    "Subscription.optionChain": Case("subscription { optionChain { time } }", **OWN),
    "Subscription.sessionEvents": Case(
        "subscription($session: ID!) { sessionEvents(sessionId: $session) { seq userErrors { code } } }",
        other="not_found",
    ),
}


@pytest.fixture
def market(desk: Desk) -> Iterator[Market]:
    """A market on air, so that live sessions can be had."""
    with on_air(desk.town) as one:
        yield one


def test_no_operation_is_missing_from_the_matrix() -> None:
    roots = [SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type]
    operations = {f"{root.name}.{field}" for root in roots if root for field in root.fields}
    guarded = {f"MarketDay.{field}" for field in ("strikes", "chain", "chains", "series")}
    assert set(CASES) == operations | guarded | {"Strategy.dayDetail", "Strategy.csv"}


@pytest.mark.parametrize("operation", CASES)
async def test_each_operation_answers_whom_it_should(desk: Desk, market: Market, operation: str) -> None:
    await started(desk.owner, market)
    opened = await open_simulation(desk.owner)
    order = (await place(desk.owner, opened["id"], WAITING_CALL))["order"]
    empty = await create_account(desk.owner, name="Empty")
    traded = await create_account(desk.owner, name="Traded")
    strategy = await saved(desk.owner, STRANGLE)
    await run_all(desk.town.ports)
    variables = {
        "strategy": strategy["id"],
        "strategyUuid": strategy["uuid"],
        "hash": strategy["sourceHash"],
        "config": as_sent(STRANGLE),
        "account": empty["id"],
        "accountUuid": empty["uuid"],
        "day": (await open_day(desk.owner, traded["id"]))["session"]["id"],
        "uuid": opened["uuid"],
        "session": opened["id"],
        "order": order["uuid"],
        "node": global_id(NodeKind.ORDER, opened["uuid"], order["uuid"]),
        "new": WAITING_CALL,
    }
    case = CASES[operation]
    outcomes = {
        name: await outcome(asker, case.document, {**variables, "email": f"{name}.new@example.com"})
        for name, asker in (("visitor", desk.visitor), ("other", desk.other), ("owner", desk.owner))
    }
    assert outcomes == {"visitor": case.visitor, "other": case.other, "owner": case.owner}


async def outcome(asker: Asker, document: str, variables: dict[str, Any]) -> str:
    body = await (first_event if document.startswith("subscription") else answer)(asker, document, variables)
    if "errors" in body:
        return str(body["errors"][0]["extensions"]["code"])
    (field,) = body["data"].values()
    denied = field.get("userErrors") if isinstance(field, dict) else None
    return str(denied[0]["code"]) if denied else DONE if holds(field) else HIDDEN


async def answer(asker: Asker, document: str, variables: dict[str, Any]) -> dict[str, Any]:
    return (await asker.post(document, used(document, variables))).json()  # type: ignore[no-any-return]


def used(document: str, variables: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in variables.items() if f"${name}:" in document}


async def first_event(asker: Asker, document: str, variables: dict[str, Any]) -> dict[str, Any]:
    """The first message of a subscription."""
    async with served(asker.app) as address, Socket.open(address, asker.token) as socket:
        return await socket.first(document, used(document, variables))


def holds(value: Any) -> bool:
    """True when an answer says anything: hidden objects are null, hidden lists empty."""
    if isinstance(value, dict):
        return any(holds(inner) for inner in value.values())
    return value not in (None, [])
