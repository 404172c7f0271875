"""LEAN's tree of zip archives with one-minute bars of quotes, one member a contract.

A stamp is the START of its bar, so that a bar's close is known a minute later. Options are on New
York's clock and in units of 0.0001; indices on Chicago's, an hour earlier, and in plain decimals.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np

from engine.contracts import ROOT
from marketdata.collecting import OPEN_SECOND, Gathering
from marketdata.decoding import ABSENT, UNREADABLE, decode, integer, price_e4
from marketdata.refusals import SourceRefused
from marketdata.reports import Finding
from marketdata.rows import DayRows, Integers, QuoteRows, absent
from marketdata.sources import Member, Reading, Source, by_date, files_at, headerless_batches, members

BAR_SECONDS = 60
INDICES = ("spx", "vix")
CHICAGO_OPEN_SECOND = OPEN_SECOND - 3600

QUOTE_COLUMNS = (
    "ms", "bid_open", "bid_high", "bid_low", "bid", "bid_size",
    "ask_open", "ask_high", "ask_low", "ask", "ask_size",
)  # fmt: skip
TRADE_COLUMNS = ("ms", "open", "high", "low", "close", "volume")

_ARCHIVE = re.compile(r"\d{8}_quote_\w+\.zip(\.zip)?", re.ASCII)
_MEMBER = re.compile(
    r"(?P<date>\d{8})_(?P<root>\w+)_minute_quote_\w+_(?P<right>call|put)_(?P<strike>\d+)_(?P<expiry>\d{8})\.csv",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Contract:
    """What a member's name says of its rows."""

    day: date
    root: str
    expiry: date
    put: bool
    strike_e4: int


def find(paths: Iterable[Path]) -> list[tuple[Source, ...]]:
    """The quote archives of index options at or under the paths, those of one date together.

    The indices of the date follow them, from beside the paths too. Other branches of the tree,
    equities and their options, are not opened.
    """
    found: list[Source] = []
    for path in paths:
        archives = [file for file in files_at(path.resolve()) if is_quotes(file)]
        if not archives:
            raise SourceRefused(f"{path}: no indexoption/usa/minute/ROOT/DATE_quote_STYLE.zip")
        found += (Source(archive) for archive in archives)
    return [(*archives, *_indices(archives)) for archives in by_date(found)]


def is_quotes(file: Path) -> bool:
    """Whether a file is, by its place in the tree, an archive of index options' quotes."""
    return file.match("indexoption/*/minute/*/*") and _ARCHIVE.fullmatch(file.name) is not None


def read(sources: Sequence[Source], reading: Reading) -> Iterator[DayRows]:
    """The session of one date's archives, none when nothing in them expires on that day."""
    gathering = Gathering()
    for archive in (source for source in sources if is_quotes(source.path)):
        names = members(archive.path)
        with zipfile.ZipFile(archive.path) as opened:
            for done, name in enumerate(names, 1):
                _read_member(Member(archive.path, name, opened), gathering, reading)
                reading.report(archive, done, len(names))
    for ordinal, gathered in gathering.days.items():
        gathered.spx += _index(sources, "spx", ordinal, reading)
        gathered.vix += _index(sources, "vix", ordinal, reading)
    yield from gathering.day_rows(reading.tally)


def _read_member(source: Source, gathering: Gathering, reading: Reading) -> None:
    contract = read_name(source.member or "")
    if contract is None:
        _pass_over(source, Finding.MALFORMED, reading)
    elif contract.root != ROOT:
        _pass_over(source, Finding.OTHER_ROOT, reading)
    elif contract.expiry != contract.day:
        _pass_over(source, Finding.OTHER_EXPIRY, reading)
    else:
        quotes = [_quotes(contract, source, reading)]
        gathering.at(contract.day.toordinal()).quotes += quotes


def read_name(member: str) -> Contract | None:
    """The contract of a member's name, or None."""
    match = _MEMBER.fullmatch(member)
    if match is None:
        return None
    try:
        day, expiry = (date.fromisoformat(match[name]) for name in ("date", "expiry"))
    except ValueError:
        return None
    return Contract(day, match["root"].upper(), expiry, match["right"] == "put", int(match["strike"]))


def _pass_over(source: Source, finding: Finding, reading: Reading) -> None:
    """Counts a member's rows without reading them."""
    with source.open() as file:
        rows = sum(1 for _ in file)
    reading.tally.rows_read += rows
    if rows:
        reading.tally.note_many(finding, rows, reading.enter(source) + 1)


def _quotes(contract: Contract, source: Source, reading: Reading) -> QuoteRows:
    parts = []
    for batch in headerless_batches(source, QUOTE_COLUMNS, reading):
        count = len(batch.origins)
        parts.append(QuoteRows(
            origins=batch.origins,
            strikes_e4=np.full(count, contract.strike_e4),
            puts=np.full(count, int(contract.put)),
            seconds=_bar_ends(decode(batch.columns["ms"], integer), OPEN_SECOND),
            bids_e4=decode(batch.columns["bid"], integer),
            asks_e4=decode(batch.columns["ask"], integer),
            deltas_e4=absent(count),
        ))  # fmt: skip
    return QuoteRows.joined(parts) if parts else QuoteRows(*(absent(0) for _ in range(7)))


def _bar_ends(starts_ms: Integers, open_second: int) -> Integers:
    """Seconds after the open at which bars are known; ``UNREADABLE`` stays so."""
    unreadable = (starts_ms == UNREADABLE) | (starts_ms == ABSENT)
    return np.where(unreadable, UNREADABLE, starts_ms // 1000 - open_second + BAR_SECONDS)


def _indices(archives: Sequence[Source]) -> Iterator[Source]:
    """The archives of indices that the trees of some quotes have for their date."""
    markets = sorted({archive.path.parents[2] for archive in archives})
    for market, symbol in product(markets, INDICES):
        folder = market.parents[1] / "index" / market.name / "minute" / symbol
        for ending in ("zip", "zip.zip"):
            if (path := folder / f"{archives[0].date_text}_trade.{ending}").is_file():
                yield Source(path)


def _index(
    sources: Sequence[Source], symbol: str, ordinal: int, reading: Reading
) -> list[tuple[Integers, Integers]]:
    """The closes of an index's bars, where the tree has its file."""
    day = f"{date.fromordinal(ordinal):%Y%m%d}"
    return [
        rows
        for source in sources
        if source.path.parent.name == symbol and source.path.name.startswith(f"{day}_trade.")
        for member in members(source.path)
        for rows in _closes(Source(source.path, member), reading)
    ]


def _closes(source: Source, reading: Reading) -> Iterator[tuple[Integers, Integers]]:
    for batch in headerless_batches(source, TRADE_COLUMNS, reading):
        seconds = _bar_ends(decode(batch.columns["ms"], integer), CHICAGO_OPEN_SECOND)
        closes = decode(batch.columns["close"], price_e4)
        yield seconds, np.where(seconds == UNREADABLE, ABSENT, closes)
