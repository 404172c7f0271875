"""Reading orders: each documented check in its order, and the message that a trader gets."""

from dataclasses import replace

import pytest

from engine.denials import Code, Denial
from engine.orders import Action, Effect, Leg, OrderType, Ticket, TriggerDirection
from engine.tickets import LegRequest, OrderRequest, read_price_cents, read_ticket
from tests.engine.tapes import DATE, contract, osi, request


def denied(order: OrderRequest) -> tuple[Code, str]:
    answer = read_ticket(order, DATE)
    assert isinstance(answer, Denial)
    return answer.code, ".".join(answer.path)


def test_a_debit_vertical_is_read_whole() -> None:
    assert read_ticket(request("+2 5950C, -2 5970C", "10.50", "debit"), DATE) == Ticket(
        OrderType.LIMIT,
        (
            Leg(contract("5950C"), 2, Action.BUY_TO_OPEN),
            Leg(contract("5970C"), 2, Action.SELL_TO_OPEN),
        ),
        Effect.DEBIT,
        price_cents=1050,
    )


def test_a_symbol_that_lost_a_padding_space_is_read() -> None:
    order = request("+1 5950C", "10.50", "debit")
    short = replace(order, legs=(replace(order.legs[0], instrument="SPXW 250115C05950000"),))
    assert read_ticket(short, DATE) == read_ticket(order, DATE)


@pytest.mark.parametrize(
    ("direction", "effect", "read"),
    [
        (None, "debit", TriggerDirection.AT_OR_BELOW),
        (None, "credit", TriggerDirection.AT_OR_ABOVE),
        ("at_or_above", "debit", TriggerDirection.AT_OR_ABOVE),
        ("at_or_below", "credit", TriggerDirection.AT_OR_BELOW),
    ],
)
def test_a_stop_has_the_documented_direction_unless_asked(
    direction: str | None, effect: str, read: TriggerDirection
) -> None:
    legs = "+1 5950C" if effect == "debit" else "-1 5950C"
    order = request(legs, None, effect, type="stop", stop_trigger="12.00", trigger_direction=direction)
    ticket = read_ticket(order, DATE)
    assert isinstance(ticket, Ticket)
    assert (ticket.trigger_cents, ticket.trigger_direction) == (1200, read)


@pytest.mark.parametrize(
    ("order", "denial"),
    [
        (request("+1 5950C", type="iceberg"), (Code.INVALID_ORDER, "type")),
        (OrderRequest("limit", ()), (Code.INVALID_ORDER, "legs")),
        (request(",".join(f"+1 59{n}0C" for n in range(5)), "1.00", "debit"), (Code.INVALID_ORDER, "legs")),
        (request("+1 5950C, -1 5950C", "1.00", "debit"), (Code.INVALID_LEG, "legs")),
        (request("+1 5950C, -1 5970C", type="market"), (Code.INVALID_ORDER, "type")),
        (request("+1 5950C, -1 5970C", type="stop"), (Code.INVALID_ORDER, "type")),
        (request("+0 5950C", "1.00", "debit"), (Code.INVALID_LEG, "legs.0.quantity")),
        (request("+1001 5950C", "1.00", "debit"), (Code.INVALID_LEG, "legs.0.quantity")),
        (request("+1 5950C", None, "debit"), (Code.INVALID_PRICE, "price")),
        (request("+1 5950C", "-1.00", "debit"), (Code.INVALID_PRICE, "price")),
        (request("+1 5950C", "1e2", "debit"), (Code.INVALID_PRICE, "price")),
        (request("+1 5950C", "NaN", "debit"), (Code.INVALID_PRICE, "price")),
        (request("+1 5950C", "1.00"), (Code.INVALID_PRICE, "price_effect")),
        (request("+1 5950C", "1.00", "even"), (Code.INVALID_PRICE, "price_effect")),
        (request("+1 5950C", "1.00", "credit"), (Code.INVALID_PRICE, "price_effect")),
        (request("+1 5950C", type="stop", effect="debit"), (Code.INVALID_PRICE, "stop_trigger")),
        (
            request("+1 5950C", type="stop", effect="debit", stop_trigger="0.00"),
            (Code.INVALID_PRICE, "stop_trigger"),
        ),
        (
            request("+1 5950C", None, "debit", type="stop", stop_trigger="12.00", trigger_direction="up"),
            (Code.INVALID_PRICE, "trigger_direction"),
        ),
        (request("+1 5950C", "3.05", "debit"), (Code.OFF_TICK, "price")),
        (request("+1 5950C, -1 5970C", "3.02", "debit"), (Code.OFF_TICK, "price")),
        (request("+1 5950C, -1 5970C", "20.05", "debit"), (Code.EXCEEDS_MAX_PROFIT, "price")),
    ],
)
def test_a_bad_order_is_denied_with_its_field(order: OrderRequest, denial: tuple[Code, str]) -> None:
    assert denied(order) == denial


