"""Ticks put together to rows: each rule by its name, and a twin that imports the same ticks as a table."""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contracts import Contract, Right, format_osi
from engine.market import MISSING_DELTA, MISSING_INDEX, MISSING_TICKS
from marketdata.decoding import ABSENT, UNREADABLE
from marketdata.manifests import Provenance
from marketdata.recordings import ChainRow, Opening
from marketdata.ticking import OPEN_SECONDS_MAX, Rule, SecondsPileUp, Tick, Ticker, Told
from tests.marketdata.vendor_files import run

ON = date(2025, 1, 15)
OPEN_AT = datetime(2025, 1, 15, 14, 30, tzinfo=UTC)
CLOSE_SECOND = 23_400
CALL, PUT = Contract(5950, Right.CALL), Contract(5950, Right.PUT)
STRIKES = (5940, 5950, 5960)
GONE = (MISSING_TICKS, MISSING_TICKS)


def opening(*contracts: Contract, index_derived: bool = False) -> Opening:
    return Opening(
        date=ON,
        open_at=OPEN_AT,
        close_second=CLOSE_SECOND,
        contracts=contracts,
        label="push",
        provenance=Provenance("push", "protocol 1", 1),
        index_derived=index_derived,
    )


def points(price: float) -> int:
    return round(price * 10_000)


def told(bid: float, ask: float, delta_e4: int = ABSENT, contract: Contract = CALL) -> Told:
    return Told(contract, points(bid), points(ask), delta_e4)


def tick(second: int, seq: int, *quotes: Told, spx_e4: int = ABSENT, vix_e4: int = ABSENT) -> Tick:
    return Tick(second, seq, quotes, spx_e4, vix_e4)


def call_ticker(*ticks: Tick, reached: int = -1) -> Ticker:
    ticker = Ticker(opening(CALL, PUT), reached)
    for one in ticks:
        ticker.hear(one)
    return ticker


def row(ticker: Ticker, second: int) -> ChainRow:
    told_row = ticker.row(second)
    assert told_row is not None
    return told_row


def quote(ticker: Ticker, second: int) -> tuple[int, int]:
    """The call's bid and ask in ticks at a second that is out with this."""
    out = row(ticker, second)
    return int(out.bid_ticks[0]), int(out.ask_ticks[0])


def test_a_row_has_what_was_told_and_nothing_of_what_was_not() -> None:
    out = row(call_ticker(tick(3, 1, told(5.10, 5.30, 5_000), spx_e4=59_500_000)), 3)
    assert out.second == 3
    assert (out.bid_ticks.tolist(), out.ask_ticks.tolist()) == ([102, MISSING_TICKS], [106, MISSING_TICKS])
    assert (out.delta_e4.tolist(), out.spx_e4, out.vix_e4) == (
        [5_000, MISSING_DELTA],
        59_500_000,
        MISSING_INDEX,
    )


def test_what_is_not_told_again_stays() -> None:
    ticker = call_ticker(tick(3, 1, told(5.10, 5.30), vix_e4=150_000))
    assert quote(ticker, 3) == (102, 106)
    ticker.hear(tick(4, 2, told(4.00, 4.20, contract=PUT)))
    out = row(ticker, 9)
    assert (out.bid_ticks.tolist(), out.ask_ticks.tolist(), out.vix_e4) == ([102, 80], [106, 84], 150_000)
    assert ticker.counts == {Rule.SKIPPED_SECONDS: 5}


def test_a_tick_is_not_known_before_its_second() -> None:
    ticker = call_ticker(tick(3, 1, told(5.10, 5.30)), tick(4, 2, told(6.10, 6.30)))
    assert [quote(ticker, second) for second in (3, 4)] == [(102, 106), (122, 126)]


def test_of_ticks_that_wait_the_later_second_stands_and_within_it_the_later_message() -> None:
    ticker = call_ticker(
        tick(4, 1, told(3.00, 3.20)), tick(3, 2, told(1.00, 1.20)), tick(3, 3, told(2.00, 2.20))
    )
    assert [quote(ticker, second) for second in (3, 4)] == [(40, 44), (60, 64)]


def test_messages_with_the_same_or_a_falling_number_are_ignored() -> None:
    ticker = call_ticker(
        tick(3, 7, told(5.10, 5.30)), tick(3, 7, told(6.10, 6.30)), tick(3, 6, told(7.10, 7.30))
    )
    assert quote(ticker, 3) == (102, 106)
    assert ticker.counts == {Rule.DUPLICATE: 1, Rule.OUT_OF_ORDER: 1}


