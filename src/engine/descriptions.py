"""What is told of a strategy besides its config: a line, a paragraph, and its risks."""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.orders import Effect
from engine.phrases import (
    counted,
    days_phrase,
    exit_names,
    exit_phrases,
    filter_phrases,
    leg_phrase,
    listed,
    reentry_phrase,
    times_phrase,
)
from engine.risks import risks_of
from engine.shapes import Shape, shape_of
from engine.strategies import Strategy

CASH = {
    Effect.CREDIT: "for a credit",
    Effect.DEBIT: "for a debit",
    None: "for a debit or a credit, as the day's prices have it",
}


@dataclass(frozen=True, slots=True)
class Description:
    """``description`` names the structure in a line, ``summary`` says how it is traded, ``risks`` what
    can go wrong with it."""

    description: str
    summary: str
    risks: tuple[str, ...]


def describe(strategy: Strategy) -> Description:
    shape = shape_of(strategy.legs)
    return Description(
        description=_line(strategy, shape),
        summary=" ".join(_sentences(strategy, shape)),
        risks=tuple(risks_of(strategy, shape)),
    )


def _line(strategy: Strategy, shape: Shape) -> str:
    name = f"{shape.name} {times_phrase(strategy.entry.times)}"
    return f"{_capitalised(name)}: {', '.join(exit_names(strategy, shape.effect))}"


def _sentences(strategy: Strategy, shape: Shape) -> Iterator[str]:
    entry = strategy.entry
    legs = listed([leg_phrase(leg) for leg in strategy.legs])
    yield f"{_capitalised(legs)}, {CASH[shape.effect]}."
    filters = filter_phrases(entry)
    only = f", if {listed(filters)}" if filters else ""
    yield (
        f"Entered {times_phrase(entry.times)} New York time {days_phrase(entry.weekdays)}{only}, "
        f"with at most {counted(entry.max_open, 'position')} open."
    )
    again = reentry_phrase(entry)
    if again is not None:
        yield f"{_capitalised(again)}."
    yield _leaving(strategy, shape)


def _leaving(strategy: Strategy, shape: Shape) -> str:
    phrases = list(exit_phrases(strategy, shape.effect))
    if not phrases:
        return "Held to the close, where it settles in cash."
    first = ", whichever comes first" if len(phrases) > 1 else ""
    return f"Closed {listed(phrases, 'or')}{first}; what is still open settles at the close."


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
