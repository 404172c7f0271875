"""optionsDX's text files: a row a strike, its call and its put side by side, and SPX beside them.

A stamp is the moment of a snapshot, its quotes were known then. Rows name neither symbol nor root,
so that the file's name has to tell of SPX, and AM and PM series of one strike look alike.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from marketdata.collecting import OPEN_SECOND, Gathering, Identities, new_york_stamps
from marketdata.decoding import (
    ABSENT,
    DISPUTED,
    SECONDS_A_DAY,
    calendar_day,
    decode,
    integer,
    price_e4,
)
from marketdata.refusals import SourceRefused
from marketdata.reports import Finding, Tally
from marketdata.rows import DayRows, Integers, QuoteRows
from marketdata.sources import Batch, Reading, Source, by_date, csv_batches, find_sources

REQUIRED = (
    "QUOTE_UNIXTIME", "UNDERLYING_LAST", "EXPIRE_DATE", "STRIKE", "C_BID", "C_ASK", "P_BID", "P_ASK",
)  # fmt: skip
OPTIONAL = ("C_DELTA", "C_IV", "P_DELTA", "P_IV")
SIDES = ("C", "P")


def find(paths: Iterable[Path]) -> list[tuple[Source, ...]]:
    """The files to read together: those that name the same date."""
    return by_date(find_sources(paths, (".txt", ".csv")))


def read(sources: Sequence[Source], reading: Reading) -> Iterator[DayRows]:
    """The sessions of files. Raises SourceRefused for one that is not of this format, or not of SPX."""
    gathering = Gathering()
    for source in sources:
        if "spx" not in source.name.lower():
            raise SourceRefused(f"{source.name}: its rows name no symbol, and its name does not hold spx")
        for batch in csv_batches(source, REQUIRED, OPTIONAL, reading):
            _gather(batch, gathering, reading.tally)
    for gathered in gathering.days.values():
        gathered.quotes = [_told_apart(QuoteRows.joined(gathered.quotes), reading.tally)]
    yield from gathering.day_rows(reading.tally)


def _gather(batch: Batch, gathering: Gathering, tally: Tally) -> None:
    """Either side of a row counts as a row."""
    tally.rows_read += len(batch.origins)
    for place, side in enumerate(SIDES):
        identities = Identities(
            origins=batch.origins,
            stamps=new_york_stamps(decode(batch.columns["QUOTE_UNIXTIME"], integer)),
            expiries=decode(batch.columns["EXPIRE_DATE"], calendar_day),
            is_ours=np.ones(len(batch.origins), bool),
        )
        expiring = identities.expiring(tally)
        chosen, stamps = batch.where(expiring), identities.stamps[expiring]
        levels = decode(chosen.columns["UNDERLYING_LAST"], price_e4)
        gathering.add(stamps // SECONDS_A_DAY, _quotes(chosen, side, place, stamps), levels)


def _quotes(batch: Batch, side: str, put: int, stamps: Integers) -> QuoteRows:
    columns = batch.columns
    solved = decode(columns[f"{side}_IV"], price_e4) > 0
    return QuoteRows(
        origins=batch.origins,
        strikes_e4=decode(columns["STRIKE"], price_e4),
        puts=np.full(len(stamps), put),
        seconds=stamps % SECONDS_A_DAY - OPEN_SECOND,
        bids_e4=decode(columns[f"{side}_BID"], price_e4),
        asks_e4=decode(columns[f"{side}_ASK"], price_e4),
        deltas_e4=np.where(solved, decode(columns[f"{side}_DELTA"], price_e4), ABSENT),
    )


def _told_apart(quotes: QuoteRows, tally: Tally) -> QuoteRows:
    """Where several rows have one contract and moment, those without an ask yield to those with one.

    If these differ nothing tells which is SPXW, and the contract has no quote.
    """
    keys = np.stack((quotes.strikes_e4, quotes.puts, quotes.seconds))
    _, group = np.unique(keys, axis=1, return_inverse=True)
    quoted = quotes.asks_e4 > 0
    shadows = ~quoted & (np.bincount(group, quoted)[group] > 0)
    tally.note(Finding.SHADOW, quotes.origins[shadows])
    differ = _differ(quotes.bids_e4, group, quoted) | _differ(quotes.asks_e4, group, quoted)
    quotes.asks_e4[differ] = DISPUTED
    return quotes.where(~shadows)


def _differ(values: Integers, group: Integers, counted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which counted rows belong to a group whose counted rows have several values."""
    lowest = np.full(len(values), np.iinfo(np.int64).max)
    highest = np.full(len(values), np.iinfo(np.int64).min)
    np.minimum.at(lowest, group[counted], values[counted])
    np.maximum.at(highest, group[counted], values[counted])
    contested: NDArray[np.bool_] = counted & (lowest != highest)[group]
    return contested
