"""The rows of one day as a vendor's file has them, in one shape for every vendor."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.calendar import SessionBounds
from engine.market import SettlementSource
from engine.money import Cents
from marketdata.decoding import ABSENT

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class QuoteRows:
    """Quotes of SPXW options that expire on the day, in any order; int64 columns of one length.

    ``seconds`` are seconds after the open at which the quote was known. Prices, strikes and deltas
    are in 0.0001; ``ABSENT`` where the file has none, ``UNREADABLE`` where it is not a number, and for
    an ask ``DISPUTED`` where the file contradicts itself.
    ``origins`` say which line of which file a row is. Of two rows of one contract at one second the
    later in the file counts.
    """

    origins: Integers
    strikes_e4: Integers
    puts: Integers
    seconds: Integers
    bids_e4: Integers
    asks_e4: Integers
    deltas_e4: Integers

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        return cls(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)))

    def where(self, chosen: NDArray[np.bool_]) -> Self:
        return type(self)(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def __len__(self) -> int:
        return len(self.origins)


@dataclass(frozen=True, slots=True)
class Prints:
    """Values of an index in 0.0001, ``seconds`` after the open, ascending and distinct."""

    seconds: Integers
    values_e4: Integers

    @classmethod
    def of(cls, seconds: Integers, values_e4: Integers) -> Self:
        """From rows in any order, those without a positive value left out; the last of a second counts."""
        good = values_e4 > 0
        order = np.argsort(seconds[good], kind="stable")
        seconds, values_e4 = seconds[good][order], values_e4[good][order]
        last = np.append(np.diff(seconds) > 0, True)[: len(seconds)]
        return cls(seconds[last], values_e4[last])

    @classmethod
    def none(cls) -> Self:
        return cls(np.empty(0, np.int64), np.empty(0, np.int64))

    def upto(self, second: int) -> Self:
        return type(self)(self.seconds[self.seconds <= second], self.values_e4[self.seconds <= second])


@dataclass(frozen=True, slots=True)
class Stated:
    """What a source says of its day as a whole, each None or False where it says nothing.

    ``covered`` are the first and last second after the open that it knows. In between it is complete:
    silence is no gap, and a delta that it does not give there is none.
    """

    covered: tuple[int, int] | None = None
    settlement: tuple[Cents, SettlementSource] | None = None
    synthetic: bool = False
    index_derived: bool = False


@dataclass(frozen=True, slots=True)
class DayRows:
    """What a source has of one session. Prints may go on after the close: settlement needs them."""

    bounds: SessionBounds
    quotes: QuoteRows
    spx: Prints
    vix: Prints
    stated: Stated = Stated()


def absent(count: int) -> Integers:
    return np.full(count, ABSENT, np.int64)
