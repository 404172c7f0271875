"""What Prometheus is told about the live market and its processes, read when it asks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from usecases.operations import MarketFacts, Operations
from usecases.telling import Role


@dataclass(frozen=True, slots=True)
class Told:
    """A number that each process of a role tells as one of its facts."""

    name: str
    help: str
    role: Role
    fact: str
    is_counter: bool = False


TOLD = (
    Told("zerodte_matcher_lag_seconds", "Market seconds not matched yet.", Role.MATCHER, "lag_seconds"),
    Told("zerodte_matcher_lag_ms", "Age of the newest row once matched.", Role.MATCHER, "lag_ms"),
    Told("zerodte_matcher_pending_orders", "Orders in the book.", Role.MATCHER, "pending"),
    Told("zerodte_matcher_epoch", "Epoch of the last lease.", Role.MATCHER, "epoch"),
    Told("zerodte_matcher_ticks", "Ticks committed.", Role.MATCHER, "ticks", is_counter=True),
    Told("zerodte_matcher_fills", "Waiting orders filled.", Role.MATCHER, "fills", is_counter=True),
    Told("zerodte_matcher_rejections", "Orders rejected.", Role.MATCHER, "rejections", is_counter=True),
    Told("zerodte_matcher_expiries", "Orders expired.", Role.MATCHER, "expiries", is_counter=True),
    Told("zerodte_matcher_takeovers", "Leases taken.", Role.MATCHER, "takeovers", is_counter=True),
    Told("zerodte_recorder_second", "Last second on the tape.", Role.RECORDER, "second"),
    Told("zerodte_recorder_rows", "Rows written.", Role.RECORDER, "rows", is_counter=True),
    Told("zerodte_recorder_carried", "Seconds carried.", Role.RECORDER, "carried", is_counter=True),
    Told("zerodte_recorder_missing", "Seconds without quotes.", Role.RECORDER, "missing", is_counter=True),
    Told("zerodte_recorder_disordered", "Rows out of order.", Role.RECORDER, "disordered", is_counter=True),
    Told("zerodte_recorder_unsound", "Rows that are no chain.", Role.RECORDER, "unsound", is_counter=True),
    Told("zerodte_recorder_refused", "Rows not written.", Role.RECORDER, "refused", is_counter=True),
    Told("zerodte_recorder_published", "Days published.", Role.RECORDER, "published", is_counter=True),
    Told("zerodte_settlement_due", "Live sessions to be settled.", Role.SETTLEMENT, "due"),
    Told("zerodte_settlement_failed", "Those tried in vain.", Role.SETTLEMENT, "failed"),
    Told("zerodte_worker_running", "Jobs in hand.", Role.WORKER, "running"),
    Told("zerodte_worker_done", "Jobs and own looks done.", Role.WORKER, "done", is_counter=True),
    Told("zerodte_worker_retried", "Jobs tried again.", Role.WORKER, "retried", is_counter=True),
    Told("zerodte_worker_failed", "Jobs and own looks failed.", Role.WORKER, "failed", is_counter=True),
)


def live_metrics(seen: Operations) -> bytes:
    """All of it in Prometheus' text format. A process that fell silent is not there any more, and where
    Redis cannot be asked none is."""
    registry = CollectorRegistry()
    registry.register(_Seen(seen))
    return generate_latest(registry)


class _Seen(Collector):
    def __init__(self, seen: Operations) -> None:
        self._seen = seen

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily(
            "zerodte_redis_up", "Whether Redis answers.", value=self._seen.pulses is not None
        )
        if self._seen.pulses is not None:
            yield from _processes(self._seen)
        if self._seen.market is not None:
            yield from _market(self._seen.market)


def _processes(seen: Operations) -> Iterator[Metric]:
    up = GaugeMetricFamily("zerodte_live_up", "Processes, or parts of one, that are there.", labels=["role"])
    for role in Role:
        up.add_metric([role], len(seen.of(role)))
    yield up
    holding = GaugeMetricFamily("zerodte_matcher_holding", "Whether it has the lease.", labels=["process"])
    for pulse in seen.of(Role.MATCHER):
        holding.add_metric([pulse.id], pulse.facts.get("recording") is not None)
    yield holding
    for told in TOLD:
        yield _family(told, seen)


def _family(told: Told, seen: Operations) -> Metric:
    kind = CounterMetricFamily if told.is_counter else GaugeMetricFamily
    family = kind(told.name, told.help, labels=["process"])
    for pulse in seen.of(told.role):
        value = pulse.facts.get(told.fact)
        if isinstance(value, int | float):
            family.add_metric([pulse.id], value)
    return family


def _market(market: MarketFacts) -> Iterator[Metric]:
    yield GaugeMetricFamily("zerodte_market_second", "Last second on the air.", value=market.second)
    yield GaugeMetricFamily("zerodte_market_closed", "Whether it is over.", value=market.is_closed)
    if market.tick_age_seconds is not None:
        yield GaugeMetricFamily(
            "zerodte_market_tick_age_seconds", "Age of the last row.", value=market.tick_age_seconds
        )
