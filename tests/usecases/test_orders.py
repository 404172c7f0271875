"""Orders through the use cases: placed, repeated, replaced, deleted, and safe under contention."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from engine.denials import Code, Denial
from engine.orders import OrderStatus
from engine.sessions import BuyingPowerEffect
from engine.tickets import OrderRequest
from tests.days import DATE, publish_tiny_day
from tests.engine.tapes import request
from tests.people import Town, denied
from usecases import orders, sessions
from usecases.ports import Viewer
from usecases.sessions import CreateSimulation
from usecases.submissions import DRY_RUN_ID, Submission
from usecases.views import OrderReceipt, OrderView, PositionsView, SessionView, TransactionsView

OPEN = datetime(2025, 1, 15, 14, 30, tzinfo=UTC)
VERTICAL = request("+1 5950C, -1 5970C", "4.00", "debit")
WAITING = request("-1 5950P, +1 5930P", "4.90", "credit")


@pytest_asyncio.fixture
async def simulation(town: Town, trader: Viewer) -> UUID:
    view = await sessions.create_simulation(town.ports, trader, CreateSimulation(DATE, 100_000_00))
    assert isinstance(view, SessionView)
    return view.id


async def placed(town: Town, viewer: Viewer, session_id: UUID, order: OrderRequest) -> OrderReceipt:
    answer = await orders.place_order(town.ports, viewer, Submission(session_id, order))
    assert isinstance(answer, OrderReceipt), answer
    return answer


async def move(town: Town, viewer: Viewer, session_id: UUID, second: int) -> SessionView:
    view = await sessions.move_clock(town.ports, viewer, session_id, OPEN + timedelta(seconds=second))
    assert isinstance(view, SessionView), view
    return view


async def listed(town: Town, viewer: Viewer, session_id: UUID) -> tuple[OrderView, ...]:
    answer = await orders.list_orders(town.ports, viewer, session_id)
    assert not isinstance(answer, Denial)
    return answer


async def test_a_marketable_vertical_fills_and_shows_everywhere(
    town: Town, trader: Viewer, simulation: UUID
) -> None:
    await move(town, trader, simulation, 300)
    order = request("+1 5950C, -1 5960C", "1.00", "debit")
    receipt = await placed(town, trader, simulation, order)

    assert receipt.effect == BuyingPowerEffect(0, 3_44, 100_000_00)
    assert receipt.order.status is OrderStatus.FILLED
    assert receipt.order.state.fill is not None
    assert receipt.order.state.fill.net_price_cents == 0
    assert await listed(town, trader, simulation) == (receipt.order,)
    assert await orders.get_order(town.ports, trader, simulation, receipt.order.id) == receipt.order
    rows = await orders.transactions(town.ports, trader, simulation)
    held = await orders.positions(town.ports, trader, simulation)
    assert isinstance(rows, TransactionsView)
    assert isinstance(held, PositionsView)
    assert rows.transactions == receipt.order.state.transactions
    assert [(p.contract.strike_points, p.quantity) for p in held.positions] == [(5950, 1), (5960, 1)]


async def test_rewinding_hides_a_fill_and_deletes_nothing(
    town: Town, trader: Viewer, simulation: UUID
) -> None:
    await placed(town, trader, simulation, WAITING)
    (waiting,) = await listed(town, trader, simulation)
    assert (waiting.status, waiting.state.fees_cents) == (OrderStatus.PENDING, 3_44)
    await move(town, trader, simulation, 600)
    (expired,) = await listed(town, trader, simulation)
    assert expired.status is OrderStatus.EXPIRED
    await move(town, trader, simulation, 0)
    assert await listed(town, trader, simulation) == (waiting,)


async def test_a_dry_run_answers_as_the_order_would_and_keeps_nothing(
    town: Town, trader: Viewer, simulation: UUID
) -> None:
    preview = await orders.dry_run(town.ports, trader, simulation, WAITING)
    assert isinstance(preview, OrderReceipt)
    assert preview.order.id == DRY_RUN_ID
    assert await listed(town, trader, simulation) == ()
    real = await placed(town, trader, simulation, WAITING)
    assert preview.effect == real.effect
    assert replace(preview.order.state.order, id=real.order.id) == real.order.state.order


async def test_slippage_is_stamped_on_the_order_at_placement(
    town: Town, trader: Viewer, simulation: UUID
) -> None:
    slipping = replace(trader, slippage_cents=10)
    receipt = await placed(town, slipping, simulation, request("+1 5950C, -1 5960C", "5.00", "debit"))
    assert receipt.order.state.order.slippage_cents == 10
    assert receipt.order.state.fill is not None
    assert receipt.order.state.fill.net_price_cents == 10
    assert await listed(town, trader, simulation) == (receipt.order,)


async def test_replacing_deletes_and_places_in_one_step(town: Town, trader: Viewer, simulation: UUID) -> None:
    first = await placed(town, trader, simulation, WAITING)
    submission = Submission(simulation, request("-1 5950P, +1 5930P", "4.80", "credit"), first.order.id)
    second = await orders.place_order(town.ports, trader, submission)
    assert isinstance(second, OrderReceipt)
    assert second.order.replaces_order_id == first.order.id
    assert [view.id for view in await listed(town, trader, simulation)] == [second.order.id]
    missing = await orders.place_order(town.ports, trader, submission)
    assert denied(missing).code is Code.NOT_FOUND


async def test_a_refused_replacement_leaves_the_first_order(
    town: Town, trader: Viewer, simulation: UUID
) -> None:
    first = await placed(town, trader, simulation, WAITING)
    refused = await orders.place_order(
        town.ports,
        trader,
        Submission(simulation, request("-900 5950P, +900 5930P", "4.80", "credit"), first.order.id),
    )
    assert denied(refused).code is Code.INSUFFICIENT_BUYING_POWER
    assert [view.id for view in await listed(town, trader, simulation)] == [first.order.id]


async def test_an_opening_order_whose_position_was_closed_is_not_replaced(
    town: Town, trader: Viewer, simulation: UUID
) -> None:
    opened = await placed(town, trader, simulation, request("+1 5940C", type="market"))
    await move(town, trader, simulation, 10)
    closed = await placed(town, trader, simulation, request("-1 5940C close", type="market"))
    await move(town, trader, simulation, 20)
    submission = Submission(simulation, request("+2 5940C", type="market"), opened.order.id)
    refused = denied(await orders.place_order(town.ports, trader, submission))
    assert (refused.code, str(closed.order.id) in refused.message) == (Code.ORDER_DEPENDENCY, True)


async def test_deleting_a_filled_order_takes_what_followed_from_it(
    town: Town, trader: Viewer, simulation: UUID
) -> None:
    receipt = await placed(town, trader, simulation, request("+1 5940C", type="market"))
    await move(town, trader, simulation, 600)
    assert await orders.delete_order(town.ports, trader, simulation, receipt.order.id) is None
    rows = await orders.transactions(town.ports, trader, simulation)
    assert isinstance(rows, TransactionsView)
    assert rows.transactions == ()
    again = await orders.delete_order(town.ports, trader, simulation, receipt.order.id)
    assert denied(again).code is Code.NOT_FOUND


async def test_nobody_trades_anothers_session(
    town: Town, trader: Viewer, rival: Viewer, simulation: UUID
) -> None:
    receipt = await placed(town, trader, simulation, WAITING)
    answers: list[object] = [
        await orders.place_order(town.ports, rival, Submission(simulation, WAITING)),
        await orders.place_order(town.ports, rival, Submission(simulation, WAITING, receipt.order.id)),
        await orders.dry_run(town.ports, rival, simulation, WAITING),
        await orders.delete_order(town.ports, rival, simulation, receipt.order.id),
        await orders.list_orders(town.ports, rival, simulation),
        await orders.get_order(town.ports, rival, simulation, receipt.order.id),
        await orders.positions(town.ports, rival, simulation),
        await orders.transactions(town.ports, rival, simulation),
    ]
    assert [denied(answer).code for answer in answers] == [Code.NOT_FOUND] * 8
    assert await listed(town, trader, simulation) == (receipt.order,)


async def test_of_fifty_orders_that_need_most_of_the_buying_power_one_is_accepted(
    town: Town, trader: Viewer, simulation: UUID
) -> None:
    big = request("-39 5950P, +39 5930P", "4.90", "credit")
    answers = await asyncio.gather(
        *(orders.place_order(town.ports, trader, Submission(simulation, big)) for _ in range(50))
    )
    accepted = [answer for answer in answers if isinstance(answer, OrderReceipt)]
    refused = [answer.code for answer in answers if isinstance(answer, Denial)]
    assert (len(accepted), refused) == (1, [Code.INSUFFICIENT_BUYING_POWER] * 49)
    assert [view.id for view in await listed(town, trader, simulation)] == [accepted[0].order.id]
    assert accepted[0].effect.change_cents > 50_000_00


async def test_one_key_sent_fifty_times_is_one_order_and_fifty_equal_answers(
    town: Town, trader: Viewer, simulation: UUID
) -> None:
    submission = Submission(simulation, WAITING, idempotency_key="ord-2025-01-15-001")
    answers = await asyncio.gather(*(orders.place_order(town.ports, trader, submission) for _ in range(50)))
    assert answers == [answers[0]] * 50
    assert isinstance(answers[0], OrderReceipt)
    assert [view.id for view in await listed(town, trader, simulation)] == [answers[0].order.id]


async def test_a_key_keeps_its_first_answer_even_after_the_order_is_gone(
    town: Town, trader: Viewer, simulation: UUID
) -> None:
    submission = Submission(simulation, WAITING, idempotency_key="k")
    first = await orders.place_order(town.ports, trader, submission)
    assert isinstance(first, OrderReceipt)
    assert await orders.delete_order(town.ports, trader, simulation, first.order.id) is None
    assert await orders.place_order(town.ports, trader, submission) == first
    assert await listed(town, trader, simulation) == ()


@pytest.mark.parametrize("changed", [VERTICAL, replace(WAITING, price="4.95")])
async def test_a_key_with_another_body_is_refused(
    town: Town, trader: Viewer, simulation: UUID, changed: OrderRequest
) -> None:
    await orders.place_order(town.ports, trader, Submission(simulation, WAITING, idempotency_key="k"))
    answer = await orders.place_order(
        town.ports, trader, Submission(simulation, changed, idempotency_key="k")
    )
    assert denied(answer).code is Code.IDEMPOTENCY_KEY_REUSED
    assert len(await listed(town, trader, simulation)) == 1


async def test_a_refused_order_leaves_its_key_free(town: Town, trader: Viewer, simulation: UUID) -> None:
    bad = replace(WAITING, price="4.91")
    answer = await orders.place_order(town.ports, trader, Submission(simulation, bad, idempotency_key="k"))
    assert denied(answer).code is Code.OFF_TICK
    good = await orders.place_order(town.ports, trader, Submission(simulation, WAITING, idempotency_key="k"))
    assert isinstance(good, OrderReceipt)


async def test_a_client_order_id_is_the_orders_id_and_repeats_it(
    town: Town, trader: Viewer, rival: Viewer, simulation: UUID
) -> None:
    mine = uuid4()
    order = replace(WAITING, client_order_id=mine)
    first = await placed(town, trader, simulation, order)
    assert (first.order.id, first.order.client_order_id) == (mine, mine)
    assert await placed(town, trader, simulation, order) == first
    other = await orders.place_order(town.ports, trader, Submission(simulation, replace(order, price="4.95")))
    assert denied(other).code is Code.CLIENT_ORDER_ID_REUSED
    assert len(await listed(town, trader, simulation)) == 1

    theirs = await sessions.create_simulation(town.ports, rival, CreateSimulation(DATE, 100_000_00))
    assert isinstance(theirs, SessionView)
    assert (await placed(town, rival, theirs.id, order)).order.id == mine


async def test_a_client_order_id_is_spent_for_ever(town: Town, trader: Viewer, simulation: UUID) -> None:
    order = replace(WAITING, client_order_id=uuid4())
    first = await placed(town, trader, simulation, order)
    assert await orders.delete_order(town.ports, trader, simulation, first.order.id) is None
    late = await orders.place_order(town.ports, trader, Submission(simulation, order))
    assert denied(late).code is Code.CLIENT_ORDER_ID_REUSED

    assert await sessions.delete_simulation(town.ports, trader, simulation) is None
    afresh = await sessions.create_simulation(town.ports, trader, CreateSimulation(DATE, 100_000_00))
    assert isinstance(afresh, SessionView)
    again = await orders.place_order(town.ports, trader, Submission(afresh.id, order))
    assert denied(again).code is Code.CLIENT_ORDER_ID_REUSED


async def test_one_client_order_id_sent_to_two_sessions_at_once_is_one_order(
    town: Town, trader: Viewer, simulation: UUID
) -> None:
    later = date(2025, 1, 16)
    publish_tiny_day(town.days, later)
    other = await sessions.create_simulation(town.ports, trader, CreateSimulation(later, 100_000_00))
    assert isinstance(other, SessionView)
    mine = uuid4()
    here = replace(WAITING, client_order_id=mine)
    there = replace(request("+1 5950C", type="market"), client_order_id=mine)
    there = replace(there, legs=(replace(there.legs[0], instrument="SPXW  250116C05950000"),))

    answers = await asyncio.gather(
        *(orders.place_order(town.ports, trader, Submission(simulation, here)) for _ in range(4)),
        *(orders.place_order(town.ports, trader, Submission(other.id, there)) for _ in range(4)),
    )

    refused = [answer.code for answer in answers if isinstance(answer, Denial)]
    assert refused == [Code.CLIENT_ORDER_ID_REUSED] * 4
    assert len(await listed(town, trader, simulation)) + len(await listed(town, trader, other.id)) == 1


async def test_a_look_at_any_second_shows_what_the_clock_would_show_there(
    town: Town, trader: Viewer, simulation: UUID
) -> None:
    await move(town, trader, simulation, 60)
    await placed(town, trader, simulation, VERTICAL)
    await placed(town, trader, simulation, WAITING)
    before = await sessions.get_session(town.ports, trader, simulation)
    reads = (orders.positions, orders.transactions)

    seconds = (0, 59, 60, 61, 300, 599, 600)
    times = [OPEN + timedelta(seconds=second) for second in seconds]
    looked = [[await read(town.ports, trader, simulation, at) for read in reads] for at in times]
    assert await sessions.get_session(town.ports, trader, simulation) == before

    for second, seen in zip(seconds, looked, strict=True):
        await move(town, trader, simulation, second)
        assert seen == [await read(town.ports, trader, simulation) for read in reads]
