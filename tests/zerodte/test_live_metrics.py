"""What Prometheus is told of the live market."""

from dataclasses import asdict
from datetime import UTC, datetime
from uuid import uuid4

from bus.health import Pulse
from marketdata.recordings import Recording
from tests.days import tiny_day
from tests.tapes import opening_of
from usecases.matching import Tally
from usecases.operations import MarketFacts, Operations
from usecases.recording import RecorderFacts
from zerodte.live_metrics import TOLD, live_metrics

AT = datetime(2025, 1, 15, 15, tzinfo=UTC)
RECORDING = Recording(uuid4(), opening_of(tiny_day()))


def lines(seen: Operations) -> set[str]:
    """Every sample."""
    return {line for line in live_metrics(seen).decode().splitlines() if not line.startswith("#")}


def test_each_process_is_a_series_of_its_own() -> None:
    holder = asdict(Tally(fills=3, lag_seconds=2)) | {"recording": str(RECORDING.id)}
    pulses = (Pulse("matcher", "a-1", holder), Pulse("matcher", "b-2", asdict(Tally()) | {"recording": None}))
    told = lines(Operations(AT, None, pulses))
    assert {
        "zerodte_redis_up 1.0",
        'zerodte_live_up{role="matcher"} 2.0',
        'zerodte_live_up{role="recorder"} 0.0',
        'zerodte_matcher_fills_total{process="a-1"} 3.0',
        'zerodte_matcher_lag_seconds{process="a-1"} 2.0',
        'zerodte_matcher_holding{process="a-1"} 1.0',
        'zerodte_matcher_holding{process="b-2"} 0.0',
        'zerodte_matcher_epoch{process="b-2"} 0.0',
    } <= told


def test_whatever_is_told_of_a_matcher_and_a_recorder_is_what_they_tell() -> None:
    facts = {"matcher": asdict(Tally()), "recorder": asdict(RecorderFacts())}
    assert [told.fact for told in TOLD if told.fact not in facts.get(told.role, {told.fact})] == []


def test_the_market_is_told_with_the_age_of_its_last_row() -> None:
    market = MarketFacts(RECORDING, AT, 1800, 0.25, is_fresh=True, is_closed=False)
    assert lines(Operations(AT, market, None)) == {
        "zerodte_redis_up 0.0",
        "zerodte_market_second 1800.0",
        "zerodte_market_closed 0.0",
        "zerodte_market_tick_age_seconds 0.25",
    }


def test_before_the_first_row_there_is_no_age() -> None:
    market = MarketFacts(RECORDING, AT, -1, None, is_fresh=False, is_closed=False)
    assert "zerodte_market_second -1.0" in lines(Operations(AT, market, None))
    assert not any("age" in line for line in lines(Operations(AT, market, None)))
