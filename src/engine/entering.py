"""Whether an entry is taken at one second: bounds, filters, strikes, quotes, profit and capital."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.choosing import choose
from engine.decisions import Attempt, ChosenLeg, Dealing, EntrySkipped, EntryTaken, SkipReason
from engine.fills import fill_from
from engine.market import Quote
from engine.moments import Moment, Opening, straddle_e4
from engine.money import Cents, IndexE4, round_half_up
from engine.orders import Ticket
from engine.strategies import UNBOUNDED, Bounds, Strategy
from engine.structures import HUNDRED_PERCENT_E4, Stakes, Structure, stakes_of, structure_of

PRICE_CENT_E4 = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """The session so far: its first known index, its open positions, and the capital that their
    maximum losses leave free."""

    spx_open_e4: IndexE4 | None
    open_count: int
    entered_count: int
    free_cents: Cents


@dataclass(frozen=True, slots=True)
class Entered:
    taken: EntryTaken
    structure: Structure
    stakes: Stakes


@dataclass(frozen=True, slots=True)
class Measure:
    """What a filter bounds: a fraction whose value in 0.0001 is ``scale`` times it; None unknown."""

    reason: SkipReason
    bounds: Bounds
    numerator: int | None
    denominator: int | None
    scale: int = HUNDRED_PERCENT_E4

    @property
    def value_e4(self) -> int | None:
        if self.numerator is None or not self.denominator:
            return None
        return round_half_up(self.numerator * self.scale, self.denominator)

    @property
    def holds(self) -> bool:
        """Compared without rounding; a bound on something unknown fails."""
        if self.bounds == UNBOUNDED:
            return True
        if self.numerator is None or not self.denominator:
            return False
        value, least, most = self.numerator * self.scale, self.bounds.least_e4, self.bounds.most_e4
        above = least is None or value >= least * self.denominator
        return above and (most is None or value <= most * self.denominator)


def enter(
    strategy: Strategy, opening: Opening, standing: Standing, attempt: Attempt, moment: Moment
) -> EntrySkipped | Entered:
    """The entry's decision. Its checks are in the order of ``SkipReason``."""
    skipped = _barred(strategy, opening, standing, attempt, moment)
    if skipped is not None:
        return skipped
    chosen = _chosen(strategy, opening, attempt, moment)
    if isinstance(chosen, EntrySkipped):
        return chosen
    quotes = quotes_of(moment, [opening.row_of[leg.contract] for leg in chosen])
    if None in quotes:
        leg = quotes.index(None)
        strike = chosen[leg].contract.strike_points
        return EntrySkipped(attempt, SkipReason.MISSING_QUOTE, strike, leg, chosen)
    structure = structure_of(strategy.legs, [leg.contract for leg in chosen])
    dealing = deal(structure.opening, [quote for quote in quotes if quote is not None], moment)
    return _priced(structure, dealing, standing, attempt, chosen)


def quotes_of(moment: Moment, rows: Sequence[int]) -> list[Quote | None]:
    return [moment.quote(row) for row in rows]


def deal(ticket: Ticket, quotes: Sequence[Quote], moment: Moment) -> Dealing:
    """The ticket filled at a moment, at its snapped mid."""
    fill = fill_from(ticket, quotes, 0, moment.second)
    return Dealing(tuple(quotes), fill.leg_price_cents, fill.net_price_cents, moment.spx_e4, moment.vix_e4)


def _barred(
    strategy: Strategy, opening: Opening, standing: Standing, attempt: Attempt, moment: Moment
) -> EntrySkipped | None:
    """What keeps the strategy from entering at this time, whatever the legs."""
    entry = strategy.entry
    if attempt.second < 0:
        return EntrySkipped(attempt, SkipReason.BEFORE_OPEN)
    if opening.weekday not in entry.weekdays:
        return EntrySkipped(attempt, SkipReason.WEEKDAY, opening.weekday)
    for measure in _measures(strategy, opening, standing, moment):
        if not measure.holds:
            return EntrySkipped(attempt, measure.reason, measure.value_e4)
    if standing.open_count >= entry.max_open:
        return EntrySkipped(attempt, SkipReason.MAX_OPEN, standing.open_count)
    return None


def _measures(strategy: Strategy, opening: Opening, standing: Standing, moment: Moment) -> Iterator[Measure]:
    entry, spx_e4, open_e4 = strategy.entry, moment.spx_e4, standing.spx_open_e4
    before_cents = opening.previous_settlement_cents
    before_e4 = None if before_cents is None else before_cents * PRICE_CENT_E4
    straddle = None if entry.expected_move == UNBOUNDED else straddle_e4(opening, moment)
    yield Measure(SkipReason.VIX, entry.vix, moment.vix_e4, 1, scale=1)
    yield Measure(SkipReason.EXPECTED_MOVE, entry.expected_move, straddle, spx_e4)
    yield Measure(SkipReason.GAP, entry.gap, _change(open_e4, before_e4), before_e4)
    yield Measure(SkipReason.MOVE, entry.move, _change(spx_e4, open_e4), open_e4)


def _change(now: int | None, before: int | None) -> int | None:
    return None if now is None or before is None else now - before


def _chosen(
    strategy: Strategy, opening: Opening, attempt: Attempt, moment: Moment
) -> tuple[ChosenLeg, ...] | EntrySkipped:
    chosen: list[ChosenLeg] = []
    for place, leg in enumerate(strategy.legs):
        found = choose(leg, opening, moment, chosen)
        if found is None:
            return EntrySkipped(attempt, SkipReason.STRIKE, None, place, tuple(chosen))
        taken = {other.contract for other in chosen}
        chosen.append(found)
        if found.contract in taken:
            strike = found.contract.strike_points
            return EntrySkipped(attempt, SkipReason.SAME_CONTRACT, strike, place, tuple(chosen))
    return tuple(chosen)


def _priced(
    structure: Structure,
    dealing: Dealing,
    standing: Standing,
    attempt: Attempt,
    chosen: tuple[ChosenLeg, ...],
) -> EntrySkipped | Entered:
    """The entry at its fill, if it can make a profit and the capital bears its maximum loss."""
    stakes = stakes_of(structure, dealing.net_cents)
    most_cents = stakes.max_profit_cents
    profit_cents = None if most_cents is None else structure.money_cents(most_cents)
    loss_cents = structure.money_cents(stakes.max_loss_cents)
    if profit_cents is not None and profit_cents <= 0:
        return EntrySkipped(attempt, SkipReason.NO_PROFIT, profit_cents, None, chosen)
    if loss_cents > standing.free_cents:
        return EntrySkipped(attempt, SkipReason.CAPITAL, loss_cents, None, chosen)
    number = standing.entered_count
    return Entered(EntryTaken(attempt, number, chosen, dealing, profit_cents, loss_cents), structure, stakes)
