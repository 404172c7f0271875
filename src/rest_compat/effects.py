"""The buying-power-effect block of an order."""

from typing import Literal

from pydantic import ConfigDict

from engine.money import Cents, money_text
from engine.sessions import BuyingPowerEffect
from rest_compat.wire import Answered, MoneyText

Sense = Literal["Debit", "Credit", "None"]


class PowerEffect(Answered):
    """What the order does to margin and buying power: unsigned amounts, each beside its sense."""

    model_config = ConfigDict(alias_generator=lambda name: name.replace("_", "-"))

    change_in_margin_requirement: MoneyText
    change_in_margin_requirement_effect: Sense
    change_in_buying_power: MoneyText
    change_in_buying_power_effect: Sense
    current_buying_power: MoneyText
    current_buying_power_effect: Sense
    new_buying_power: MoneyText
    new_buying_power_effect: Sense
    value: MoneyText
    effect: Sense


def render_effect(effect: BuyingPowerEffect) -> PowerEffect:
    return PowerEffect(
        change_in_margin_requirement=money_text(abs(effect.margin_change_cents)),
        change_in_margin_requirement_effect=_sense(-effect.margin_change_cents),
        change_in_buying_power=money_text(abs(effect.change_cents)),
        change_in_buying_power_effect=_sense(-effect.change_cents),
        current_buying_power=money_text(abs(effect.current_cents)),
        current_buying_power_effect=_sense(effect.current_cents),
        new_buying_power=money_text(abs(effect.new_cents)),
        new_buying_power_effect=_sense(effect.new_cents),
        value=money_text(abs(effect.change_cents)),
        effect=_sense(-effect.change_cents),
    )


def _sense(in_favour_cents: Cents) -> Sense:
    if in_favour_cents == 0:
        return "None"
    return "Credit" if in_favour_cents > 0 else "Debit"
