"""The protocol in which anybody may push a market in: one JSON object a line. See docs/live.md."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from engine.calendar import SessionBounds, session_of
from engine.contracts import STRIKE_POINTS_MAX, Contract, Right
from engine.market import SettlementSource
from engine.money import Cents, price_text
from marketdata.assembling import SETTLEMENT_DISTANCE_PERCENT
from marketdata.decoding import price_e4
from marketdata.manifests import Provenance
from marketdata.recordings import ChainRow, Closing, FeedEvent, Opening
from marketdata.ticking import SecondsPileUp, Tick, Ticker, Told

SOURCE = "push"
PROTOCOL = "protocol 1"
LINE_BYTES = 256 * 1024
CONTRACTS_MAX = 2_000
LABEL_CHARS_MAX = 60
SESSION_HOURS_MAX = 8
SEQ_MAX = 2**63 - 1


TYPES = ("session", "quotes", "second", "close")
_TIME = "must be a time like 2026-11-23T14:30:00Z"
ACCEPTED = {
    "date": "must be a date like 2026-11-23",
    "open": _TIME,
    "close": _TIME,
    "strikes": f"must be a list of whole numbers from 1 to {STRIKE_POINTS_MAX}",
    "contracts": 'must be a list of contracts like ["C",6000]',
    "label": f"must be a text of 1 to {LABEL_CHARS_MAX} characters",
    "synthetic": "must be true or false",
    "index_derived": "must be true or false",
    "at": _TIME,
    "seq": f"must be a whole number from 0 to {SEQ_MAX}",
    "quotes": "must be a list of [right, strike, bid, ask], each with or without a delta behind",
    "settlement": "must be an index value above 0 with at most two places",
}
"""What each field may be. Prices, also of the index, may be anything: what is none is counted."""


class LineRefused(ValueError):
    """A line that cannot be taken; the message names the field and what is accepted."""


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


Moment: TypeAlias = Annotated[datetime, AfterValidator(_in_utc)]
Strike: TypeAlias = Annotated[int, Field(ge=1, le=STRIKE_POINTS_MAX)]
Listed: TypeAlias = tuple[Right, Strike]
Price: TypeAlias = Any  # judged by the rules of ``marketdata.ticking``, which count what is no price
Quote: TypeAlias = tuple[Right, Strike, Price, Price] | tuple[Right, Strike, Price, Price, Price]


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SessionLine(_Line):
    """Begins a session, or goes on with it where it was told the same before."""

    type: Literal["session"]
    date: date
    open: Moment | None = None
    close: Moment | None = None
    strikes: list[Strike] | None = Field(None, min_length=1)
    contracts: list[Listed] | None = Field(None, min_length=1)
    label: str = Field(SOURCE, min_length=1, max_length=LABEL_CHARS_MAX)
    synthetic: bool = False
    index_derived: bool = False


class QuotesLine(_Line):
    """What changed at a time: quotes of some contracts, the index, the VIX."""

    type: Literal["quotes"]
    at: Moment
    seq: int = Field(ge=0, le=SEQ_MAX)
    spx: Price = None
    vix: Price = None
    quotes: list[Quote] = []


class SecondLine(_Line):
    """Everything up to a time was told."""

    type: Literal["second"]
    at: Moment


class CloseLine(_Line):
    """The session is over."""

    type: Literal["close"]
    settlement: Decimal | None = Field(None, gt=0, decimal_places=2, max_digits=8)


Line: TypeAlias = SessionLine | QuotesLine | SecondLine | CloseLine
_LINE: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="type")])


def parse_line(text: bytes) -> Line:
    """A line as what it says. Raises LineRefused.

    Decimals are read exactly; ``NaN`` and infinities, which JSON has not, as prices that are no numbers.
    """
    if len(text) > LINE_BYTES:
        raise LineRefused(f"a line must have at most {LINE_BYTES} bytes")
    content = _object(text)
    if content.get("type") not in TYPES:
        raise LineRefused(f"type: must be one of {', '.join(TYPES)}")
    try:
        return _LINE.validate_python(content)
    except ValidationError as error:
        raise LineRefused(_first_fault(error)) from error


@dataclass(slots=True)
class Conversation:
    """What a pusher says, line after line, as events of a feed.

    ``opening`` and ``second`` say which session is being told and its last row. They outlive a
    pusher: who comes after him tells the same session again, and then the whole chain.
    """

    opening: Opening | None = None
    second: int = -1
    _ticker: Ticker | None = field(default=None, repr=False)

    def another_pusher(self) -> None:
        """Nothing that was quoted counts until this one has told his session."""
        self._ticker = None

    def take(self, line: Line) -> FeedEvent | None:
        """The event that a line makes, if any. Raises LineRefused, and then nothing has changed."""
        if isinstance(line, SessionLine):
            return self._begin(opening_of(line))
        if isinstance(line, CloseLine) and self.opening is not None:
            return self._close(self._ticker or Ticker(self.opening, self.second), line)
        if self._ticker is None or self.opening is None or isinstance(line, CloseLine):
            raise LineRefused("type: no session is open, the first line must be of type session")
        if isinstance(line, QuotesLine):
            self._hear(self._ticker, tick_of(line, self.opening))
            return None
        return self._row(self._ticker, second_of(line.at, self.opening))

    @property
    def ignored(self) -> str | None:
        """The rule by which the last ``second`` was ignored, if it was."""
        rule = None if self._ticker is None else self._ticker.ignored
        return rule and rule.value

    def counts(self) -> dict[str, int]:
        """How often each rule applied since the pusher told his session."""
        return {} if self._ticker is None else {rule.value: n for rule, n in self._ticker.counts.items()}

    def _begin(self, opening: Opening) -> Opening | None:
        """Another session of the date that is being told would end that one, and everybody's trading."""
        goes_on = opening == self.opening
        if self.opening is not None and self.opening.date == opening.date and not goes_on:
            raise LineRefused(
                f"date: {opening.date} is being told with other hours, contracts, marks or label "
                f"({self.opening.label}): tell that session again, or send close first"
            )
        if not goes_on:
            self.opening, self.second = opening, -1
        self._ticker = Ticker(opening, self.second)
        return None if goes_on else opening

    def _hear(self, ticker: Ticker, tick: Tick) -> None:
        try:
            ticker.hear(tick)
        except SecondsPileUp as pile:
            raise LineRefused(str(pile)) from pile

    def _row(self, ticker: Ticker, second: int) -> ChainRow | None:
        row = ticker.row(second)
        self.second = ticker.second
        return row

    def _close(self, ticker: Ticker, line: CloseLine) -> Closing:
        closing = Closing()
        if line.settlement is not None:
            closing = Closing(_settlement(line.settlement, ticker), SettlementSource.OFFICIAL)
        self.opening, self.second, self._ticker = None, -1, None
        return closing


