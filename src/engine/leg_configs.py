"""The legs of a config: read one by one and as a structure whose risk is defined (rulings 7.3)."""

from collections.abc import Sequence

from engine.contracts import Right
from engine.forms import Form, Span, number_of, read_number_e4
from engine.orders import QUANTITY_MAX
from engine.shapes import net_quantity
from engine.strategies import LEGS_MAX, Side, StrategyLeg, StrikeMethod, StrikeRule

SIDES = {side.value: side for side in Side}
RIGHTS = {right.name.lower(): right for right in Right}
METHODS = {method.value: method for method in StrikeMethod}
DELTA = Span(10, 9_990)
STRIKE_SPANS = {
    StrikeMethod.DELTA: DELTA,
    StrikeMethod.PREMIUM: Span(500, 1_000_0000),
    StrikeMethod.POINTS_OTM: Span(0, 2_000_0000),
    StrikeMethod.PERCENT_OTM: Span(0, 50_0000),
    StrikeMethod.EXPECTED_MOVE: Span(0, 10_0000),
    StrikeMethod.WIDTH: Span(1_0000, 1_000_0000),
}


def read_legs(config: Form) -> tuple[StrategyLeg, ...] | None:
    """The legs of a config, or None where any is wrong, which is noted."""
    legs: list[StrategyLeg | None] = []
    for form in config.groups("legs", LEGS_MAX):
        legs.append(_read_leg(form, legs))
    known = tuple(leg for leg in legs if leg is not None)
    if not legs or len(known) < len(legs):
        return None
    _check_cover(config, known)
    _check_twins(config, known)
    return known


def _read_leg(form: Form | None, earlier: Sequence[StrategyLeg | None]) -> StrategyLeg | None:
    if form is None:
        return None
    form.expect("direction", "type", "qty", "strike")
    side = form.choice("direction", SIDES)
    right = form.choice("type", RIGHTS)
    quantity = form.count("qty", 1, QUANTITY_MAX)
    strike = _read_strike(form.group("strike"), right, earlier)
    if side is None or right is None or quantity is None or strike is None:
        return None
    return StrategyLeg(side, right, quantity, strike)


def _read_strike(
    form: Form | None, right: Right | None, earlier: Sequence[StrategyLeg | None]
) -> StrikeRule | None:
    if form is None:
        return None
    method = form.choice("method", METHODS)
    if method is None:
        form.expect("method", optional=("value", "from_leg"))
        return None
    if method is StrikeMethod.ATM:
        form.expect("method", optional=("value",))
        if form.has("value") and read_number_e4(form.raw["value"]) != 0:
            form.reject("value", "must be left out: at the money needs none")
        return StrikeRule(method)
    optional = ("from_leg",) if method is StrikeMethod.WIDTH else ()
    form.expect("method", "value", optional=optional)
    value_e4 = form.number_e4("value", STRIKE_SPANS[method])
    from_leg = _read_from_leg(form, right, earlier) if method is StrikeMethod.WIDTH else None
    return None if value_e4 is None else StrikeRule(method, value_e4, from_leg)


def _read_from_leg(form: Form, right: Right | None, earlier: Sequence[StrategyLeg | None]) -> int | None:
    """The leg that a width counts from: by default the last one before of the same type, else the
    last one before."""
    if not earlier:
        form.reject("method", "must not be width on the first leg: there is no earlier leg to count from")
        return None
    if form.has("from_leg"):
        return form.count("from_leg", 0, len(earlier) - 1)
    alike = [place for place, leg in enumerate(earlier) if leg is not None and leg.right is right]
    return alike[-1] if alike else len(earlier) - 1


def _check_cover(config: Form, legs: Sequence[StrategyLeg]) -> None:
    for name, right in RIGHTS.items():
        if net_quantity(legs, right) < 0:
            config.reject("legs", f"must buy at least as many {name}s as they sell: the risk must be defined")


def _check_twins(config: Form, legs: Sequence[StrategyLeg]) -> None:
    """Two legs of one rule always fall on one contract; a premium is sought on either side's quotes."""
    places: dict[tuple[object, ...], int] = {}
    for place, leg in enumerate(legs):
        sought = leg.side if leg.strike.method is StrikeMethod.PREMIUM else None
        first = places.setdefault((leg.right, leg.strike, sought), place)
        if first < place:
            config.reject(f"legs.{place}.strike", f"must not be the same contract as leg {first}")


def leg_config(leg: StrategyLeg) -> dict[str, object]:
    """The normalised config of a leg."""
    strike: dict[str, object] = {"method": leg.strike.method.value}
    if leg.strike.method is not StrikeMethod.ATM:
        strike["value"] = number_of(leg.strike.value_e4)
    if leg.strike.from_leg is not None:
        strike["from_leg"] = leg.strike.from_leg
    return {
        "direction": leg.side.value,
        "type": leg.right.name.lower(),
        "qty": leg.quantity,
        "strike": strike,
    }
