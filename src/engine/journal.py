"""The journal of an account: double entries that only ever grow, and prove its balance."""

from dataclasses import dataclass
from enum import StrEnum

from engine.closings import Outcome
from engine.ledger import LedgerAccount, Posting, is_balanced
from engine.money import Cents


class EntryKind(StrEnum):
    GENESIS = "genesis"
    CAPITAL = "capital"
    SETTLE = "settle"
    REVERSE = "reverse"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the books. A debit of a ledger account is positive; the four sum to zero."""

    kind: EntryKind
    cash_cents: Cents
    capital_cents: Cents = 0
    options_cents: Cents = 0
    fees_cents: Cents = 0

    def __post_init__(self) -> None:
        assert is_balanced(self.postings), "an event's postings sum to zero"

    @property
    def postings(self) -> tuple[Posting, ...]:
        return (
            Posting(LedgerAccount.CASH, self.cash_cents),
            Posting(LedgerAccount.CAPITAL, self.capital_cents),
            Posting(LedgerAccount.OPTIONS, self.options_cents),
            Posting(LedgerAccount.FEES, self.fees_cents),
        )


def genesis(capital_cents: Cents) -> Entry:
    """The owner pays the starting capital in."""
    return Entry(EntryKind.GENESIS, cash_cents=capital_cents, capital_cents=-capital_cents)


def capital_edit(before_cents: Cents, after_cents: Cents) -> Entry:
    """The starting capital was another one: the difference is paid in, or out."""
    change = after_cents - before_cents
    return Entry(EntryKind.CAPITAL, cash_cents=change, capital_cents=-change)


def settlement(outcome: Outcome) -> Entry:
    """A settled day's profit is carried into cash."""
    return Entry(
        EntryKind.SETTLE,
        cash_cents=outcome.profit_cents,
        options_cents=-outcome.realized_cents,
        fees_cents=outcome.fees_cents,
    )


def reversal(outcome: Outcome) -> Entry:
    """Takes back the settlement of ``outcome``, posting by posting."""
    return Entry(
        EntryKind.REVERSE,
        cash_cents=-outcome.profit_cents,
        options_cents=outcome.realized_cents,
        fees_cents=-outcome.fees_cents,
    )
