"""A day put together from its clean rows: quotes at every second, deltas, index and settlement."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.market import MISSING_DELTA, Day, DeltaMatrix, SettlementSource
from engine.money import Cents, IndexE4, price_text, round_half_up
from marketdata.carrying import Chain, carry_chain, carry_index, resolution, spread
from marketdata.cleaning import clean
from marketdata.mids import Mids, completed_deltas
from marketdata.refusals import DayRefused
from marketdata.reports import Tally
from marketdata.rows import DayRows, Prints

SETTLEMENT_PRINT_SECONDS = 20 * 60
LAST_PRINT_SECONDS = 60
SETTLEMENT_DISTANCE_PERCENT = 20


@dataclass(frozen=True, slots=True)
class Assembled:
    """A day, without its content hash, and the resolution of the rows that it was made of."""

    day: Day
    resolution_seconds: int


def assemble(rows: DayRows, tally: Tally, settlement_cents: Cents | None = None) -> Assembled:
    """The day of a source's rows. ``settlement_cents``, the official value, overrules the source's.

    Raises DayRefused when nothing usable is left, or the value to settle at is not to be had or
    not to be believed.
    """
    bounds, close = rows.bounds, rows.bounds.close_second
    changes = clean(rows.quotes, close, tally)
    if not changes.contracts:
        raise DayRefused(f"{bounds.date}: no row of an SPXW option that expires on the day")
    stated = rows.stated
    if stated.covered is None and changes.seconds.min() == changes.seconds.max():
        raise DayRefused(f"{bounds.date}: all its quotes are of a single moment")
    chain = carry_chain(changes, close, stated.covered)
    tally.silent_seconds += chain.silent_seconds
    mids = Mids.of(changes.contracts, chain.bid_ticks, chain.ask_ticks)
    derived = not len(rows.spx.upto(close).seconds)
    parity = mids.parity_prints(chain.points)
    spx = parity if derived else rows.spx
    at_close = parity if chain.known_until == close else Prints.none()
    settled, source = _settlement(rows, at_close, settlement_cents)
    _compare(settled, spx.upto(close), bounds.date)
    day = Day(
        date=bounds.date,
        open_at=bounds.open_at,
        close_second=close,
        contracts=changes.contracts,
        bid_ticks=spread(chain.bid_ticks, chain.points, close, axis=1),
        ask_ticks=spread(chain.ask_ticks, chain.points, close, axis=1),
        delta_e4=_deltas(chain, None if stated.covered else mids, close),
        spx_e4=carry_index(spx, close, chain.known_until),
        vix_e4=carry_index(rows.vix, close, chain.known_until),
        known_from=chain.known_from,
        known_until=chain.known_until,
        settlement_cents=settled,
        settlement_source=source,
        content_hash="",
        synthetic=stated.synthetic,
        index_derived=derived or stated.index_derived,
    )
    return Assembled(day, resolution(np.unique(changes.seconds)))


def _deltas(chain: Chain, mids: Mids | None, close_second: int) -> DeltaMatrix:
    """The source's deltas, ours where it has none, and the last one where neither is to be had.

    Without ``mids`` the source's are all there are.
    """
    deltas = chain.delta_e4.T.copy() if mids is None else _hold_last(completed_deltas(chain.delta_e4.T, mids))
    deltas[(chain.points < chain.known_from) | (chain.points > chain.known_until)] = MISSING_DELTA
    return spread(deltas, chain.points, close_second, axis=0)


def _hold_last(deltas: DeltaMatrix) -> DeltaMatrix:
    places = np.where(deltas == MISSING_DELTA, 0, np.arange(len(deltas))[:, None])
    held: DeltaMatrix = np.take_along_axis(deltas, np.maximum.accumulate(places, axis=0), axis=0)
    return held


def _settlement(
    rows: DayRows, parity: Prints, official_cents: Cents | None
) -> tuple[Cents, SettlementSource]:
    """The value to settle at and where it is from: rulings 3.5.

    A print counts from a minute before the close to twenty after it, the last one best. ``parity``
    is empty for a recording that stopped before the close.
    """
    if official_cents is not None:
        return official_cents, SettlementSource.OFFICIAL
    if rows.stated.settlement is not None:
        return rows.stated.settlement
    close = rows.bounds.close_second
    prints = rows.spx.upto(close + SETTLEMENT_PRINT_SECONDS)
    if len(prints.seconds) and prints.seconds[-1] >= close - LAST_PRINT_SECONDS:
        return _cents(prints), SettlementSource.PRINT
    if len(parity.seconds):
        return _cents(parity), SettlementSource.DERIVED
    raise DayRefused(f"{rows.bounds.date}: no index at the close to settle at; name it with --settlement")


def _compare(settlement_cents: Cents, index: Prints, on: date) -> None:
    """Refuses a settlement far from the day's last index value, such as one with a slipped digit."""
    if not len(index.seconds):
        return
    last = _cents(index)
    if abs(settlement_cents - last) * 100 > last * SETTLEMENT_DISTANCE_PERCENT:
        raise DayRefused(
            f"{on}: settlement {price_text(settlement_cents)} is more than {SETTLEMENT_DISTANCE_PERCENT} % "
            f"away from the day's last index value, {price_text(last)}"
        )


def _cents(prints: Prints) -> Cents:
    last: IndexE4 = int(prints.values_e4[-1])
    return round_half_up(last, 100)
