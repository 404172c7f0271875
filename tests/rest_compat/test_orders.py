"""How orders look on the wire, to the letter: walkthrough parts 6 and 8."""

from typing import Any

import pytest
from pydantic import BaseModel

from engine.orders import Fill
from engine.sessions import BuyingPowerEffect
from rest_compat.effects import render_effect
from rest_compat.orders import render_order, render_preview, render_receipt
from tests.rest_compat.views import MARKET, STOP, VERTICAL, order_view, receipt

LEGS = [
    {"instrument": "SPXW  250115C05950000", "quantity": "1", "action": "buy to open"},
    {"instrument": "SPXW  250115C05970000", "quantity": "1", "action": "sell to open"},
]
EFFECT = {
    "change-in-margin-requirement": "0",
    "change-in-margin-requirement-effect": "None",
    "change-in-buying-power": "108.44",
    "change-in-buying-power-effect": "Debit",
    "current-buying-power": "100000",
    "current-buying-power-effect": "Credit",
    "new-buying-power": "99891.56",
    "new-buying-power-effect": "Credit",
    "value": "108.44",
    "effect": "Debit",
}
TRANSACTIONS = [
    {
        "id": "00000000-0000-0000-0000-00000000000a",
        "datetime": "2025-01-15T14:35:00Z",
        "instrument": "SPXW  250115C05950000",
        "type": "buy to open",
        "quantity": "1",
        "price": "430",
        "value": "430",
        "effect": "debit",
        "fees": "1.72",
    },
    {
        "id": "00000000-0000-0000-0000-00000000000b",
        "datetime": "2025-01-15T14:35:00Z",
        "instrument": "SPXW  250115C05970000",
        "type": "sell to open",
        "quantity": "1",
        "price": "325",
        "value": "-325",
        "effect": "credit",
        "fees": "1.72",
    },
]
FILL = Fill(second=300, net_price_cents=105, leg_price_cents=(430, 325))


def wire(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True)


def test_filled_limit_shows_its_fill_and_transactions() -> None:
    body = wire(render_receipt(receipt(order_view(VERTICAL, FILL, slippage_cents=5))))

    assert body == {
        "id": "00000000-0000-0000-0000-000000000002",
        "datetime": "2025-01-15T14:35:00Z",
        "underlying": "SPX",
        "type": "limit",
        "price": "10.50",
        "price_effect": "debit",
        "fees": "3.44",
        "status": "filled",
        "fill_price": "1.05",
        "fill_price_effect": "debit",
        "execution_price": "10.45",
        "fill_datetime": "2025-01-15T14:35:00Z",
        "slippage": "0.05",
        "legs": LEGS,
        "transactions": TRANSACTIONS,
        "buying-power-effect": EFFECT,
    }
    assert list(body)[:7] == [
        "id",
        "datetime",
        "underlying",
        "type",
        "price",
        "price_effect",
        "fees",
    ]


def test_pending_limit_has_no_fill_and_no_transactions() -> None:
    assert wire(render_order(order_view(VERTICAL))) == {
        "id": "00000000-0000-0000-0000-000000000002",
        "datetime": "2025-01-15T14:35:00Z",
        "underlying": "SPX",
        "type": "limit",
        "price": "10.50",
        "price_effect": "debit",
        "fees": "3.44",
        "status": "pending",
        "slippage": "0.00",
        "legs": LEGS,
    }


def test_dry_run_shows_the_fill_without_transactions() -> None:
    body = wire(render_preview(receipt(order_view(VERTICAL, FILL))))

    assert body["fill_price"] == "1.05"
    assert "transactions" not in body
    assert body["buying-power-effect"] == EFFECT


def test_stop_names_its_trigger_and_direction() -> None:
    body = wire(render_order(order_view(STOP)))

    assert {name: body[name] for name in ("stop_trigger", "trigger_direction", "price_effect")} == {
        "stop_trigger": "12.00",
        "trigger_direction": "at_or_below",
        "price_effect": "debit",
    }
    assert "price" not in body


def test_filled_market_order_had_no_price_to_reach() -> None:
    fill = Fill(second=300, net_price_cents=430, leg_price_cents=(430,))
    body = wire(render_order(order_view(MARKET, fill)))

    assert body["execution_price"] is None
    assert body["fill_price"] == "4.30"
    assert {"price", "price_effect", "stop_trigger"} & set(body) == set()


def test_fill_at_a_net_credit_shows_the_absolute_price_and_its_effect() -> None:
    body = wire(render_order(order_view(VERTICAL, Fill(300, -105, (325, 430)))))

    assert (body["fill_price"], body["fill_price_effect"]) == ("1.05", "credit")


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        pytest.param(
            BuyingPowerEffect(2_000_00, 1_853_44, 100_000_00),
            ["2000", "Debit", "1853.44", "Debit", "98146.56", "Credit"],
            id="credit vertical",
        ),
        pytest.param(
            BuyingPowerEffect(-2_000_00, -1_500_00, -500_00),
            ["2000", "Credit", "1500", "Credit", "1000", "Credit"],
            id="release",
        ),
        pytest.param(
            BuyingPowerEffect(0, 100_00, 100_00),
            ["0", "None", "100", "Debit", "0", "None"],
            id="all of it",
        ),
    ],
)
def test_effect_amounts_are_unsigned_beside_their_sense(
    effect: BuyingPowerEffect, expected: list[str]
) -> None:
    body = wire(render_effect(effect))

    assert [
        body["change-in-margin-requirement"],
        body["change-in-margin-requirement-effect"],
        body["change-in-buying-power"],
        body["change-in-buying-power-effect"],
        body["new-buying-power"],
        body["new-buying-power-effect"],
    ] == expected