def test_a_tick_of_a_second_that_is_out_is_ignored_and_so_is_that_second() -> None:
    ticker = call_ticker(tick(3, 1, told(5.10, 5.30)))
    assert quote(ticker, 3) == (102, 106)
    ticker.hear(tick(3, 2, told(6.10, 6.30)))
    assert ticker.row(3) is None
    assert ticker.row(2) is None
    assert quote(ticker, 4) == (102, 106)
    assert ticker.counts == {Rule.LATE: 3}


def test_a_late_message_does_not_use_up_its_number() -> None:
    ticker = call_ticker(tick(3, 9), reached=5)
    ticker.hear(tick(6, 2, told(5.10, 5.30)))
    assert quote(ticker, 6) == (102, 106)
    assert ticker.counts == {Rule.LATE: 1}


def test_nothing_counts_outside_the_session() -> None:
    ticker = call_ticker(tick(-1, 1, told(5.10, 5.30)), tick(CLOSE_SECOND + 1, 2, told(5.10, 5.30)))
    assert ticker.row(CLOSE_SECOND + 1) is None
    assert ticker.row(-1) is None
    assert quote(ticker, CLOSE_SECOND) == GONE
    assert ticker.counts == {Rule.BEFORE_OPEN: 2, Rule.AFTER_CLOSE: 2}


@pytest.mark.parametrize(
    ("bid_e4", "ask_e4", "rule"),
    [
        (UNREADABLE, points(5.30), Rule.NOT_A_NUMBER),
        (points(5.10), UNREADABLE, Rule.NOT_A_NUMBER),
        (points(-0.05), points(0.05), Rule.NEGATIVE),
        (points(5.10), points(-5.30), Rule.NEGATIVE),
        (points(5.10), ABSENT, Rule.NO_ASK),
        (ABSENT, ABSENT, Rule.NO_ASK),
        (0, 0, Rule.NO_ASK),
        (points(5.35), points(5.30), Rule.CROSSED),
        (points(5.12), points(5.30), Rule.OFF_GRID),
        (points(5.10), points(5.3001), Rule.OFF_GRID),
        (points(5.10), points(3276.75), Rule.TOO_LARGE),
    ],
)
def test_a_quote_that_cannot_be_used_leaves_its_contract_without_one(
    bid_e4: int, ask_e4: int, rule: Rule
) -> None:
    ticker = call_ticker(tick(3, 1, told(5.10, 5.30)))
    assert quote(ticker, 3) == (102, 106)
    ticker.hear(tick(4, 2, Told(CALL, bid_e4, ask_e4)))
    assert quote(ticker, 4) == GONE
    assert ticker.counts == {rule: 1}
    ticker.hear(tick(5, 3, told(5.10, 5.30)))
    assert quote(ticker, 5) == (102, 106)


@pytest.mark.parametrize(
    ("bid_e4", "ask_e4", "ticks"),
    [
        (0, points(0.05), (0, 1)),
        (ABSENT, points(0.05), (0, 1)),
        (points(5.30), points(5.30), (106, 106)),
        (0, points(3276.70), (0, 65_534)),
    ],
)
def test_quotes_at_the_edge_of_what_is_usable(bid_e4: int, ask_e4: int, ticks: tuple[int, int]) -> None:
    ticker = call_ticker(tick(3, 1, Told(CALL, bid_e4, ask_e4)))
    assert quote(ticker, 3) == ticks
    assert ticker.counts == {}


def test_a_contract_that_the_session_does_not_list_is_ignored() -> None:
    ticker = call_ticker(tick(3, 1, told(5.10, 5.30, contract=Contract(5955, Right.CALL))))
    assert quote(ticker, 3) == GONE
    assert ticker.counts == {Rule.UNKNOWN_CONTRACT: 1}


@pytest.mark.parametrize("bad_e4", [0, -1, UNREADABLE, 2**31])
def test_an_index_that_is_none_is_ignored(bad_e4: int) -> None:
    ticker = call_ticker(tick(3, 1, spx_e4=59_500_000), tick(3, 2, spx_e4=bad_e4, vix_e4=bad_e4))
    out = row(ticker, 3)
    assert (out.spx_e4, out.vix_e4) == (59_500_000, MISSING_INDEX)
    assert ticker.counts == {Rule.BAD_INDEX: 2}


def test_a_delta_loses_its_sign_and_a_bad_one_counts_as_none() -> None:
    ticker = call_ticker(tick(3, 1, told(5.10, 5.30, -10_000), told(4.00, 4.20, 10_001, PUT)))
    out = row(ticker, 3)
    assert out.delta_e4[0] == 10_000
    assert 4_000 < out.delta_e4[1] < 6_000
    ticker.hear(tick(4, 2, told(5.10, 5.30, UNREADABLE)))
    assert 4_000 < row(ticker, 4).delta_e4[0] < 6_000
    assert ticker.counts == {Rule.BAD_DELTA: 2}


