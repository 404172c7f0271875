from dataclasses import replace
from uuid import UUID

from engine.positions import Direction, Position
from rest_compat.positions import render_position
from tests.rest_compat.views import CALL_5950, DATE

LONG = Position(
    id=UUID(int=20),
    contract=CALL_5950,
    direction=Direction.LONG,
    quantity=1,
    cost_basis_cents=430_00,
    debit_cents=430_00,
    credit_cents=0,
    unrealized_cents=5_00,
    realized_cents=0,
    fees_cents=172,
    net_liquidity_cents=435_00,
    mark_half_ticks=174,
    delta_e4=5230,
)


def test_long_position_is_marked_at_the_mid() -> None:
    assert render_position(LONG, DATE).model_dump(mode="json") == {
        "id": "00000000-0000-0000-0000-000000000014",
        "instrument": "SPXW  250115C05950000",
        "direction": "long",
        "quantity": "1",
        "cost": "431.72",
        "cost_basis": "430",
        "debit": "430",
        "credit": "0",
        "unrealized_profit_loss": "5",
        "realized_profit_loss": "0",
        "fees": "1.72",
        "total_profit_loss": "3.28",
        "net_liquidity": "435",
        "price": "4.35",
        "delta": "0.523",
    }


def test_short_position_turns_the_delta() -> None:
    short = replace(LONG, direction=Direction.SHORT, cost_basis_cents=-430_00)
    body = render_position(short, DATE)

    assert (body.direction, body.cost_basis, body.delta) == ("short", "-430", "-0.523")


def test_mid_between_two_cents_keeps_its_third_place() -> None:
    assert render_position(replace(LONG, mark_half_ticks=175), DATE).price == "4.375"


def test_unknown_delta_is_null() -> None:
    assert render_position(replace(LONG, delta_e4=None), DATE).delta is None