@pytest.mark.parametrize(
    "symbol",
    [
        "",
        "SPX",
        "SPXW  250115X05950000",
        "SPXW  250115C05950500",
        "SPXW  251315C05950000",
        "XSP   250115C00595000",
    ],
)
def test_an_unreadable_symbol_is_denied(symbol: str) -> None:
    legs = (LegRequest(symbol, "1", "buy to open"),)
    assert denied(OrderRequest("limit", legs, "1.00", "debit")) == (Code.INVALID_LEG, "legs.0.instrument")


def test_another_days_contract_is_denied() -> None:
    legs = (LegRequest("SPXW  250116C05950000", "1", "buy to open"),)
    assert denied(OrderRequest("limit", legs, "1.00", "debit")) == (Code.INVALID_LEG, "legs.0.instrument")


def test_an_unknown_action_is_denied_with_the_accepted_ones() -> None:
    legs = (LegRequest(osi("5950C"), "1", "short"),)
    answer = read_ticket(OrderRequest("limit", legs, "1.00", "debit"), DATE)
    assert isinstance(answer, Denial)
    assert answer.message == (
        "legs.0.action must be one of: buy to open, sell to open, buy to close, sell to close"
    )


def test_the_dime_grid_begins_above_three_dollars_for_a_single_leg() -> None:
    tickets = [read_ticket(request("+1 5950C", price, "debit"), DATE) for price in ("3.00", "3.05", "3.10")]
    assert [isinstance(ticket, Ticket) for ticket in tickets] == [True, False, True]
    assert isinstance(read_ticket(request("+1 5950C, -1 5970C", "3.05", "debit"), DATE), Ticket)


@pytest.mark.parametrize(
    ("legs", "effect", "cap"),
    [
        ("+1 5950C, -1 5970C", "debit", "20.00"),
        ("+1 5950C, -2 5970C", "debit", "20.00"),
        ("+1 5950C, -2 5970C", "credit", None),
        ("-1 5950P", "credit", "5950.00"),
        ("-1 5950C", "credit", None),
        ("+1 5950C", "debit", None),
        ("+1 5950P", "debit", "5950.00"),
        ("+1 5950C, -1 5970C, -1 5950P, +1 5970P", "debit", "20.00"),
        ("-1 5900P, +1 5880P, -1 6000C, +1 6050C", "credit", "50.00"),
        ("+2 5950C, -2 5970C", "debit", "20.00"),
    ],
)
def test_a_limit_is_capped_at_what_the_structure_can_pay(legs: str, effect: str, cap: str | None) -> None:
    if cap is None:
        assert isinstance(read_ticket(request(legs, "99999.90", effect), DATE), Ticket)
        return
    assert isinstance(read_ticket(request(legs, cap, effect), DATE), Ticket)
    step = "0.10" if "," not in legs else "0.05"
    above = f"{float(cap) + float(step):.2f}"
    assert denied(request(legs, above, effect)) == (Code.EXCEEDS_MAX_PROFIT, "price")


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("10.5", 1050),
        ("10.50", 1050),
        ("10", 1000),
        ("0.05", 5),
        ("10.500", 1050),
        ("10.50" + 30 * "0", 1050),
        ("999999.99", 99_999_999),
        ("1000000", None),
        ("10.501", None),
        (".5", None),
    ],
)
def test_prices_are_read_exactly(text: str, cents: int | None) -> None:
    assert read_price_cents(text) == cents
