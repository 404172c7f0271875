"""The reads of ``usecases.market`` that cost credits, and what each costs (rulings 6.4)."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial

from engine.denials import Denial
from usecases import market
from usecases.charging import Payer, charged
from usecases.market import ChainSnapshot, SeriesFrame, SnapshotRange
from usecases.ports import Ports, Viewer

STRIKES_CREDITS = 5
SERIES_CREDITS = 10
CHAIN_CREDITS = 10
RANGED_CHAIN_CREDITS = 5


async def strikes(ports: Ports, payer: Payer, on: date) -> tuple[int, ...] | Denial:
    work = partial(market.strikes, ports, _signed_in(payer), on)
    return await charged(ports, payer, STRIKES_CREDITS, work)


async def chain_at(ports: Ports, payer: Payer, at: datetime) -> ChainSnapshot | Denial:
    work = partial(market.chain_at, ports, _signed_in(payer), at)
    return await charged(ports, payer, CHAIN_CREDITS, work)


async def chains_over(
    ports: Ports, payer: Payer, wanted: SnapshotRange
) -> tuple[ChainSnapshot, ...] | Denial:
    """Every chain of the range is paid for; a range that nobody may ask for is denied for nothing."""
    if wanted.denial is not None:
        return wanted.denial
    work = partial(market.chains_over, ports, _signed_in(payer), wanted)
    return await charged(ports, payer, RANGED_CHAIN_CREDITS * wanted.count, work)


async def series(ports: Ports, payer: Payer, on: date, names: Sequence[str]) -> SeriesFrame | Denial:
    work = partial(market.series, ports, payer.viewer, on, names)
    return await charged(ports, payer, SERIES_CREDITS, work)


def _signed_in(payer: Payer) -> Viewer:
    assert payer.viewer is not None, "the faces let nobody without a token ask for this"
    return payer.viewer
