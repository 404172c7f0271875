"""The rules of trading accounts: what they may be called and hold, and which day may be open."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from engine.denials import Code, Denial
from engine.money import Cents
from engine.settings import line_problem

NAME_LENGTH_MAX = 80
CAPITAL_CENTS_MIN = 1_000_00
CAPITAL_CENTS_MAX = 10_000_000_00


class Engine(StrEnum):
    """What trades an account: recorded days, or today's session on paper."""

    HISTORICAL = "historical"
    LIVE_SIM = "live_sim"


BROKERS = (
    "broker_ibkr",
    "broker_schwab",
    "broker_tastytrade",
    "broker_tradestation",
    "broker_tradier",
    "broker_etrade",
)


class AccountType(StrEnum):
    MANUAL = "manual"
    BOT = "bot"


class AccountStatus(StrEnum):
    ACTIVE = "active"
    ARCHIVED = "archived"


CAPITAL_IMMUTABLE = Denial(
    Code.CAPITAL_IMMUTABLE,
    "capital_immutable: the starting capital of a live account is fixed once it has traded",
    ("starting_capital",),
)
SESSION_TRADED = Denial(
    Code.SESSION_TRADED, "session_traded: a live session that has traded settles at the close and stays"
)
ACCOUNT_ARCHIVED = Denial(
    Code.ACCOUNT_ARCHIVED, "account_archived: make the account active again before opening a session"
)


def read_engine(text: str) -> Engine | Denial:
    """The engine of a new account. Brokers are known by name and not available yet."""
    if text in BROKERS:
        message = f"engine_not_available: {text} is not available yet; choose historical or live_sim"
        return Denial(Code.ENGINE_NOT_AVAILABLE, message, ("engine",))
    if text not in set(Engine):
        return _invalid("engine", f"must be one of {', '.join((*Engine, *BROKERS))}")
    return Engine(text)


def read_type(text: str) -> AccountType | Denial:
    """The type of a new account. A bot's account comes with its bot."""
    if text != AccountType.MANUAL:
        return _invalid("type", "must be manual; bot accounts are not available yet")
    return AccountType.MANUAL


def read_status(text: str) -> AccountStatus | Denial:
    if text not in set(AccountStatus):
        return _invalid("status", f"must be one of {', '.join(AccountStatus)}")
    return AccountStatus(text)


def read_name(text: str) -> str | Denial:
    """A name without the space around it: one line that reads as it is written."""
    if problem := line_problem(text):
        return _invalid("name", problem)
    name = text.strip()
    if not 1 <= len(name) <= NAME_LENGTH_MAX:
        return _invalid("name", f"must have 1 to {NAME_LENGTH_MAX} characters")
    return name


def capital_denial(capital_cents: Cents) -> Denial | None:
    if CAPITAL_CENTS_MIN <= capital_cents <= CAPITAL_CENTS_MAX:
        return None
    return _invalid("starting_capital", "must be from 1000 to 10000000")


def name_taken(name: str) -> Denial:
    return Denial(Code.NAME_TAKEN, f"name_taken: you have another active account named {name!r}", ("name",))


def session_open(on: date, session_id: UUID) -> Denial:
    """The denial of what has to wait for the open day, by its date and id."""
    message = f"session_open: settle or delete the account's open session first: {on}, id {session_id}"
    return Denial(Code.SESSION_OPEN, message)


def insertion_denial(on: date, latest: date | None) -> Denial | None:
    """Why a new day may not be opened: days are added at the end (accounts, Open a session)."""
    if latest is None or on >= latest:
        return None
    message = f"insert_earlier: a new day must be on or after the account's latest day, {latest}"
    return Denial(Code.INSERT_EARLIER, message, ("date",))


def _invalid(field: str, problem: str) -> Denial:
    message = f"{field} {problem}"
    return Denial(Code.INVALID_INPUT, message, (field,), {field: message})
