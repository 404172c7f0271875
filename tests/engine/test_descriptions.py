"""What is told of a strategy: its line, its paragraph and its risks, as a trader would put them."""

from typing import Any

import pytest
from hypothesis import given

from engine.descriptions import Description, describe
from tests.engine.configuring import DOCUMENTED, FULL, Config, changed, configs, strategy_of, strategy_with

SETTLES = (
    "What is open at the close settles in cash at its intrinsic value against the SPX settlement. SPXW "
    "options are European: nothing is assigned early, and no shares change hands."
)
SOLD = "Close to expiry, small moves of SPX around a sold strike change the result quickly."
WAITS = (
    "An entry is tried at its second only: it is skipped where a quote, a strike or a filtered value is "
    "missing. An exit waits until every leg has a valid quote."
)
NO_STOP = "There is no stop: a position can lose its maximum."
JUMPS = (
    "Stops are looked at once a second and are filled at that second's prices: when SPX jumps, the loss "
    "can exceed the stop, up to the maximum loss."
)
EARLY = (
    "Stops go by the quotes, so wide quotes, common just after the open and in fast markets, can stop a "
    "position early that would have recovered."
)
DECAYS = "The premium decays through the session: without a move of SPX it is lost."
PAID = "the debit paid, all of it if the structure settles worthless"
GAP = "the widest gap between a sold and its bought strike, less the credit received"
OPEN = (
    "what the legs lose at the worst settlement, which depends on the strikes of the day, "
    "plus the debit paid or less the credit received"
)
MANY = (
    "Up to 6 positions may be entered in a session, at most 3 open at once: their losses add up, as far as "
    "the capital of $100,000 admits them."
)
TOUCHED = (
    "A sold strike counts as touched only where it was out of the money at entry; one near the money is "
    "touched soon."
)
EITHER = "plus the debit paid or less the credit received"


def test_the_documented_strategy_is_told_as_a_trader_would() -> None:
    assert describe(strategy_of(DOCUMENTED)) == Description(
        "Bull put credit spread at 10:00: 50% profit target, out at 15:55",
        "Sells 1 put at 0.3 delta and buys 1 put at 0.2 delta, for a credit. Entered at 10:00 New York time "
        "every session, with at most 1 position open. Closed at a profit of 50% of the maximum profit or at "
        "15:55, whichever comes first; what is still open settles at the close.",
        (
            f"Maximum loss: {GAP}, and fees.",
            NO_STOP,
            SETTLES,
            SOLD,
            "Half days close at 13:00: what is open settles then without the exit at 15:55.",
            WAITS,
        ),
    )


def test_a_strategy_with_everything_in_it_is_told_whole() -> None:
    assert describe(strategy_of(FULL)) == Description(
        "Call vertical spread and bull put credit spread at 09:45:30 and 11:00: 50% profit target, "
        "80% stop loss, stop at 200% of the credit, trailing stop, exit on touch, exit at 0.55 short delta, "
        "out at 15:30",
        "Sells 2 puts bid nearest to 3.5, buys 2 puts 25 points below the first leg, sells 2 calls 1.1 "
        "expected moves out of the money and buys 2 calls 1.25% out of the money, for a debit or a credit, "
        "as the day's prices have it. Entered at 09:45:30 and 11:00 New York time every Monday and "
        "Wednesday, if VIX is from 12 to 30.5, the expected move is from 0.4% to 2%, the gap from the "
        "previous settlement to the open is from -1.5% to 1% and the move since the open is from -0.75% to "
        "0.75%, with at most 3 positions open. After a losing exit it is entered again 15 minutes later, up "
        "to 2 times. Closed at a loss of 80% of the maximum loss, at a loss of 200% of the credit received, "
        "when a profit that was once 30% of the maximum profit falls 10% of it below its best, at a profit "
        "of 50% of the maximum profit, when SPX crosses a sold strike, when the delta of a sold leg reaches "
        "0.55 or at 15:30, whichever comes first; what is still open settles at the close.",
        (
            f"Maximum loss: {OPEN}, and fees.",
            MANY,
            JUMPS,
            EARLY,
            "The stop at a percentage of the credit triggers only for entries that brought a credit.",
            TOUCHED,
            SETTLES,
            SOLD,
            "Half days close at 13:00: what is open settles then without the exit at 15:30.",
            WAITS,
        ),
    )


