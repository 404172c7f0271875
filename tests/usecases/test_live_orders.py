"""Orders of live sessions: accepted, canceled, replaced and matched as those of a historical one."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from time import monotonic_ns
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from engine.denials import Code, Denial
from engine.orders import End, OrderStatus
from engine.tickets import OrderRequest
from marketdata.live import LiveMarket
from marketdata.recording_files import ON_AIR
from tests.campaigns import Campaign
from tests.days import STRIKES
from tests.engine.tapes import request, tape
from tests.live_market import CAPITAL_CENTS, Market, on_air
from tests.people import Town, denied
from usecases import events, orders, sessions
from usecases.matching import let_go
from usecases.ports import Ports, Viewer
from usecases.sessions import CreateSimulation
from usecases.submissions import DRY_RUN_ID, Submission
from usecases.views import OrderReceipt, OrderView, SessionEventKind, SessionView

OPEN = datetime(2025, 1, 15, 14, 30, tzinfo=UTC)
CALL = request("+1 5950C", type="market")
WAITING = request("+1 5950C", "1.00", "debit")
BETTER = replace(WAITING, price="2.00")
NEVER = request("+1 5930C", "0.05", "debit")


@pytest.fixture
def market(town: Town) -> Iterator[Market]:
    with on_air(town) as one:
        yield one


@pytest_asyncio.fixture
async def session(trader: Viewer, market: Market) -> UUID:
    return (await market.started(trader)).id


async def receipt_of(ports: Ports, viewer: Viewer, submission: Submission) -> OrderReceipt:
    answer = await orders.place_order(ports, viewer, submission)
    assert isinstance(answer, OrderReceipt), answer
    return answer


async def listed(town: Town, viewer: Viewer, session_id: UUID) -> tuple[OrderView, ...]:
    views = await orders.list_orders(town.ports, viewer, session_id)
    assert not isinstance(views, Denial)
    return views


async def told(town: Town, viewer: Viewer, session_id: UUID, after: int) -> list[tuple[int, str]]:
    """The events there are by now."""
    found: list[tuple[int, str]] = []
    stream = events.session_events(town.ports, viewer, session_id, after)
    with suppress(TimeoutError):
        while True:
            event = await asyncio.wait_for(anext(stream), 0.2)
            found.append((event.seq, event.kind))
    await stream.aclose()
    return found


async def test_a_marketable_order_fills_at_the_last_matched_second(
    town: Town, trader: Viewer, market: Market, session: UUID
) -> None:
    await market.tick(60)
    receipt = await receipt_of(town.ports, trader, Submission(session, CALL))
    order = receipt.order
    assert (order.status, order.state.order.placed_second) == (OrderStatus.FILLED, 60)
    assert order.state.fill is not None
    assert (order.state.fill.second, order.state.fill.net_price_cents) == (60, 460)
    assert order.state.fill.leg_fee_cents == (1_72,)
    assert (receipt.effect.change_cents, receipt.effect.current_cents) == (461_72, CAPITAL_CENTS)
    assert (order.client_order_id, order.updated_at) == (order.id, town.clock.now)
    assert await listed(town, trader, session) == (order,)
    assert await told(town, trader, session, 1) == [
        (2, SessionEventKind.ORDER_PLACED),
        (3, SessionEventKind.ORDER_FILLED),
        (4, SessionEventKind.FINANCIALS_CHANGED),
    ]
    assert receipt.version == 4


async def test_an_order_that_waits_is_filled_by_the_matcher(
    town: Town, trader: Viewer, market: Market, session: UUID
) -> None:
    order = await market.placed(trader, session, WAITING)
    assert (order.status, order.state.fees_cents) == (OrderStatus.PENDING, 1_72)
    market.tell(474)
    await market.match()
    assert (await market.seen(trader, session, order.id)).status is OrderStatus.PENDING
    await market.tick(475)
    filled = await market.seen(trader, session, order.id)
    assert filled.status is OrderStatus.FILLED
    assert filled.state.fill is not None
    assert (filled.state.fill.second, filled.state.fill.net_price_cents) == (475, 100)
    assert filled.state.fill.leg_fee_cents == (1_72,)
    await market.tick(480)
    assert await market.seen(trader, session, order.id) == filled


async def test_an_order_is_placed_in_the_past_of_nobody(
    town: Town, trader: Viewer, market: Market, session: UUID
) -> None:
    """What is on the tape and not matched yet is not known to an order."""
    market.tell(3)
    receipt = await receipt_of(town.ports, trader, Submission(session, CALL))
    assert receipt.order.state.order.placed_second == 0


async def test_what_is_unfilled_expires_at_the_close(
    town: Town, trader: Viewer, market: Market, session: UUID
) -> None:
    order = await market.placed(trader, session, NEVER)
    market.tell(600)
    await market.match()
    assert (await market.seen(trader, session, order.id)).status is OrderStatus.EXPIRED
    late = denied(await orders.place_order(town.ports, trader, Submission(session, CALL)))
    over = "market_closed: the market is closed: the session of 2025-01-15 is over"
    assert late == Denial(Code.MARKET_CLOSED, over)
    gone = denied(await orders.delete_order(town.ports, trader, session, order.id))
    assert gone == Denial(Code.ORDER_NOT_PENDING, "order_not_pending: the order is expired already")


async def test_the_market_is_closed_from_the_closing_tick_on(
    town: Town, trader: Viewer, market: Market, session: UUID
) -> None:
    await market.placed(trader, session, NEVER)
    market.tell(600)  # and nobody has matched it yet
    late = denied(await orders.place_order(town.ports, trader, Submission(session, CALL)))
    assert late.code is Code.MARKET_CLOSED
    assert denied(await orders.dry_run(town.ports, trader, session, CALL)).code is Code.MARKET_CLOSED


async def test_a_fill_that_cannot_be_paid_is_rejected(town: Town, trader: Viewer) -> None:
    leaping = tape({"5950C": {0: (4.9, 5.1), 10: (1199.9, 1200.1)}})
    with on_air(town, leaping) as market:
        session = (await market.started(trader)).id
        stop = request("+1 5950C", None, "debit", type="stop", stop_trigger="6.00")
        order = await market.placed(trader, session, replace(stop, trigger_direction="at_or_above"))
        assert order.status is OrderStatus.PENDING
        await market.tick(10)
        rejected = await market.seen(trader, session, order.id)
        assert rejected.status is OrderStatus.REJECTED
        assert rejected.state.order.end == End(
            10, OrderStatus.REJECTED, "insufficient buying power: 20001.72 more is needed"
        )
        kept = denied(await orders.delete_order(town.ports, trader, session, order.id))
        assert kept.message == "order_not_pending: the order is rejected already"


async def test_a_canceled_order_stays_canceled(
    town: Town, trader: Viewer, market: Market, session: UUID
) -> None:
    order = await market.placed(trader, session, WAITING)
    await market.tick(20)
    town.clock.pass_(seconds=20)
    assert await orders.delete_order(town.ports, trader, session, order.id) is None
    canceled = await market.seen(trader, session, order.id)
    assert (canceled.status, canceled.updated_at) == (OrderStatus.CANCELED, town.clock.now)
    assert canceled.state.order.end is not None
    assert canceled.state.order.end.second == 20
    again = denied(await orders.delete_order(town.ports, trader, session, order.id))
    assert again == Denial(Code.ORDER_NOT_PENDING, "order_not_pending: the order is canceled already")
    assert await told(town, trader, session, 3) == [
        (4, SessionEventKind.ORDER_CANCELED),
        (5, SessionEventKind.FINANCIALS_CHANGED),
    ]
    market.tell(600)
    await market.match()
    assert await market.seen(trader, session, order.id) == canceled


async def test_a_canceled_order_reserves_nothing(
    town: Town, trader: Viewer, market: Market, session: UUID
) -> None:
    big = request("-40 5950P, +40 5930P", "4.90", "credit")
    order = await market.placed(trader, session, big)
    assert denied(await orders.place_order(town.ports, trader, Submission(session, big))).code is (
        Code.INSUFFICIENT_BUYING_POWER
    )
    assert await orders.delete_order(town.ports, trader, session, order.id) is None
    assert (await market.placed(trader, session, big)).status is OrderStatus.PENDING


async def test_only_what_is_pending_is_canceled(
    town: Town, trader: Viewer, market: Market, session: UUID
) -> None:
    order = await market.placed(trader, session, CALL)
    filled = denied(await orders.delete_order(town.ports, trader, session, order.id))
    assert filled == Denial(Code.ORDER_NOT_PENDING, "order_not_pending: the order is filled already")
    assert denied(await orders.delete_order(town.ports, trader, session, uuid4())).code is Code.NOT_FOUND


async def test_a_pending_limit_is_replaced_in_one_step(
    town: Town, trader: Viewer, market: Market, session: UUID
) -> None:
    old = await market.placed(trader, session, WAITING)
    await market.tick(60)
    receipt = await receipt_of(town.ports, trader, Submission(session, BETTER, old.id))
    new = receipt.order
    assert new.id != old.id
    assert (new.replaces_order_id, new.status, new.state.order.placed_second) == (
        old.id,
        OrderStatus.PENDING,
        60,
    )
    assert (await market.seen(trader, session, old.id)).status is OrderStatus.CANCELED
    assert await told(town, trader, session, 3) == [
        (4, SessionEventKind.ORDER_CANCELED),
        (5, SessionEventKind.ORDER_REPLACED),
        (6, SessionEventKind.FINANCIALS_CHANGED),
    ]
    market.tell(360)
    await market.match()
    filled = await market.seen(trader, session, new.id)
    assert filled.state.fill is not None
    assert filled.state.fill.second == 355
    assert (await market.seen(trader, session, old.id)).status is OrderStatus.CANCELED


async def test_a_replacement_may_fill_at_once(
    town: Town, trader: Viewer, market: Market, session: UUID
) -> None:
    old = await market.placed(trader, session, WAITING)
    receipt = await receipt_of(
        town.ports, trader, Submission(session, replace(WAITING, price="6.00"), old.id)
    )
    assert receipt.order.status is OrderStatus.FILLED
    again = denied(
        await orders.place_order(town.ports, trader, Submission(session, WAITING, receipt.order.id))
    )
    assert again.code is Code.ORDER_NOT_PENDING


async def test_the_replaced_orders_reserve_is_free_for_the_new_one(
    town: Town, trader: Viewer, market: Market, session: UUID
) -> None:
    big = request("-40 5950P, +40 5930P", "4.90", "credit")
    old = await market.placed(trader, session, big)
    receipt = await receipt_of(town.ports, trader, Submission(session, replace(big, price="4.80"), old.id))
    assert receipt.order.status is OrderStatus.PENDING


@pytest.mark.parametrize(
    "other",
    [
        replace(WAITING, legs=NEVER.legs),
        replace(WAITING, legs=request("+2 5950C", "1.00", "debit").legs),
        request("-1 5950P", "5.50", "credit"),
        CALL,
        replace(WAITING, type="stop", price=None, stop_trigger="1.00"),
    ],
)
async def test_a_replacement_changes_the_price_alone(
    town: Town, trader: Viewer, market: Market, session: UUID, other: OrderRequest
) -> None:
    order = await market.placed(trader, session, WAITING)
    refused = denied(await orders.place_order(town.ports, trader, Submission(session, other, order.id)))
    message = "only price and price_effect may change in a replacement; type and legs are fixed"
    assert (refused.code, refused.message) == (Code.INVALID_ORDER, message)
    assert await listed(town, trader, session) == (order,)


async def test_only_a_limit_is_replaced(town: Town, trader: Viewer, market: Market, session: UUID) -> None:
    stop = replace(WAITING, type="stop", price=None, stop_trigger="1.00")
    order = await market.placed(trader, session, stop)
    refused = denied(await orders.place_order(town.ports, trader, Submission(session, WAITING, order.id)))
    assert (refused.code, refused.path) == (Code.INVALID_ORDER, ("order_id",))
    unknown = denied(await orders.place_order(town.ports, trader, Submission(session, WAITING, uuid4())))
    assert unknown.code is Code.NOT_FOUND


async def test_a_replacement_that_is_refused_leaves_the_old_order(
    town: Town, trader: Viewer, market: Market, session: UUID
) -> None:
    order = await market.placed(trader, session, request("+190 5930C", "5.00", "debit"))
    dear = request("+190 5930C", "5.30", "debit")
    refused = denied(await orders.place_order(town.ports, trader, Submission(session, dear, order.id)))
    assert refused.code is Code.INSUFFICIENT_BUYING_POWER
    assert await listed(town, trader, session) == (order,)


async def test_dry_run_tells_what_placing_would_and_keeps_nothing(
    town: Town, trader: Viewer, market: Market, session: UUID
) -> None:
    await market.tick(60)
    preview = await orders.dry_run(town.ports, trader, session, CALL)
    assert isinstance(preview, OrderReceipt)
    assert await listed(town, trader, session) == ()
    receipt = await receipt_of(town.ports, trader, Submission(session, CALL))
    assert preview.order.id == DRY_RUN_ID
    assert (preview.order.status, preview.effect) == (receipt.order.status, receipt.effect)


@pytest.mark.parametrize("broken", ["no lease", "no tick", "nothing on air"])
async def test_nothing_changes_while_live_trading_is_unavailable(
    town: Town, trader: Viewer, market: Market, session: UUID, broken: str
) -> None:
    order = await market.placed(trader, session, WAITING)
    ports = town.ports
    if broken == "no lease":
        await let_go(ports, market.matcher)
    elif broken == "no tick":
        ports = replace(ports, live=LiveMarket(ports.live.root, lambda: monotonic_ns() + 6_000_000_000))
    else:
        (ports.live.root / ON_AIR).unlink()
    before = await sessions.get_session(ports, trader, session)

    refused = [
        await orders.place_order(ports, trader, Submission(session, CALL, idempotency_key="k")),
        await orders.place_order(
            ports, trader, Submission(session, replace(WAITING, price="2.00"), order.id)
        ),
        await orders.delete_order(ports, trader, session, order.id),
        await orders.dry_run(ports, trader, session, CALL),
    ]
    assert [(denied(one).code, denied(one).retry_after_seconds) for one in refused] == [
        (Code.LIVE_UNAVAILABLE, 1)
    ] * 4
    assert await sessions.get_session(ports, trader, session) == before
    assert await listed(town, trader, session) == (order,)
    assert await told(town, trader, session, 3) == []


async def test_a_retry_after_an_outage_places_the_order(
    town: Town, trader: Viewer, market: Market, session: UUID
) -> None:
    await let_go(town.ports, market.matcher)
    submission = Submission(session, CALL, idempotency_key="k")
    assert denied(await orders.place_order(town.ports, trader, submission)).code is Code.LIVE_UNAVAILABLE
    await market.match()
    first = await receipt_of(town.ports, trader, submission)
    assert await receipt_of(town.ports, trader, submission) == first


async def test_fifty_retries_under_one_key_make_one_order(
    town: Town, trader: Viewer, market: Market, session: UUID
) -> None:
    submission = Submission(session, WAITING, idempotency_key="ord-2025-05-07-001")
    await market.match()
    receipts = await asyncio.gather(*(receipt_of(town.ports, trader, submission) for _ in range(50)))
    assert receipts == [receipts[0]] * 50
    assert await listed(town, trader, session) == (receipts[0].order,)


async def test_a_repeat_under_the_client_order_id_resolves_to_the_order_as_it_is(
    town: Town, trader: Viewer, market: Market, session: UUID
) -> None:
    submission = Submission(session, replace(WAITING, client_order_id=uuid4()))
    await market.match()
    receipts = await asyncio.gather(*(receipt_of(town.ports, trader, submission) for _ in range(20)))
    assert {one.order.id for one in receipts} == {submission.request.client_order_id}
    assert len(await listed(town, trader, session)) == 1
    market.tell(480)
    await market.match()
    await let_go(town.ports, market.matcher)  # a repeat is answered whoever matches
    filled = await receipt_of(town.ports, trader, submission)
    assert filled.order.status is OrderStatus.FILLED
    other = Submission(session, replace(submission.request, price="0.95"))
    reused = denied(await orders.place_order(town.ports, trader, other))
    assert reused.code is Code.CLIENT_ORDER_ID_REUSED


async def test_the_id_follows_from_the_idempotency_key(
    town: Town, trader: Viewer, market: Market, session: UUID
) -> None:
    await market.match()
    keyed = await receipt_of(town.ports, trader, Submission(session, WAITING, idempotency_key="k"))
    assert keyed.order.client_order_id == keyed.order.id
    other = await receipt_of(town.ports, trader, Submission(session, WAITING, idempotency_key="l"))
    assert other.order.id != keyed.order.id
    known = Submission(session, replace(WAITING, client_order_id=keyed.order.id))
    assert (await receipt_of(town.ports, trader, known)).order == keyed.order
    changed = Submission(session, replace(WAITING, price="0.95"), idempotency_key="k")
    reused = denied(await orders.place_order(town.ports, trader, changed))
    assert reused.code is Code.IDEMPOTENCY_KEY_REUSED


async def test_parallel_orders_share_one_buying_power(
    town: Town, trader: Viewer, market: Market, session: UUID
) -> None:
    sixty_percent = Submission(session, request("-40 5950P, +40 5930P", "4.90", "credit"))
    await market.match()
    answers = await asyncio.gather(
        *(orders.place_order(town.ports, trader, sixty_percent) for _ in range(20))
    )
    accepted = [one for one in answers if isinstance(one, OrderReceipt)]
    refused = {one.code for one in answers if isinstance(one, Denial)}
    assert (len(accepted), refused) == (1, {Code.INSUFFICIENT_BUYING_POWER})


async def test_another_persons_live_session_is_not_there(
    town: Town, trader: Viewer, rival: Viewer, market: Market, session: UUID
) -> None:
    order = await market.placed(trader, session, WAITING)
    answers = [
        await orders.place_order(town.ports, rival, Submission(session, CALL)),
        await orders.place_order(town.ports, rival, Submission(session, WAITING, order.id)),
        await orders.dry_run(town.ports, rival, session, CALL),
        await orders.delete_order(town.ports, rival, session, order.id),
    ]
    assert [denied(one).code for one in answers] == [Code.NOT_FOUND] * 4
    assert await listed(town, trader, session) == (order,)


async def test_an_expected_version_guards_live_orders_too(
    town: Town, trader: Viewer, market: Market, session: UUID
) -> None:
    order = await market.placed(trader, session, WAITING)
    stale = Submission(session, CALL, expected_version=1)
    assert denied(await orders.place_order(town.ports, trader, stale)).code is Code.VERSION_CONFLICT
    kept = await orders.delete_order(town.ports, trader, session, order.id, 1)
    assert denied(kept).code is Code.VERSION_CONFLICT


SCRIPT = (
    (0, request("+1 5950C", "4.00", "debit")),
    (0, request("-1 5950P, +1 5930P", "4.90", "credit")),
    (7, CALL),
    (60, request("-2 5960C, +2 5970C", "0.50", "credit")),
    (61, request("+1 5940P", "2.05", "debit")),
    (120, replace(WAITING, type="stop", price=None, stop_trigger="2.00")),
    (200, request("-1 5950C close", "2.10", "credit")),
    (598, request("+3 5950P", type="market")),
)


async def test_live_orders_fill_as_those_of_a_historical_session(
    town: Town, trader: Viewer, market: Market, session: UUID
) -> None:
    """The same orders at the same seconds: the same fills, prices and fees, to the cent."""
    simulation = await sessions.create_simulation(
        town.ports, trader, CreateSimulation(market.day.date, CAPITAL_CENTS)
    )
    assert isinstance(simulation, SessionView)
    for second, order in SCRIPT:
        market.tell(second)
        live_receipt = await placed_or_denied(town, trader, market, Submission(session, order))
        at = OPEN + timedelta(seconds=second)
        assert isinstance(await sessions.move_clock(town.ports, trader, simulation.id, at), SessionView)
        past_receipt = await placed_or_denied(town, trader, market, Submission(simulation.id, order))
        assert seen(live_receipt) == seen(past_receipt)
    market.tell(600)
    await market.match()
    await sessions.move_clock(town.ports, trader, simulation.id, OPEN + timedelta(seconds=600))
    assert [outcome(one) for one in await listed(town, trader, session)] == [
        outcome(one) for one in await listed(town, trader, simulation.id)
    ]


async def test_any_orders_fill_live_as_they_do_in_a_historical_session(
    town: Town, trader: Viewer, market: Market, session: UUID, campaign: Campaign
) -> None:
    simulation = await sessions.create_simulation(
        town.ports, trader, CreateSimulation(market.day.date, CAPITAL_CENTS)
    )
    assert isinstance(simulation, SessionView)
    case, second = Random(campaign.seed), 0
    while second < 590:
        second += case.randrange(10) ** 2 // 3
        order = made_up(case)
        market.tell(second)
        at = OPEN + timedelta(seconds=second)
        live_answer = await placed_or_denied(town, trader, market, Submission(session, order))
        await sessions.move_clock(town.ports, trader, simulation.id, at)
        past_answer = await placed_or_denied(town, trader, market, Submission(simulation.id, order))
        assert seen(live_answer) == seen(past_answer)
    market.tell(600)
    await market.match()
    await sessions.move_clock(town.ports, trader, simulation.id, OPEN + timedelta(seconds=600))
    assert [outcome(one) for one in await listed(town, trader, session)] == [
        outcome(one) for one in await listed(town, trader, simulation.id)
    ]


def made_up(case: Random) -> OrderRequest:
    """An order of one or two legs near the money, at a price that may be reached."""
    legs = case.sample([f"{strike}{right}" for strike in STRIKES for right in "CP"], case.randint(1, 2))
    sides = [case.choice("+-") for _ in legs]
    effect = "debit" if sides[0] == "+" else "credit"
    closes = case.random() < 0.3
    written = ", ".join(
        f"{side}1 {leg}{' close' if closes else ''}" for side, leg in zip(sides, legs, strict=True)
    )
    kind = case.choice(("limit", "limit", "market", "stop")) if len(legs) == 1 else "limit"
    price = f"{case.randrange(1, 61) / 20:.2f}"
    if kind == "limit":
        return request(written, price, effect)
    if kind == "stop":
        direction = case.choice(("at_or_below", "at_or_above"))
        return request(written, None, effect, type=kind, stop_trigger=price, trigger_direction=direction)
    return request(written, type=kind)


async def test_of_a_cancel_and_a_fill_one_wins(
    town: Town, trader: Viewer, market: Market, session: UUID
) -> None:
    became = set()
    for second in range(480, 580, 6):
        market.tell(second)
        price = f"{100 * (600 - second - 1) // 600 / 20:.2f}"  # the next second's mid
        order = await market.placed(trader, session, replace(WAITING, price=price))
        market.tell(second + 1)
        both = market.match(), orders.delete_order(town.ports, trader, session, order.id)
        first, last = both if second % 4 else both[::-1]
        answers = await asyncio.gather(first, after(second % 5 / 1_000, last))
        status = (await market.seen(trader, session, order.id)).status
        refused = [one.code for one in answers if one is not None]
        assert refused == ([Code.ORDER_NOT_PENDING] if status is OrderStatus.FILLED else [])
        became.add(status)
    assert became == {OrderStatus.FILLED, OrderStatus.CANCELED}


async def after(seconds: float, done: Awaitable[Denial | None]) -> Denial | None:
    await asyncio.sleep(seconds)
    return await done


async def placed_or_denied(
    town: Town, trader: Viewer, market: Market, submission: Submission
) -> OrderReceipt | Denial:
    await market.match()
    return await orders.place_order(town.ports, trader, submission)


def seen(answer: OrderReceipt | Denial) -> object:
    return answer if isinstance(answer, Denial) else (outcome(answer.order), answer.effect)


def outcome(view: OrderView) -> object:
    state, fill = view.state, view.state.fill
    filled = None if fill is None else (fill.second, fill.net_price_cents, fill.leg_price_cents)
    return view.status, state.order.ticket, state.order.placed_second, filled, state.fees_cents