def opening_of(line: SessionLine) -> Opening:
    """The session that a line begins. Raises LineRefused."""
    bounds = _bounds(line)
    return Opening(
        date=line.date,
        open_at=bounds.open_at,
        close_second=bounds.close_second,
        contracts=_contracts(line),
        label=line.label,
        provenance=Provenance(SOURCE, PROTOCOL, 1),
        synthetic=line.synthetic,
        index_derived=line.index_derived,
    )


def second_of(at: datetime, opening: Opening) -> int:
    """Seconds after the open, a fraction rounded up: what happens within a second is known at its end."""
    return -((opening.open_at - at) // timedelta(seconds=1))


def tick_of(line: QuotesLine, opening: Opening) -> Tick:
    quotes = tuple(
        Told(Contract(strike, right), *(price_e4(price) for price in prices))
        for right, strike, *prices in line.quotes
    )
    return Tick(second_of(line.at, opening), line.seq, quotes, price_e4(line.spx), price_e4(line.vix))


def _bounds(line: SessionLine) -> SessionBounds:
    known = session_of(line.date)
    open_at = line.open or (known.open_at if known else None)
    close_at = line.close or (known.close_at if known else None)
    if open_at is None or close_at is None:
        raise LineRefused(f"date: the calendar has no session on {line.date}; name its open and close")
    if open_at.date() != line.date:
        raise LineRefused(f"open: must be on {line.date} in UTC")
    if not timedelta(seconds=1) <= close_at - open_at <= timedelta(hours=SESSION_HOURS_MAX):
        raise LineRefused(f"close: must be within {SESSION_HOURS_MAX} hours after the open")
    return SessionBounds(line.date, open_at, close_at)


def _contracts(line: SessionLine) -> tuple[Contract, ...]:
    if (line.strikes is None) == (line.contracts is None):
        raise LineRefused("strikes: name the session's strikes, or else its contracts")
    both = ((right, strike) for strike in line.strikes or () for right in Right)
    listed: Iterable[Listed] = line.contracts or both
    contracts = tuple(sorted({Contract(strike, right) for right, strike in listed}))
    if len(contracts) > CONTRACTS_MAX:
        raise LineRefused(f"contracts: must be at most {CONTRACTS_MAX}, not {len(contracts)}")
    return contracts


def _settlement(settlement: Decimal, ticker: Ticker) -> Cents:
    """Refuses a value far from the last index, such as one with a slipped digit."""
    cents, last_cents = int(settlement * 100), ticker.spx_e4 // 100
    if last_cents > 0 and abs(cents - last_cents) * 100 > last_cents * SETTLEMENT_DISTANCE_PERCENT:
        raise LineRefused(
            f"settlement: must be within {SETTLEMENT_DISTANCE_PERCENT} % "
            f"of the last index, {price_text(last_cents)}"
        )
    return cents


def _object(text: bytes) -> dict[str, Any]:
    try:
        content = json.loads(
            text.decode(), parse_float=_number, parse_constant=str, object_pairs_hook=_unique
        )
    except LineRefused:
        raise
    except UnicodeDecodeError as error:
        raise LineRefused(f"a line must be UTF-8; byte {error.start + 1} is not") from error
    except json.JSONDecodeError as error:
        place = f"the syntax is wrong at character {error.pos + 1}"
        raise LineRefused(f"a line must be one JSON object; {place}") from error
    except RecursionError as error:
        raise LineRefused("a line must be one JSON object; this one is nested too deeply") from error
    except ValueError as error:
        raise LineRefused("a line must be one JSON object; a number has too many digits") from error
    if not isinstance(content, dict):
        raise LineRefused("a line must be one JSON object")
    return content


def _number(text: str) -> Decimal | str:
    """Exactly; what no decimal holds is no number."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return "Infinity"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = Counter(name for name, _ in pairs)
        raise LineRefused(f"{_echoed(names.most_common(1)[0][0])}: must be given once")
    return content


def _echoed(name: str) -> str:
    return name[:LABEL_CHARS_MAX].encode("ascii", "backslashreplace").decode()


def _first_fault(error: ValidationError) -> str:
    """The first field at fault and what it may be; of its place the line's type and the quote's form are
    left out."""
    fault = error.errors(include_url=False, include_input=False)[0]
    places = [str(part) for part in fault["loc"][1:] if not str(part).startswith("tuple[")]
    accepted = ACCEPTED.get(places[0]) if places else None
    if fault["type"] == "extra_forbidden" or accepted is None:
        return f"{_echoed('.'.join(places))}: is no field of this type of line"
    return f"{'.'.join(places)}: {accepted}"
