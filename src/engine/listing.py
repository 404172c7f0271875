"""Why there is no market data for a leg: its contract is not listed that day, or not quoted then."""

from collections.abc import Sequence

from engine.contracts import Contract
from engine.denials import Code, Denial
from engine.market import Day
from engine.orders import Leg


def unquoted(day: Day, legs: Sequence[Leg], second: int) -> Denial | None:
    """A denial about the first leg without a usable quote at ``second``, None when all have one."""
    for i, leg in enumerate(legs):
        if day.quote(leg.contract, second) is None:
            path = ("legs", str(i), "instrument")
            message = f"{'.'.join(path)}: {_reason(day, leg.contract)}"
            return Denial(Code.NO_MARKET_DATA, message, path, {".".join(path): message})
    return None


def _reason(day: Day, contract: Contract) -> str:
    name = _name(contract)
    if contract in day.row_of:
        return f"no market data for the {name} at the session's time"
    near = " and ".join(str(strike) for strike in _neighbours(day, contract))
    return f"the {name} is not listed on {day.date}; the nearest listed: {near or 'none'}"


def _name(contract: Contract) -> str:
    return f"{contract.strike_points} {'call' if contract.is_call else 'put'}"


def _neighbours(day: Day, contract: Contract) -> list[int]:
    """The listed strikes of the same right next below and next above."""
    strikes = [other.strike_points for other in day.contracts if other.right is contract.right]
    below = [strike for strike in strikes if strike < contract.strike_points]
    above = [strike for strike in strikes if strike > contract.strike_points]
    return [*([max(below)] if below else []), *([min(above)] if above else [])]
