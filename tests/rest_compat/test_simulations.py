"""How a simulation looks on the wire, to the letter: walkthrough part 4 and rulings 1.5."""

from dataclasses import replace
from datetime import timedelta

from rest_compat.simulations import render_session
from tests.rest_compat.views import OPEN_AT, financials, session

FRESH = {
    "id": "00000000-0000-0000-0000-000000000001",
    "account_id": None,
    "mode": "historical",
    "date": "2025-01-15",
    "starting_capital": "100000",
    "opening_balance": "100000",
    "description": "Iron condor day",
    "status": "open",
    "ended": False,
    "time": None,
    "start_time": "2025-01-15T14:30:00Z",
    "end_time": "2025-01-15T21:00:00Z",
    "deposits": "100000",
    "withdrawals": "0",
    "credits": "0",
    "debits": "0",
    "fees": "0",
    "maintenance_buying_power": "0",
    "available_buying_power": "100000",
    "net_liquidation_value": "100000",
    "unrealized_profit_loss": "0",
    "realized_profit_loss": "0",
    "profit_loss": "0",
    "equities_credits": "0",
    "equities_debits": "0",
    "equities_fees": "0",
    "equities_unrealized_profit_loss": "0",
    "equities_realized_profit_loss": "0",
    "equities_profit_loss": "0",
    "equities_maintenance_buying_power": "0",
    "equities_net_liquidation_value": "0",
    "equity_options_credits": "0",
    "equity_options_debits": "0",
    "equity_options_fees": "0",
    "equity_options_unrealized_profit_loss": "0",
    "equity_options_realized_profit_loss": "0",
    "equity_options_profit_loss": "0",
    "equity_options_maintenance_buying_power": "0",
    "equity_options_net_liquidation_value": "0",
}


def test_fresh_simulation_has_every_documented_field_and_no_clock() -> None:
    body = render_session(session(financials())).model_dump(mode="json", exclude_unset=True)

    assert body == FRESH
    assert list(body) == list(FRESH)


def test_money_at_the_clock() -> None:
    money = financials(
        credits_cents=325_00,
        debits_cents=430_00,
        fees_cents=3_44,
        margin_cents=0,
        available_cents=99_891_56,
        unrealized_cents=1_17,
        realized_cents=0,
        options_value_cents=106_17,
    )
    body = render_session(session(money, OPEN_AT + timedelta(minutes=5))).model_dump(
        mode="json", exclude_unset=True
    )

    assert body == {
        **FRESH,
        "time": "2025-01-15T14:35:00Z",
        "credits": "325",
        "debits": "430",
        "fees": "3.44",
        "available_buying_power": "99891.56",
        "net_liquidation_value": "99997.73",
        "unrealized_profit_loss": "1.17",
        "profit_loss": "-2.27",
        "equity_options_credits": "325",
        "equity_options_debits": "430",
        "equity_options_fees": "3.44",
        "equity_options_unrealized_profit_loss": "1.17",
        "equity_options_profit_loss": "-2.27",
        "equity_options_net_liquidation_value": "106.17",
    }


def test_settled_simulation_has_ended() -> None:
    body = render_session(session(financials(), OPEN_AT, ended=True))

    assert (body.status, body.ended) == ("settled", True)


def test_only_a_session_whose_recording_was_lost_says_that_it_is_unavailable() -> None:
    kept = session(financials())
    rendered = render_session(kept).model_dump(mode="json", exclude_unset=True)
    lost = render_session(replace(kept, is_readable=False)).model_dump(mode="json", exclude_unset=True)
    assert (lost, "unavailable" in rendered) == ({**rendered, "unavailable": True}, False)
