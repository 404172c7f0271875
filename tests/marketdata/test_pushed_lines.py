"""The lines of the protocol: what each field may be, and what a wrong one is answered."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from engine.contracts import Contract, Right
from engine.market import MISSING_INDEX, SettlementSource
from marketdata.manifests import Provenance
from marketdata.pushed_lines import CONTRACTS_MAX, LINE_BYTES, Conversation, LineRefused, parse_line
from marketdata.recordings import ChainRow, Closing, FeedEvent, Opening

SESSION = {"type": "session", "date": "2025-01-15", "strikes": [5950]}
QUOTES = {"type": "quotes", "at": "2025-01-15T14:30:03Z", "seq": 1, "quotes": [["C", 5950, 5.1, 5.3]]}
SECOND = {"type": "second", "at": "2025-01-15T14:30:03Z"}
OPENING = Opening(
    date=date(2025, 1, 15),
    open_at=datetime(2025, 1, 15, 14, 30, tzinfo=UTC),
    close_second=23_400,
    contracts=(Contract(5950, Right.CALL), Contract(5950, Right.PUT)),
    label="push",
    provenance=Provenance("push", "protocol 1", 1),
)


def line(message: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({name: value for name, value in (message | more).items() if value is not ...}).encode()


def said(talk: Conversation, *lines: bytes) -> FeedEvent | None:
    """The event of the last of some lines."""
    return [talk.take(parse_line(one)) for one in lines][-1]


def refusal(talk: Conversation, text: bytes) -> str:
    with pytest.raises(LineRefused) as refused:
        talk.take(parse_line(text))
    return str(refused.value)


def talking() -> Conversation:
    talk = Conversation()
    said(talk, line(SESSION))
    return talk


def test_a_session_takes_its_hours_from_the_calendar() -> None:
    assert said(Conversation(), line(SESSION)) == OPENING


def test_a_session_may_name_hours_contracts_and_a_label() -> None:
    contracts = [["P", 5960], ["C", 5950], ["P", 5950], ["C", 5950]]
    mine = line(
        SESSION,
        strikes=...,
        contracts=contracts,
        open="2025-01-15T09:45:00-05:00",
        close="2025-01-15T15:00:00",
        label="mine",
        synthetic=True,
        index_derived=True,
    )
    event = said(Conversation(), mine)
    assert isinstance(event, Opening)
    assert (event.open_at, event.close_second) == (datetime(2025, 1, 15, 14, 45, tzinfo=UTC), 900)
    assert event.contracts == (
        Contract(5950, Right.CALL),
        Contract(5950, Right.PUT),
        Contract(5960, Right.PUT),
    )
    assert (event.label, event.synthetic, event.index_derived) == ("mine", True, True)


def test_quotes_make_no_event_and_a_second_makes_a_row() -> None:
    talk = talking()
    assert said(talk, line(QUOTES, spx=5951.2345, vix="15.83")) is None
    row = said(talk, line(SECOND))
    assert isinstance(row, ChainRow)
    assert (row.second, row.bid_ticks[0], row.ask_ticks[0]) == (3, 102, 106)
    assert (row.spx_e4, row.vix_e4) == (59_512_345, 158_300)


def test_decimals_are_read_exactly_and_a_number_may_be_text() -> None:
    quotes = [["C", 5950, "0.15", 0.3, "-0.4999"]]
    row = said(talking(), line(QUOTES, quotes=quotes), line(SECOND))
    assert isinstance(row, ChainRow)
    assert (row.bid_ticks[0], row.ask_ticks[0], row.delta_e4[0]) == (3, 6, 4_999)


@pytest.mark.parametrize(
    "bad", [float("nan"), float("inf"), "cheap", True, [5.1], {}, 10**40, "1e999999", "sNaN"]
)
def test_a_price_that_is_no_number_is_counted(bad: object) -> None:
    talk = talking()
    said(talk, line(QUOTES, quotes=[["C", 5950, bad, 5.3]]), line(SECOND))
    assert talk.counts() == {"not_a_number": 1}


def test_a_moment_within_a_second_is_known_at_its_end() -> None:
    talk = talking()
    said(talk, line(QUOTES, at="2025-01-15T14:30:02.001Z"), line(SECOND, at="2025-01-15T14:30:02Z"))
    row = said(talk, line(SECOND))
    assert isinstance(row, ChainRow)
    assert row.bid_ticks[0] == 102


def test_a_close_ends_the_session_at_the_official_value_if_there_is_one() -> None:
    assert said(talking(), b'{"type":"close"}') == Closing()
    talk = talking()
    closing = said(talk, line(QUOTES, spx=5951), line(SECOND), b'{"type":"close","settlement":5950.12}')
    assert closing == Closing(595_012, SettlementSource.OFFICIAL)
    assert refusal(talk, line(SECOND)) == "type: no session is open, the first line must be of type session"


def test_a_session_told_again_goes_on_after_its_last_row_and_knows_no_quote() -> None:
    talk = talking()
    said(talk, line(QUOTES, spx=5951), line(SECOND))
    talk.another_pusher()
    assert "no session is open" in refusal(talk, line(SECOND))
    assert said(talk, line(SESSION)) is None
    assert said(talk, line(SECOND)) is None
    row = said(talk, line(SECOND, at="2025-01-15T14:30:04Z"))
    assert isinstance(row, ChainRow)
    assert (row.second, row.spx_e4) == (4, MISSING_INDEX)
    assert talk.counts() == {"late": 1}


def test_another_date_begins_anew() -> None:
    talk = talking()
    said(talk, line(QUOTES), line(SECOND))
    assert isinstance(said(talk, line(SESSION, date="2025-01-16")), Opening)
    row = said(talk, line(SECOND, at="2025-01-16T14:30:00Z"))
    assert isinstance(row, ChainRow)
    assert row.second == 0


@pytest.mark.parametrize("other", [{"label": "other"}, {"strikes": [5950, 5960]}, {"synthetic": True}])
def test_an_unfinished_session_is_not_told_as_another_of_its_date(other: dict[str, Any]) -> None:
    talk = talking()
    said(talk, line(SECOND))
    assert refusal(talk, line(SESSION, **other)) == (
        "date: 2025-01-15 is being told with other hours, contracts, marks or label (push): "
        "tell that session again, or send close first"
    )
    assert said(talk, line(SESSION)) is None
    assert talk.second == 3
    assert said(talk, line({"type": "close"})) == Closing()
    assert isinstance(said(talk, line(SESSION, **other)), Opening)


def test_who_comes_back_may_close_what_he_left_without_telling_it_again() -> None:
    talk = talking()
    said(talk, line(SECOND))
    talk.another_pusher()
    assert refusal(talk, line(SECOND)).startswith("type: ")
    assert said(talk, line({"type": "close"})) == Closing()
    assert refusal(talk, line({"type": "close"})).startswith("type: ")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "a line must be one JSON object"),
        (b"nonsense", "a line must be one JSON object"),
        (b'{"type":"second"', "a line must be one JSON object"),
        (b"\xff", "a line must be UTF-8; byte 1 is not"),
        (b"[" * 100_000, "a line must be one JSON object; this one is nested too deeply"),
        (b'{"type":"second","seq":' + b"1" * 5_000 + b"}", "a line must be one JSON object; a number has"),
        (b'{"type":"second","type":"close"}', "type: must be given once"),
        (b'{"type":"second","at":1e99999999999999999999}', "at: must be a time like 2026-11-23T14:30:00Z"),
        (b" " * LINE_BYTES + b"1", "a line must have at most 262144 bytes"),
        (b"5", "a line must be one JSON object"),
        (b"{}", "type: must be one of session, quotes, second, close"),
        (b'{"type":"hello"}', "type: must be one of session, quotes, second, close"),
        (b'{"type":["second"]}', "type: must be one of session, quotes, second, close"),
        (line(SESSION, date="2025-02-30"), "date: "),
        (line(SESSION, date="2025-01-18"), "date: the calendar has no session on 2025-01-18"),
        (line(SESSION, strikes=...), "strikes: name the session's strikes, or else its contracts"),
        (
            line(SESSION, contracts=[["C", 5950]]),
            "strikes: name the session's strikes, or else its contracts",
        ),
        (line(SESSION, strikes=[]), "strikes: "),
        (line(SESSION, strikes=[0]), "strikes.0: "),
        (line(SESSION, strikes=[5950.5]), "strikes.0: "),
        (line(SESSION, strikes=list(range(1, CONTRACTS_MAX))), "contracts: must be at most 2000, not 3998"),
        (line(SESSION, strikes=..., contracts=[["X", 5950]]), "contracts.0.0: "),
        (line(SESSION, open="2025-01-14T14:30:00Z"), "open: must be on 2025-01-15 in UTC"),
        (line(SESSION, close="2025-01-15T23:00:00Z"), "close: must be within 8 hours after the open"),
        (line(SESSION, close="2025-01-15T14:30:00Z"), "close: must be within 8 hours after the open"),
        (line(SESSION, label=""), "label: must be a text of 1 to 60 characters"),
        (line(SESSION, stikes=[1]), "stikes: is no field of this type of line"),
        (line(QUOTES, seq=-1), "seq: must be a whole number from 0 to 9223372036854775807"),
        (line(QUOTES, seq=1.5), "seq: "),
        (line(QUOTES, at="noon"), "at: "),
        (line(QUOTES, at=...), "at: "),
        (line(QUOTES, quotes=[["C", 5950, 5.1]]), "quotes.0"),
        (line(QUOTES, quotes=[["C", 5950, 5.1, 5.3, 0.5, 1]]), "quotes.0"),
        (line(QUOTES, quotes=[["C", "ATM", 5.1, 5.3]]), "quotes.0"),
        (line(QUOTES, quotes={}), "quotes: "),
        (
            b'{"type":"close","settlement":595.01}',
            "settlement: must be within 20 % of the last index, 5951.00",
        ),
        (b'{"type":"close","settlement":5950.123}', "settlement: "),
        (b'{"type":"close","settlement":-1}', "settlement: "),
        (b'{"type":"close","settlement":NaN}', "settlement: "),
    ],
)
def test_a_wrong_line_is_refused_by_its_field_and_changes_nothing(text: bytes, reason: str) -> None:
    talk = talking()
    said(talk, line(QUOTES, spx=5951), line(SECOND))
    assert refusal(talk, text).startswith(reason)
    assert (talk.opening, talk.second, talk.counts()) == (OPENING, 3, {})
    row = said(talk, line(SECOND, at="2025-01-15T14:30:04Z"))
    assert isinstance(row, ChainRow)
    assert row.bid_ticks[0] == 102


def test_quotes_of_too_many_seconds_are_refused() -> None:
    talk = talking()
    for second in range(60):
        said(talk, line(QUOTES, at=f"2025-01-15T14:31:{second:02}Z", seq=second))
    pile = line(QUOTES, at="2025-01-15T14:32:00Z", seq=60)
    assert refusal(talk, pile) == "quotes of 60 seconds wait: tell which second is out"
