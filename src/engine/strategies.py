"""A strategy as a value: what it enters, when, and when it leaves (rulings 7.3 to 7.5).

Rates are integers of 0.0001 (``_e4``): 0.3 of delta is 3,000, 50 percent is 500,000. Times are
seconds since midnight in New York. Legs are opened and closed together, as one structure.
"""

from dataclasses import dataclass
from enum import StrEnum

from engine.contracts import Right

LEGS_MAX = 4
TIMES_MAX = 60
POSITIONS_MAX = 20
REENTRIES_MAX = 20
CAPITAL_CENTS = 100_000_00


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        return 1 if self is Side.BUY else -1


class StrikeMethod(StrEnum):
    """How a leg's strike is chosen; ``WIDTH`` counts from the strike of an earlier leg."""

    DELTA = "delta"
    PREMIUM = "premium"
    POINTS_OTM = "points_otm"
    PERCENT_OTM = "percent_otm"
    ATM = "atm"
    EXPECTED_MOVE = "expected_move"
    WIDTH = "width"


@dataclass(frozen=True, slots=True)
class StrikeRule:
    """``value_e4`` is a delta, points of premium or of distance, percent, or a multiple of the
    expected move, in 0.0001 of each; 0 at the money. ``from_leg`` is the place of the leg that a
    width counts from."""

    method: StrikeMethod
    value_e4: int = 0
    from_leg: int | None = None


@dataclass(frozen=True, slots=True)
class StrategyLeg:
    side: Side
    right: Right
    quantity: int
    strike: StrikeRule


@dataclass(frozen=True, slots=True)
class Bounds:
    """A value must be at least and at most these, in 0.0001; None does not bound."""

    least_e4: int | None = None
    most_e4: int | None = None

    def hold(self, value_e4: int) -> bool:
        above = self.least_e4 is None or value_e4 >= self.least_e4
        return above and (self.most_e4 is None or value_e4 <= self.most_e4)


UNBOUNDED = Bounds()


class After(StrEnum):
    """After which outcome a structure is entered again."""

    WIN = "win"
    LOSS = "loss"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Reentry:
    count: int
    wait_minutes: int
    after: After


@dataclass(frozen=True, slots=True)
class Entry:
    """``times`` ascend, each tried at that second only. ``weekdays`` are 0 (Monday) to 4. VIX is in
    points; expected move, gap and move since the open are in percent of the index."""

    times: tuple[int, ...]
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    vix: Bounds = UNBOUNDED
    expected_move: Bounds = UNBOUNDED
    gap: Bounds = UNBOUNDED
    move: Bounds = UNBOUNDED
    max_open: int = 1
    reentry: Reentry | None = None


@dataclass(frozen=True, slots=True)
class TrailingStop:
    """Armed at ``activate`` percent of the maximum profit, it closes ``trail`` percent below the best."""

    activate_e4: int
    trail_e4: int


@dataclass(frozen=True, slots=True)
class Exit:
    """Percentages in 0.0001 (50 percent is 500,000); what is still open settles at the close."""

    profit_target_pct_e4: int | None = None
    stop_loss_pct_e4: int | None = None
    stop_loss_credit_pct_e4: int | None = None
    trailing_stop: TrailingStop | None = None
    short_strike_touch: bool = False
    short_delta_max_e4: int | None = None
    time: int | None = None


@dataclass(frozen=True, slots=True)
class Strategy:
    legs: tuple[StrategyLeg, ...]
    entry: Entry
    exit: Exit