def test_a_long_call_held_to_the_close_is_told_with_its_decay() -> None:
    assert describe(strategy_with("+1 call delta 0.3")) == Description(
        "Long call at 10:00: held to the close",
        "Buys 1 call at 0.3 delta, for a debit. Entered at 10:00 New York time every session, with at most 1 "
        "position open. Held to the close, where it settles in cash.",
        (
            "Maximum loss: the debit paid, all of it if the structure settles worthless, and fees.",
            NO_STOP,
            SETTLES,
            DECAYS,
            "Half days close at 13:00: what is open settles then.",
            WAITS,
        ),
    )


def about(amount: str, premium: str = "less the credit received") -> str:
    return f"about {amount} (the strikes are the nearest listed ones), {premium}"


@pytest.mark.parametrize(
    ("legs", "name", "loss"),
    [
        ("+1 call delta 0.3", "Long call", PAID),
        ("+1 put delta 0.3", "Long put", PAID),
        ("-1 put delta 0.3, +1 put width 20", "Bull put credit spread", about("$2,000")),
        ("-3 put delta 0.3, +3 put width 20", "Bull put credit spread", about("$6,000")),
        ("-1 put delta 0.3, +1 put width 2.5", "Bull put credit spread", about("$250")),
        ("-1 call delta 0.3, +1 call delta 0.1", "Bear call credit spread", GAP),
        ("+1 call atm, -1 call width 20", "Bull call debit spread", PAID),
        ("+1 put atm, -1 put width 20", "Bear put debit spread", PAID),
        ("+1 put atm, +1 call atm", "Long straddle", PAID),
        ("+1 put delta 0.2, +1 call delta 0.2", "Long strangle", PAID),
        (
            "-1 put delta 0.1, +1 put width 20, -1 call delta 0.1, +1 call width 50",
            "Broken-wing iron condor",
            about("$5,000"),
        ),
        (
            "-1 put delta 0.1, +1 put delta 0.05, -1 call delta 0.1, +1 call delta 0.05",
            "Iron condor",
            GAP,
        ),
        ("-1 put atm, -1 call atm, +1 put width 50, +1 call width 50", "Iron butterfly", about("$5,000")),
        ("+1 put atm, +1 call atm, -1 put width 50, -1 call width 50", "Reverse iron butterfly", PAID),
        ("+1 call atm, -2 call width 20, +1 call width 20", "Long call butterfly", PAID),
        ("+1 put atm, -2 put width 20, +1 put width 40", "Broken-wing put butterfly", OPEN),
        ("-1 call atm, +2 call width 20, -1 call width 20", "Short call butterfly", about("$2,000")),
        ("-1 call atm, +2 call width 20", "1x2 call backspread", about("$2,000", EITHER)),
        (
            "-1 put atm, -1 call atm, +2 put width 50, +2 call width 50",
            "Short straddle with 1x2 wings",
            OPEN,
        ),
        ("+1 call delta 0.3, -1 call points_otm 60", "Call vertical spread", OPEN),
        ("+1 call atm, +1 call width 20", "Custom 2-leg structure", OPEN),
    ],
)
def test_a_structure_is_named_with_the_most_that_it_can_lose(legs: str, name: str, loss: str) -> None:
    told = describe(strategy_with(legs))
    assert told.description == f"{name} at 10:00: held to the close"
    assert told.risks[0] == f"Maximum loss: {loss}, and fees."


def risks(legs: str, **sections: Any) -> tuple[str, ...]:
    return describe(strategy_with(legs, **sections)).risks


