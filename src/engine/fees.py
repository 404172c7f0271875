"""Fee schedules: what an option transaction costs."""

from dataclasses import dataclass

from engine.money import MICROS_PER_CENT, Cents, Micros, round_half_up
from engine.orders import Action, Leg

OVERRIDE_FACTOR_MAX = 10


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """Fee rates in micros (0.000001 dollar), a contract or a share; exercise is per strike."""

    buy_equity: Micros = 800
    sell_equity: Micros = 3_986
    buy_to_open_option: Micros = 1_720_000
    sell_to_open_option: Micros = 1_720_000
    buy_to_close_option: Micros = 720_000
    sell_to_close_option: Micros = 720_000
    exercise_option: Micros = 5_000_000


DEFAULT_FEES = FeeSchedule()


_RATES = {action: f"{action.replace(' ', '_')}_option" for action in Action}


def leg_fee_cents(fees: FeeSchedule, leg: Leg) -> Cents:
    """The fee of one leg's transaction: rate times contracts, rounded half up once (rulings 3.4)."""
    rate: Micros = getattr(fees, _RATES[leg.action])
    return round_half_up(rate * leg.quantity, MICROS_PER_CENT)


def exercise_fee_cents(fees: FeeSchedule) -> Cents:
    """The fee of one exercised or assigned strike, whatever the quantity."""
    return round_half_up(fees.exercise_option, MICROS_PER_CENT)
