import numpy as np
import pytest

from engine.history import History, HistorySegment, history
from engine.market import Day
from tests.engine.tapes import OPEN_AT, Quotes, contract, tape

SPREAD: dict[str, Quotes] = {
    "5950C": {0: (10.0, 10.2), 300: (12.0, 12.2), 500: None},
    "5970C": {0: (4.0, 4.2), 400: (5.0, 5.2)},
}
FLAT = HistorySegment(0, 0, 0, 0, 0, 0, 0, 0, ())


@pytest.fixture
def day() -> Day:
    return tape(SPREAD)


def bought_at_200(day: Day) -> HistorySegment:
    """Long the 5950 call at 10.20, short the 5970 call at 4.00: 620 paid, 3.44 in fees."""
    marks = ((day.row_of[contract("5950C")], 1), (day.row_of[contract("5970C")], -1))
    return HistorySegment(200, 400_00, 1020_00, 344, 0, 0, 0, 620_00, marks)


def settled(day: Day) -> HistorySegment:
    """Both expire: what was paid is lost."""
    return HistorySegment(day.close_second, 400_00, 1020_00, 344, -620_00, 0, 0, 0, ())


@pytest.fixture
def bought(day: Day) -> History:
    return history(day, 100_000_00, [FLAT, bought_at_200(day), settled(day)])


def changes(column: np.ndarray) -> dict[int, int]:
    """The value of a column at each second at which it becomes another one."""
    starts = [0, *(np.flatnonzero(np.diff(column)) + 1).tolist()]
    return {second: int(column[second]) for second in starts}


def test_a_day_without_orders_keeps_its_opening_balance(day: Day) -> None:
    idle = history(day, 100_000_00, [FLAT])
    assert idle.open_at == OPEN_AT
    assert changes(idle.net_liquidation_cents) == {0: 100_000_00}
    assert changes(idle.available_cents) == {0: 100_000_00}
    assert len(idle.net_liquidation_cents) == 601


def test_marks_move_with_the_mid_and_stand_where_a_quote_is_missing(bought: History) -> None:
    assert changes(bought.options_value_cents) == {0: 0, 200: 600_00, 300: 800_00, 400: 700_00, 600: 0}
    assert changes(bought.unrealized_cents) == {0: 0, 200: -20_00, 300: 180_00, 400: 80_00, 600: 0}


def test_net_liquidation_is_opening_plus_profit_less_fees(bought: History) -> None:
    opening = 100_000_00
    assert changes(bought.net_liquidation_cents) == {
        0: opening,
        200: opening - 20_00 - 344,
        300: opening + 180_00 - 344,
        400: opening + 80_00 - 344,
        600: opening - 620_00 - 344,
    }
    assert (bought.net_liquidation_cents - bought.profit_cents == opening).all()
    expected = opening + bought.realized_cents + bought.unrealized_cents - bought.fees_cents
    assert bought.net_liquidation_cents.tolist() == expected.tolist()


def test_cash_flows_are_steps_at_the_fills(bought: History) -> None:
    assert changes(bought.credits_cents) == {0: 0, 200: 400_00}
    assert changes(bought.debits_cents) == {0: 0, 200: 1020_00}
    assert changes(bought.fees_cents) == {0: 0, 200: 344}
    assert changes(bought.realized_cents) == {0: 0, 600: -620_00}
    assert changes(bought.available_cents) == {0: 100_000_00, 200: 100_000_00 - 620_00 - 344}


def test_margin_that_moves_with_the_index_and_reserves_lower_available(day: Day) -> None:
    margin = np.arange(590, dtype=np.int64)
    naked = HistorySegment(10, 0, 0, 0, 0, margin, 500, 0, ())
    close = HistorySegment(600, 0, 0, 0, 0, 0, 0, 0, ())
    told = history(day, 10_000, [FLAT, naked, close])
    assert told.margin_cents.tolist() == [0] * 10 + list(range(590)) + [0]
    assert told.available_cents[:12].tolist() == [10_000] * 10 + [9_500, 9_499]
    assert int(told.available_cents[600]) == 10_000


def test_segments_that_do_not_follow_one_another_are_a_bug(day: Day) -> None:
    late = bought_at_200(day)
    for segments in ([], [late], [FLAT, late, late], [FLAT, late, FLAT]):
        with pytest.raises(AssertionError):
            history(day, 0, segments)


def test_a_segment_whose_cash_and_basis_disagree_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="cash in is profit less basis"):
        HistorySegment(0, 100, 0, 0, 0, 0, 0, 0, ())


@pytest.mark.parametrize(
    ("interval", "seconds"),
    [(1, [0, 1, 2, 3, 4, 5]), (2, [0, 2, 4, 5]), (5, [0, 5]), (4, [0, 4, 5]), (23_400, [0, 5])],
)
def test_a_chart_ends_with_the_close_whether_the_interval_divides_the_day_or_not(
    interval: int, seconds: list[int]
) -> None:
    flat = History(OPEN_AT, 0, (FLAT,), np.zeros(6, np.int64))
    assert flat.seconds_every(interval).tolist() == seconds