@pytest.mark.parametrize(
    ("leave", "told"),
    [
        (
            {"stop_loss_credit_pct": 100},
            "The stop at a percentage of the credit never triggers: the entry is a debit.",
        ),
        (
            {"short_strike_touch": True},
            "The exit on touch of a sold strike never triggers: nothing is sold.",
        ),
        (
            {"short_delta_max": 0.5},
            "The exit at the delta of a sold leg never triggers: nothing is sold.",
        ),
    ],
)
def test_an_exit_that_never_triggers_is_told_and_is_no_stop(leave: Config, told: str) -> None:
    assert risks("+1 call delta 0.3", exit=leave)[1:3] == (NO_STOP, told)
    line = describe(strategy_with("+1 call delta 0.3", exit=leave)).description
    assert line.endswith(": held to the close")


@pytest.mark.parametrize(
    "leave",
    [
        {"stop_loss_pct": 50},
        {"stop_loss_credit_pct": 200},
        {"trailing_stop": {"activate_pct": 30, "trail_pct": 10}},
        {"short_delta_max": 0.5},
    ],
)
def test_a_stop_may_be_jumped_over_and_may_come_early(leave: Config) -> None:
    told = risks("-1 put delta 0.3, +1 put delta 0.2", exit=leave)
    assert told[1:4] == (JUMPS, EARLY, SETTLES)


@pytest.mark.parametrize(
    ("times", "leave", "told"),
    [
        (["10:00"], {"time": "12:00"}, "Half days close at 13:00."),
        (["10:00"], {}, "Half days close at 13:00: what is open settles then."),
        (["13:00"], {"time": "15:55"}, "Half days close at 13:00: entries at 13:00 are skipped."),
        (
            ["10:00", "13:30", "14:00"],
            {"time": "15:55"},
            (
                "Half days close at 13:00: entries at 13:30 and 14:00 are skipped and what is open settles "
                "then without the exit at 15:55."
            ),
        ),
        (
            ["13:00", "13:10", "13:20", "13:30", "13:40"],
            {},
            "Half days close at 13:00: entries at 5 times from 13:00 to 13:40 are skipped.",
        ),
    ],
)
def test_half_days_are_told_by_what_they_cut_off(times: list[str], leave: Config, told: str) -> None:
    assert risks("+1 call delta 0.3", entry={"times": times}, exit=leave)[-2] == told


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (
            {"reentry": {"count": 1, "after": "win"}},
            "After a winning exit it is entered again at once, up to 1 time.",
        ),
        (
            {"reentry": {"count": 2, "wait_minutes": 1}},
            "After any exit it is entered again 1 minute later, up to 2 times.",
        ),
    ],
)
def test_reentry_is_told(entry: Config, told: str) -> None:
    strategy = strategy_with("+1 call delta 0.3", entry={"times": ["10:00"], **entry})
    assert told in describe(strategy).summary


@pytest.mark.parametrize(
    ("bounds", "told"),
    [
        ({"min": 15}, "if VIX is at least 15,"),
        ({"max": 15}, "if VIX is at most 15,"),
        ({}, "every session, with"),
    ],
)
def test_a_filter_is_told_with_the_bounds_it_has(bounds: Config, told: str) -> None:
    strategy = strategy_of(changed(DOCUMENTED, "entry.vix", bounds))
    assert told in describe(strategy).summary


def test_a_target_of_an_unbounded_profit_is_told_with_its_base() -> None:
    told = describe(strategy_with("+1 call delta 0.3", exit={"profit_target_pct": 200}))
    assert "Closed at a profit of 200% of the debit; what" in told.summary
    told = describe(strategy_with("-1 call atm, +2 call width 20", exit={"profit_target_pct": 200}))
    assert (
        "Closed at a profit of 200% of the debit, or after a credit of the maximum loss; what" in told.summary
    )


@given(configs())
def test_every_strategy_can_be_told_in_whole_sentences(config: Config) -> None:
    told = describe(strategy_of(config))
    assert all(
        text[0].isupper() or text[0].isdigit() for text in (told.description, told.summary, *told.risks)
    )
    assert all(text.endswith(".") for text in (told.summary, *told.risks))
    assert len(set(told.risks)) == len(told.risks)
