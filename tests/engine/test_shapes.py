"""What structures are called: a table of those that traders know, by many kinds of strike rules."""

import pytest

from engine.orders import Effect
from engine.shapes import Shape, is_profit_unbounded, shape_of
from tests.engine.configuring import strategy_with

CREDIT, DEBIT = Effect.CREDIT, Effect.DEBIT


@pytest.mark.parametrize(
    ("legs", "shape"),
    [
        ("+1 call delta 0.3", Shape("long call", DEBIT)),
        ("+2 put atm", Shape("long put", DEBIT)),
        ("-1 put delta 0.3, +1 put delta 0.2", Shape("bull put credit spread", CREDIT)),
        ("-1 put delta 0.3, +1 put width 20", Shape("bull put credit spread", CREDIT, 200_000)),
        ("+3 put premium 0.5, -3 put premium 2", Shape("bull put credit spread", CREDIT)),
        ("-1 call points_otm 10, +1 call points_otm 30", Shape("bear call credit spread", CREDIT, 200_000)),
        ("-1 call atm, +1 call percent_otm 1", Shape("bear call credit spread", CREDIT)),
        ("+1 call delta 0.5, -1 call delta 0.25", Shape("bull call debit spread", DEBIT)),
        ("+1 put atm, -1 put expected_move 1", Shape("bear put debit spread", DEBIT)),
        ("-1 put delta 0.3, +1 put points_otm 50", Shape("put vertical spread", None)),
        ("-1 call delta 0.4, +2 call delta 0.2", Shape("1x2 call backspread", None)),
        ("-2 put delta 0.4, +3 put width 25", Shape("2x3 put backspread", None, 500_000)),
        ("-1 call atm, +1 call width 20, +1 call width 40 from 0", Shape("short call ladder", None, 200_000)),
        (
            "+1 call points_otm 0, -2 call points_otm 20, +1 call points_otm 40",
            Shape("long call butterfly", DEBIT),
        ),
        ("+1 put atm, -2 put width 20, +1 put width 20", Shape("long put butterfly", DEBIT)),
        ("+1 put atm, -2 put width 20, +1 put width 30", Shape("broken-wing put butterfly", None)),
        ("+1 call delta 0.5, -2 call delta 0.3, +1 call delta 0.15", Shape("long call butterfly", None)),
        ("-1 call atm, +2 call width 10, -1 call width 10", Shape("short call butterfly", CREDIT, 100_000)),
        ("+1 put atm, -3 put width 20, +2 put width 20", Shape("unbalanced put butterfly", None)),
        (
            "+1 call atm, -1 call width 10, -1 call width 20 from 0, +1 call width 30 from 0",
            Shape("long call condor", DEBIT),
        ),
        (
            "-1 put atm, +1 put width 10, +1 put width 20 from 0, -1 put width 35 from 0",
            Shape("broken-wing short put condor", None),
        ),
        ("+1 put atm, +1 call atm", Shape("long straddle", DEBIT)),
        ("+1 put delta 0.2, +1 call delta 0.2", Shape("long strangle", DEBIT)),
        ("+1 put premium 2, +1 call premium 2", Shape("long strangle", DEBIT)),
        (
            "-1 put delta 0.15, +1 put width 25, -1 call delta 0.15, +1 call width 25",
            Shape("iron condor", CREDIT, 250_000),
        ),
        (
            "-1 put delta 0.15, +1 put delta 0.05, -1 call delta 0.15, +1 call delta 0.05",
            Shape("iron condor", CREDIT),
        ),
        (
            "-1 put delta 0.15, +1 put width 25, -1 call delta 0.15, +1 call width 50",
            Shape("broken-wing iron condor", CREDIT, 500_000),
        ),
        (
            "-2 put delta 0.15, +2 put width 25, -1 call delta 0.15, +1 call width 25",
            Shape("unbalanced iron condor", CREDIT, 500_000),
        ),
        (
            "-1 put atm, -1 call atm, +1 put width 50, +1 call width 50",
            Shape("iron butterfly", CREDIT, 500_000),
        ),
        (
            "-1 put atm, -1 call atm, +1 put expected_move 1, +1 call expected_move 1",
            Shape("iron butterfly", CREDIT),
        ),
        (
            "-1 call atm, +1 call width 40, -1 put atm, +1 put width 40",
            Shape("iron butterfly", CREDIT, 400_000),
        ),
        (
            "+1 put atm, +1 call atm, -1 put width 50, -1 call width 50",
            Shape("reverse iron butterfly", DEBIT),
        ),
        (
            "+1 put points_otm 5, +1 call points_otm 5, -1 put width 50, -1 call width 50",
            Shape("reverse iron condor", DEBIT),
        ),
        (
            "-1 put atm, -1 call atm, +2 put width 50, +2 call width 50",
            Shape("short straddle with 1x2 wings", None),
        ),
        (
            "-1 put delta 0.3, +1 put delta 0.2, +1 call delta 0.5, -1 call delta 0.3",
            Shape("bull call debit spread and bull put credit spread", None),
        ),
        (
            "-1 put delta 0.3, +1 put delta 0.2, +1 call delta 0.3",
            Shape("long call and bull put credit spread", None),
        ),
        (
            "-1 put delta 0.3, +1 put points_otm 50, -1 call delta 0.3, +1 call width 20",
            Shape("bear call credit spread and put vertical spread", None),
        ),
        (
            "-1 put delta 0.3, +1 put points_otm 50, +1 call delta 0.3, +1 call width 20",
            Shape("custom 4-leg structure", None),
        ),
        ("+1 call atm, +1 call width 20", Shape("custom 2-leg structure", None)),
        ("+2 call atm, -1 call width 20", Shape("custom 2-leg structure", None)),
        (
            "+1 call delta 0.3, -2 call points_otm 40, +1 call premium 1",
            Shape("custom 3-leg structure", None),
        ),
    ],
)
def test_a_structure_has_the_name_that_traders_give_it(legs: str, shape: Shape) -> None:
    assert shape_of(strategy_with(legs).legs) == shape


def test_the_order_of_the_legs_does_not_change_the_name() -> None:
    legs = "+1 call delta 0.05, -1 put delta 0.15, -1 call delta 0.15, +1 put delta 0.05"
    assert shape_of(strategy_with(legs).legs) == Shape("iron condor", CREDIT)


def test_sold_deltas_beyond_the_money_cross_over_and_are_no_condor() -> None:
    legs = "-1 put delta 0.7, +1 put delta 0.6, -1 call delta 0.7, +1 call delta 0.6"
    assert shape_of(strategy_with(legs).legs) == Shape(
        "bear call credit spread and bull put credit spread", CREDIT
    )


@pytest.mark.parametrize(
    ("legs", "unbounded"),
    [
        ("+1 put atm", True),
        ("-1 put delta 0.3, +1 put delta 0.2", False),
        ("-1 call delta 0.4, +2 call delta 0.2", True),
        ("-1 put delta 0.3, +1 put delta 0.2, +1 call delta 0.3", True),
    ],
)
def test_profit_is_unbounded_where_longs_are_left_over(legs: str, unbounded: bool) -> None:  # noqa: FBT001
    assert is_profit_unbounded(strategy_with(legs).legs) is unbounded
