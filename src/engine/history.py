"""A session's money at every second of its day: steps at its events, marks in between."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.kernels import add_option_values, with_steps
from engine.market import Day
from engine.money import Cents

Column: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class HistorySegment:
    """What holds from ``from_second`` until the next segment starts.

    Margin and reserve may move with the index: then they are arrays, one value a second of the
    segment. ``cost_basis_cents`` is the signed sum of the open positions' bases, shorts negative;
    ``marks`` are those positions as (day row, signed contracts).
    """

    from_second: int
    credits_cents: Cents
    debits_cents: Cents
    fees_cents: Cents
    realized_cents: Cents
    margin_cents: Cents | Column
    reserve_cents: Cents | Column
    cost_basis_cents: Cents
    marks: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        flows = self.credits_cents - self.debits_cents
        assert flows == self.realized_cents - self.cost_basis_cents, "cash in is profit less basis"


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """A day by the second: row ``s`` of every column is ``s`` seconds after ``open_at``.

    Columns are int64 cents, computed when asked for. NLV = opening + realized + unrealized - fees;
    unrealized = the options' value - their cost basis; available = opening + credits - debits -
    fees - margin - reserve (rulings 3.1, 3.7).
    """

    open_at: datetime
    opening_cents: Cents
    segments: tuple[HistorySegment, ...]
    options_value_cents: Column

    @property
    def credits_cents(self) -> Column:
        return self._steps(lambda segment: segment.credits_cents)

    @property
    def debits_cents(self) -> Column:
        return self._steps(lambda segment: segment.debits_cents)

    @property
    def fees_cents(self) -> Column:
        return self._steps(lambda segment: segment.fees_cents)

    @property
    def realized_cents(self) -> Column:
        return self._steps(lambda segment: segment.realized_cents)

    @property
    def margin_cents(self) -> Column:
        return self._steps(lambda segment: segment.margin_cents)

    @property
    def available_cents(self) -> Column:
        return self._steps(self._available)

    @property
    def unrealized_cents(self) -> Column:
        return self._marked(lambda segment: -segment.cost_basis_cents)

    @property
    def profit_cents(self) -> Column:
        return self._marked(_profit_beside_options)

    @property
    def net_liquidation_cents(self) -> Column:
        return self._marked(lambda segment: self.opening_cents + _profit_beside_options(segment))

    def seconds_every(self, interval_seconds: int) -> Column:
        """The seconds of a chart: from the open every ``interval_seconds``, and at last the settled
        close, or a live day's last known second, whether the interval divides the day or not."""
        last = len(self.options_value_cents) - 1
        return np.append(np.arange(0, last, interval_seconds), last)

    def _available(self, segment: HistorySegment) -> Cents | Column:
        flows = segment.credits_cents - segment.debits_cents - segment.fees_cents
        return self.opening_cents + flows - segment.margin_cents - segment.reserve_cents

    def _steps(self, value: Callable[[HistorySegment], Cents | Column]) -> Column:
        column = np.empty_like(self.options_value_cents)
        for segment, seconds in spans(self.segments, len(column)):
            column[seconds.start : seconds.stop] = value(segment)
        return column

    def _marked(self, offset: Callable[[HistorySegment], Cents]) -> Column:
        """The options' value plus what ``offset`` says of each segment."""
        steps = [(segment.from_second, offset(segment)) for segment in self.segments]
        return with_steps(self.options_value_cents, steps)


def _profit_beside_options(segment: HistorySegment) -> Cents:
    return segment.realized_cents - segment.cost_basis_cents - segment.fees_cents


def history(day: Day, opening_cents: Cents, segments: Sequence[HistorySegment]) -> History:
    """The day's history, of as many rows as the day has; the first segment starts at 0 and each later
    one after the one before.

    Positions are marked at the mid, or at the last one where a quote is missing (rulings 3.7).
    """
    options_value_cents = np.zeros(day.history_rows, np.int64)
    for segment, seconds in spans(segments, day.history_rows):
        if segment.marks:
            into = options_value_cents[seconds.start : seconds.stop]
            add_option_values(day.bid_ticks, day.ask_ticks, segment.marks, seconds, into)
    options_value_cents.flags.writeable = False
    return History(day.open_at, opening_cents, tuple(segments), options_value_cents)


def spans(segments: Sequence[HistorySegment], rows: int) -> Iterator[tuple[HistorySegment, range]]:
    """Each segment with the seconds that it covers."""
    starts = [segment.from_second for segment in segments]
    assert starts[:1] == [0], "a day's first segment starts with the day"
    for segment, start, stop in zip(segments, starts, [*starts[1:], rows], strict=True):
        assert start < stop, "segments follow one another within the day"
        yield segment, range(start, stop)
