"""The channels of the WebSocket: what can be subscribed to, by whom, and the frames that follow."""

import re
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from rest_compat.backtest_frames import backtest_frames
from rest_compat.market_frames import aggregate_text, columns_text, market_frames, rows_text
from rest_compat.session_frames import simulation_frames
from usecases.ports import Ports, Viewer

SOURCE_HASH = re.compile("[0-9a-f]{64}")
BACKTESTS, AGGREGATES, CHAIN = "backtest_events", "live_aggregate_data", "live_option_chain"
SIMULATIONS = "simulation_events"
COLUMNAR = "columnar"
SEQ_MAX = 2**31 - 1

Message: TypeAlias = Mapping[str, Any]
Frames: TypeAlias = AsyncGenerator[str, None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a message means of a channel: one of its subjects, and how it is to be told, from where on or
    in which format. A socket follows a subject in one manner at a time."""

    subject: str
    manner: int | str | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """``wanted_by`` reads from a message what of the channel is meant, nothing where it does not say.
    ``frames`` are for a viewer, None for a visitor, until he leaves; none where he may not see them."""

    wanted_by: Callable[[Message], Iterator[Wanted]]
    frames: Callable[[Ports, Viewer | None, Wanted], Frames]
    is_public: bool = False


def _market(_: Message) -> Iterator[Wanted]:
    yield Wanted("SPX")


def _chain(message: Message) -> Iterator[Wanted]:
    is_columnar = message.get("format") == COLUMNAR
    yield Wanted("SPX", COLUMNAR if is_columnar else None)


def _backtest(message: Message) -> Iterator[Wanted]:
    source_hash = message.get("source_hash")
    if isinstance(source_hash, str) and SOURCE_HASH.fullmatch(source_hash):
        yield Wanted(source_hash)


def _simulations(message: Message) -> Iterator[Wanted]:
    """The one that is named, or all of those whose last event is."""
    last = message.get("last_event_by_sim")
    last_of = {_uuid(name): seq for name, seq in last.items()} if isinstance(last, dict) else {}
    named = message.get("live_simulation_id")
    for one in last_of if named is None else [_uuid(named)]:
        if one is not None:
            yield Wanted(one, _seq(last_of.get(one)))


def _uuid(value: object) -> str | None:
    """An id as it is written here, None for anything else."""
    try:
        return str(UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None


def _seq(value: object) -> int | None:
    is_one = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= SEQ_MAX
    return value if is_one else None  # type: ignore[return-value]


def _aggregate_frames(ports: Ports, _: Viewer | None, __: Wanted) -> Frames:
    return market_frames(ports, aggregate_text)


def _chain_frames(ports: Ports, _: Viewer | None, wanted: Wanted) -> Frames:
    return market_frames(ports, columns_text if wanted.manner == COLUMNAR else rows_text)


def _backtest_frames(ports: Ports, viewer: Viewer | None, wanted: Wanted) -> Frames:
    assert viewer is not None, "visitors follow no backtests"
    return backtest_frames(ports, viewer, wanted.subject)


def _simulation_frames(ports: Ports, viewer: Viewer | None, wanted: Wanted) -> Frames:
    assert viewer is not None, "visitors have no simulations"
    after = wanted.manner if isinstance(wanted.manner, int) else None
    return simulation_frames(ports, viewer, UUID(wanted.subject), after)


CHANNELS: Mapping[str, Channel] = {
    AGGREGATES: Channel(_market, _aggregate_frames, is_public=True),
    CHAIN: Channel(_chain, _chain_frames),
    SIMULATIONS: Channel(_simulations, _simulation_frames),
    BACKTESTS: Channel(_backtest, _backtest_frames),
}