def test_a_delta_is_held_while_none_can_be_computed() -> None:
    ticker = call_ticker(tick(3, 1, told(5.10, 5.30), told(4.00, 4.20, contract=PUT)))
    before = row(ticker, 3).delta_e4.tolist()
    ticker.hear(tick(4, 2, Told(CALL, ABSENT, ABSENT), Told(PUT, ABSENT, ABSENT)))
    assert row(ticker, 4).delta_e4.tolist() == before


def test_an_index_that_nobody_tells_follows_from_parity() -> None:
    ticker = Ticker(opening(CALL, PUT, index_derived=True))
    ticker.hear(tick(3, 1, told(5.10, 5.30), told(4.00, 4.20, contract=PUT)))
    assert row(ticker, 3).spx_e4 == points(5951.10)
    ticker.hear(tick(4, 2, Told(CALL, ABSENT, ABSENT)))
    assert row(ticker, 4).spx_e4 == points(5951.10)


def test_only_so_many_seconds_wait_at_once_and_what_is_refused_changes_nothing() -> None:
    ticker = call_ticker(*(tick(second, second, told(5.10, 5.30)) for second in range(OPEN_SECONDS_MAX)))
    with pytest.raises(SecondsPileUp):
        ticker.hear(tick(OPEN_SECONDS_MAX, OPEN_SECONDS_MAX, told(6.10, 6.30)))
    ticker.hear(tick(5, OPEN_SECONDS_MAX, told(7.10, 7.30)))
    assert quote(ticker, 5) == (142, 146)
    assert ticker.counts == {}


def test_rows_share_nothing_with_the_ticker() -> None:
    ticker = call_ticker(tick(3, 1, told(5.10, 5.30)))
    first = row(ticker, 3)
    ticker.hear(tick(4, 2, told(6.10, 6.30)))
    assert quote(ticker, 4) == (122, 126)
    assert first.bid_ticks[0] == 102


chains = st.lists(
    st.tuples(
        st.integers(0, 3),  # seconds since the tick before
        st.sampled_from([Contract(strike, right) for strike in STRIKES for right in Right]),
        st.integers(0, 900),
        st.integers(0, 30),
        st.sampled_from([None, 0, 1_234, 5_000]),
    ),
    min_size=2,
    max_size=25,
)
Ticked = list[tuple[int, Told]]


def ticked(drawn: list[tuple[int, Contract, int, int, int | None]]) -> Ticked:
    """Quotes about the index, each at its second; an ask of zero now and then."""
    second, ticks = 0, []
    for step, contract, extra, width, delta in drawn:
        second += step
        bid = 20 * contract.intrinsic_points(5950) + extra // 10
        ask = bid + width if width else 0
        ticks.append((second, Told(contract, 500 * bid, 500 * ask, ABSENT if delta is None else delta)))
    return ticks


def table(path: Path, ticks: Ticked) -> Path:
    with path.open("w") as file:
        rows = csv.writer(file)
        rows.writerow(("time", "symbol", "bid", "ask", "delta", "last"))
        for second, one in ticks:
            delta = "" if one.delta_e4 == ABSENT else one.delta_e4 / 10_000
            prices = (one.bid_e4 / 10_000, one.ask_e4 / 10_000, delta)
            rows.writerow((time_of(second), format_osi(ON, one.contract), *prices, ""))
        rows.writerow((time_of(CLOSE_SECOND), "SPX", "", "", "", 5950))
    return path


def time_of(second: int) -> str:
    return (OPEN_AT + timedelta(seconds=second)).isoformat()


@given(chains)
@settings(max_examples=25)
def test_a_pushed_chain_is_the_chain_that_an_import_of_the_same_ticks_makes(
    drawn: list[tuple[int, Contract, int, int, int | None]],
) -> None:
    ticks = ticked(drawn)
    ticks.append((ticks[-1][0] + 1, told(5.10, 5.30)))
    with TemporaryDirectory() as directory:
        _, (day,) = run("zerodte", table(Path(directory) / "day.csv", ticks), 595_000)
        ticker = Ticker(opening(*day.contracts))
        for seq, (second, one) in enumerate(ticks):
            ticker.hear(Tick(second, seq, (one,)))
            if seq + 1 == len(ticks) or ticks[seq + 1][0] > second:
                out = row(ticker, second)
                assert np.array_equal(out.bid_ticks, day.bid_ticks[:, second])
                assert np.array_equal(out.ask_ticks, day.ask_ticks[:, second])
                assert np.array_equal(out.delta_e4, day.delta_e4[second])
    assert set(ticker.counts) <= {Rule.NO_ASK, Rule.SKIPPED_SECONDS}
