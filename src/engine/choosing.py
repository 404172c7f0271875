"""Which listed contract a leg takes (rulings 7.3): the nearest, on a tie the one further out."""

from collections.abc import Mapping, Sequence

from engine.contracts import Contract, Right
from engine.decisions import ChosenLeg
from engine.moments import POINT_E4, Moment, Opening, straddle_e4, straddle_strike
from engine.money import round_half_up
from engine.strategies import Side, StrategyLeg, StrikeMethod

TICK_E4 = 500
PERCENT_E4 = 1_000_000


def choose(
    leg: StrategyLeg, opening: Opening, moment: Moment, earlier: Sequence[ChosenLeg]
) -> ChosenLeg | None:
    """The leg's contract, or None where what its method needs is not known at this second."""
    match leg.strike.method:
        case StrikeMethod.DELTA:
            return _nearest(_delta_offs_e4(leg, opening, moment))
        case StrikeMethod.PREMIUM:
            return _nearest(_premium_offs_e4(leg, opening, moment))
        case StrikeMethod.ATM:
            return _at_the_money(leg, opening, moment)
        case _:
            target_e10 = _target_e10(leg, opening, moment, earlier)
            return None if target_e10 is None else _at_strike(leg, opening, target_e10)


def _nearest(offs: Mapping[Contract, int]) -> ChosenLeg | None:
    if not offs:
        return None
    contract = min(offs, key=lambda contract: (abs(offs[contract]), -_outward(contract)))
    return ChosenLeg(contract, offs[contract])


def _outward(contract: Contract) -> int:
    """Grows the further out of the money a contract of one right is."""
    return contract.strike_points if contract.is_call else -contract.strike_points


def _delta_offs_e4(leg: StrategyLeg, opening: Opening, moment: Moment) -> dict[Contract, int]:
    deltas = {c: moment.delta(opening.row_of[c]) for c in opening.listed(leg.right)}
    return {c: delta - leg.strike.value_e4 for c, delta in deltas.items() if delta is not None}


def _premium_offs_e4(leg: StrategyLeg, opening: Opening, moment: Moment) -> dict[Contract, int]:
    """A buyer asks what the ask is, a seller the bid."""
    quotes = {c: moment.quote(opening.row_of[c]) for c in opening.listed(leg.right)}
    buys = leg.side is Side.BUY
    return {
        c: (quote.ask_ticks if buys else quote.bid_ticks) * TICK_E4 - leg.strike.value_e4
        for c, quote in quotes.items()
        if quote is not None
    }


def _at_the_money(leg: StrategyLeg, opening: Opening, moment: Moment) -> ChosenLeg | None:
    if moment.spx_e4 is None:
        return None
    strike = straddle_strike(opening, moment.spx_e4)
    if strike is None:
        return None
    return ChosenLeg(Contract(strike, leg.right), strike * POINT_E4 - moment.spx_e4)


def _target_e10(
    leg: StrategyLeg, opening: Opening, moment: Moment, earlier: Sequence[ChosenLeg]
) -> int | None:
    """The strike asked for in 10**-10 points, which holds every product exactly."""
    if leg.strike.method is StrikeMethod.WIDTH:
        assert leg.strike.from_leg is not None, "a width counts from a leg"
        base_e4 = earlier[leg.strike.from_leg].contract.strike_points * POINT_E4
        distance_e10: int | None = leg.strike.value_e4 * PERCENT_E4
    elif moment.spx_e4 is None:
        return None
    else:
        base_e4 = moment.spx_e4
        distance_e10 = _distance_e10(leg, opening, moment, base_e4)
    if distance_e10 is None:
        return None
    return base_e4 * PERCENT_E4 + (distance_e10 if leg.right is Right.CALL else -distance_e10)


def _distance_e10(leg: StrategyLeg, opening: Opening, moment: Moment, spx_e4: int) -> int | None:
    value_e4 = leg.strike.value_e4
    if leg.strike.method is StrikeMethod.POINTS_OTM:
        return value_e4 * PERCENT_E4
    if leg.strike.method is StrikeMethod.PERCENT_OTM:
        return value_e4 * spx_e4
    move_e4 = straddle_e4(opening, moment)
    return None if move_e4 is None else value_e4 * move_e4 * (PERCENT_E4 // POINT_E4)


def _at_strike(leg: StrategyLeg, opening: Opening, target_e10: int) -> ChosenLeg | None:
    offs = {c: c.strike_points * POINT_E4 * PERCENT_E4 - target_e10 for c in opening.listed(leg.right)}
    chosen = _nearest(offs)
    return chosen and ChosenLeg(chosen.contract, round_half_up(chosen.off_e4, PERCENT_E4))
