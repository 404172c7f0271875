import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.history import History, HistorySegment
from engine.money import money_text
from rest_compat.rows import history_rows

OPEN_AT = datetime(2025, 1, 15, 14, 30, tzinfo=UTC)
CENTS = st.integers(-(10**12), 10**12)
FLAT = HistorySegment(0, 0, 0, 0, 0, 0, 0, 0, ())


def slow_rows(history: History, interval: int) -> bytes:
    """The array of a general encoder."""
    zero = np.zeros_like(history.options_value_cents)
    columns = {
        "net_liquidation_value": history.net_liquidation_cents,
        "profit_loss": history.profit_cents,
        "unrealized_profit_loss": history.unrealized_cents,
        "realized_profit_loss": history.realized_cents,
        "credits": history.credits_cents,
        "debits": history.debits_cents,
        "fees": history.fees_cents,
        "maintenance_buying_power": history.margin_cents,
        "available_buying_power": history.available_cents,
        "deposits": zero + history.opening_cents,
        "withdrawals": zero,
        "equities_credits": zero,
        "equities_debits": zero,
        "equities_fees": zero,
        "equities_unrealized_profit_loss": zero,
        "equities_realized_profit_loss": zero,
        "equities_profit_loss": zero,
        "equities_maintenance_buying_power": zero,
        "equities_net_liquidation_value": zero,
        "equity_options_credits": history.credits_cents,
        "equity_options_debits": history.debits_cents,
        "equity_options_fees": history.fees_cents,
        "equity_options_unrealized_profit_loss": history.unrealized_cents,
        "equity_options_realized_profit_loss": history.realized_cents,
        "equity_options_profit_loss": history.profit_cents,
        "equity_options_maintenance_buying_power": history.margin_cents,
        "equity_options_net_liquidation_value": history.options_value_cents,
    }
    rows = [
        {
            "timestamp": f"{OPEN_AT + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}",
            **{name: money_text(int(column[second])) for name, column in columns.items()},
        }
        for second in [*range(0, len(zero) - 1, interval), len(zero) - 1]
    ]
    return json.dumps(rows, separators=(",", ":")).encode()


@st.composite
def segments(draw: st.DrawFn, from_second: int) -> HistorySegment:
    debits, fees, realized, basis, margin = draw(st.tuples(*[CENTS] * 5))
    return HistorySegment(
        from_second, realized - basis + debits, debits, fees, realized, margin, 0, basis, ()
    )


@st.composite
def histories(draw: st.DrawFn) -> History:
    rows = draw(st.sampled_from([1, 2, 60, 999, 1000, 1001, 2001]))
    starts = {0, *draw(st.lists(st.integers(0, rows - 1), max_size=3))}
    values = draw(st.lists(CENTS, min_size=1, max_size=50))
    column = np.resize(np.array(values, np.int64), rows)
    parts = tuple(draw(segments(start)) for start in sorted(starts))
    return History(OPEN_AT, draw(CENTS), parts, column)


@settings(max_examples=30, deadline=None)
@given(histories(), st.sampled_from([1, 2, 7, 60, 999, 23_400]))
def test_rows_are_those_of_a_general_encoder(history: History, interval: int) -> None:
    assert b"".join(history_rows(history, interval)) == slow_rows(history, interval)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=40))
def test_every_amount_of_64_bits_is_written_as_money_text(cents: list[int]) -> None:
    values = np.array(cents, np.int64)
    rows = json.loads(b"".join(history_rows(History(OPEN_AT, 0, (FLAT,), values), 1)))
    written = [row["equity_options_net_liquidation_value"] for row in rows]
    assert written == [money_text(value) for value in cents]


def test_a_whole_day_comes_in_chunks_of_about_a_megabyte() -> None:
    day = History(OPEN_AT, 100_000_00, (FLAT,), np.zeros(23_401, np.int64))
    chunks = list(history_rows(day, 1))
    assert len(chunks) == 25
    assert max(len(chunk) for chunk in chunks) < 1_100_000
    rows = json.loads(b"".join(chunks))
    assert len(rows) == 23_401
    assert rows[0]["timestamp"] == "2025-01-15T14:30:00Z"
    assert rows[-1]["timestamp"] == "2025-01-15T21:00:00Z"
    assert {len(row) for row in rows} == {28}


def test_a_session_over_midnight_utc_is_refused() -> None:
    late = History(OPEN_AT.replace(hour=23), 0, (FLAT,), np.zeros(3_601, np.int64))
    with pytest.raises(ValueError, match="ends on the UTC date"):
        b"".join(history_rows(late, 1))
