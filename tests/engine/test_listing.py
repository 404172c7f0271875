"""What an order is told of a leg that has no market data."""

import pytest

from engine.listing import unquoted
from engine.market import Day
from engine.orders import Ticket
from engine.tickets import read_ticket
from tests.engine.tapes import DATE, request, tape

LATE = "legs.1.instrument: no market data for the 6000 call at the session's time"


def day() -> Day:
    quote = (1.00, 1.20)
    return tape({"5900P": quote, "5950C": quote, "5970C": quote, "6000C": {0: None, 50: quote}})


def told(legs: str, second: int) -> str | None:
    ticket = read_ticket(request(legs, "1.00", "debit"), DATE)
    assert isinstance(ticket, Ticket)
    denial = unquoted(day(), ticket.legs, second)
    return denial and denial.message


def test_every_leg_needs_a_quote_at_the_clock() -> None:
    assert told("+1 5950C, -1 6000C", 49) == LATE
    assert told("+1 5950C, -1 6000C", 50) is None


@pytest.mark.parametrize(
    ("legs", "message"),
    [
        ("+1 5952C", "the 5952 call is not listed on 2025-01-15; the nearest listed: 5950 and 5970"),
        ("+1 9000C", "the 9000 call is not listed on 2025-01-15; the nearest listed: 6000"),
        ("+1 5950P", "the 5950 put is not listed on 2025-01-15; the nearest listed: 5900"),
    ],
)
def test_a_contract_that_is_not_listed_is_told_with_those_beside_it(legs: str, message: str) -> None:
    assert told(legs, 50) == f"legs.0.instrument: {message}"
