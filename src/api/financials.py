"""The money of a session, and the capital that one begins with."""

import strawberry

from api.scalars import DecimalText, cents_of, dollars
from engine.denials import Code, Denial
from engine.money import Cents
from engine.sessions import Financials as EngineFinancials


@strawberry.type(description="The money of a session at its clock, in dollars.")
class Financials:
    starting_capital: DecimalText
    credits: DecimalText
    debits: DecimalText
    fees: DecimalText
    maintenance_buying_power: DecimalText
    available_buying_power: DecimalText
    net_liquidation_value: DecimalText
    unrealized_profit_loss: DecimalText
    realized_profit_loss: DecimalText
    profit_loss: DecimalText = strawberry.field(description="Realized plus unrealized, less fees.")
    options_net_liquidation_value: DecimalText


def render_financials(money: EngineFinancials) -> Financials:
    return Financials(
        starting_capital=dollars(money.opening_cents),
        credits=dollars(money.credits_cents),
        debits=dollars(money.debits_cents),
        fees=dollars(money.fees_cents),
        maintenance_buying_power=dollars(money.margin_cents),
        available_buying_power=dollars(money.available_cents),
        net_liquidation_value=dollars(money.net_liquidation_cents),
        unrealized_profit_loss=dollars(money.unrealized_cents),
        realized_profit_loss=dollars(money.realized_cents),
        profit_loss=dollars(money.profit_cents),
        options_net_liquidation_value=dollars(money.options_value_cents),
    )


def read_capital(text: DecimalText) -> Cents | Denial:
    """The starting capital of an input; whether it is an allowed one the engine says."""
    cents = cents_of(text)
    if cents is None:
        return Denial(Code.INVALID_INPUT, "startingCapital must be in whole cents", ("starting_capital",))
    return cents
