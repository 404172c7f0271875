"""What can go wrong with a strategy, in plain English, the largest first."""

from collections.abc import Iterator

from engine.clocks import clock_text
from engine.money import Cents
from engine.orders import Effect
from engine.phrases import listed, sells, times_phrase
from engine.shapes import Shape
from engine.strategies import Strategy

HALF_DAY_CLOSE = 46_800


def risks_of(strategy: Strategy, shape: Shape) -> Iterator[str]:
    """One risk a sentence or two; those that cannot occur are left out."""
    yield _maximum_loss(shape)
    yield from _many_positions(strategy)
    yield from _stops(strategy, shape)
    yield from _inert_exits(strategy, shape)
    yield from _settlement(strategy)
    yield _half_days(strategy)
    yield (
        "An entry is tried at its second only: it is skipped where a quote, a strike or a filtered value is "
        "missing. An exit waits until every leg has a valid quote."
    )


def _maximum_loss(shape: Shape) -> str:
    if shape.effect is Effect.DEBIT:
        return "Maximum loss: the debit paid, all of it if the structure settles worthless, and fees."
    settled = "the widest gap between a sold and its bought strike"
    if shape.worst_cents is not None:
        settled = f"about ${_dollars(shape.worst_cents)} (the strikes are the nearest listed ones)"
    elif shape.effect is None:
        settled = "what the legs lose at the worst settlement, which depends on the strikes of the day"
    premium = (
        "less the credit received" if shape.effect else "plus the debit paid or less the credit received"
    )
    return f"Maximum loss: {settled}, {premium}, and fees."


def _many_positions(strategy: Strategy) -> Iterator[str]:
    entry = strategy.entry
    again = entry.reentry.count if entry.reentry else 0
    positions = len(entry.times) * (1 + again)
    if positions > 1:
        at_once = min(entry.max_open, positions)
        yield (
            f"Up to {positions} positions may be entered in a session, at most {at_once} open at once: their "
            "losses add up, as far as the capital of $100,000 admits them."
        )


def _stops(strategy: Strategy, shape: Shape) -> Iterator[str]:
    if not _can_stop(strategy, shape):
        yield "There is no stop: a position can lose its maximum."
        return
    yield (
        "Stops are looked at once a second and are filled at that second's prices: when SPX jumps, the loss "
        "can exceed the stop, up to the maximum loss."
    )
    yield (
        "Stops go by the quotes, so wide quotes, common just after the open and in fast markets, can stop a "
        "position early that would have recovered."
    )


def _can_stop(strategy: Strategy, shape: Shape) -> bool:
    leave = strategy.exit
    by_credit = leave.stop_loss_credit_pct_e4 is not None and shape.effect is not Effect.DEBIT
    by_strike = leave.short_strike_touch or leave.short_delta_max_e4 is not None
    by_loss = leave.stop_loss_pct_e4 is not None or leave.trailing_stop is not None
    return by_loss or by_credit or (by_strike and sells(strategy))


def _inert_exits(strategy: Strategy, shape: Shape) -> Iterator[str]:
    leave = strategy.exit
    if leave.stop_loss_credit_pct_e4 is not None:
        if shape.effect is Effect.DEBIT:
            yield "The stop at a percentage of the credit never triggers: the entry is a debit."
        elif shape.effect is None:
            yield "The stop at a percentage of the credit triggers only for entries that brought a credit."
    if leave.short_strike_touch and sells(strategy):
        yield (
            "A sold strike counts as touched only where it was out of the money at entry; one near the money "
            "is touched soon."
        )
    elif leave.short_strike_touch:
        yield "The exit on touch of a sold strike never triggers: nothing is sold."
    if leave.short_delta_max_e4 is not None and not sells(strategy):
        yield "The exit at the delta of a sold leg never triggers: nothing is sold."


def _settlement(strategy: Strategy) -> Iterator[str]:
    yield (
        "What is open at the close settles in cash at its intrinsic value against the SPX settlement. SPXW "
        "options are European: nothing is assigned early, and no shares change hands."
    )
    if sells(strategy):
        yield "Close to expiry, small moves of SPX around a sold strike change the result quickly."
    else:
        yield "The premium decays through the session: without a move of SPX it is lost."


def _half_days(strategy: Strategy) -> str:
    times, leave = strategy.entry.times, strategy.exit.time
    late = [time for time in times if time >= HALF_DAY_CLOSE]
    parts = [f"entries {times_phrase(late)} are skipped"] if late else []
    if len(late) < len(times) and (leave is None or leave >= HALF_DAY_CLOSE):
        missed = "" if leave is None else f" without the exit at {clock_text(leave)}"
        parts.append(f"what is open settles then{missed}")
    return f"Half days close at 13:00: {listed(parts)}." if parts else "Half days close at 13:00."


def _dollars(cents: Cents) -> str:
    whole, fraction = divmod(cents, 100)
    return f"{whole:,}" + (f".{fraction:02d}" if fraction else "")
