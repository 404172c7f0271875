"""Double entries: every event sums to zero, and a reversal undoes its settlement."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.closings import Outcome
from engine.journal import Entry, EntryKind, capital_edit, genesis, reversal, settlement
from engine.ledger import LedgerAccount, Posting

CENTS = st.integers(0, 10_000_000_00)
OUTCOMES = st.builds(Outcome, CENTS, CENTS, CENTS, st.integers(0, 20))


def test_the_starting_capital_is_paid_in() -> None:
    assert genesis(100_000_00).postings == (
        Posting(LedgerAccount.CASH, 100_000_00),
        Posting(LedgerAccount.CAPITAL, -100_000_00),
        Posting(LedgerAccount.OPTIONS, 0),
        Posting(LedgerAccount.FEES, 0),
    )


def test_a_lower_capital_is_paid_out() -> None:
    assert capital_edit(100_000_00, 60_000_00) == Entry(EntryKind.CAPITAL, -40_000_00, 40_000_00)


def test_a_settled_day_moves_its_profit_to_cash() -> None:
    won = Outcome(credits_cents=325_00, debits_cents=108_00, fees_cents=6_88, exercises=0)
    assert settlement(won) == Entry(
        EntryKind.SETTLE, cash_cents=210_12, options_cents=-217_00, fees_cents=6_88
    )


def test_an_entry_that_does_not_balance_cannot_be_made() -> None:
    with pytest.raises(AssertionError):
        Entry(EntryKind.SETTLE, cash_cents=1)


@given(OUTCOMES)
def test_a_reversal_takes_back_each_posting(outcome: Outcome) -> None:
    pairs = zip(settlement(outcome).postings, reversal(outcome).postings, strict=True)
    assert all(there.amount_cents + back.amount_cents == 0 for there, back in pairs)
    assert settlement(outcome).cash_cents == outcome.profit_cents
