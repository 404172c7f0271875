"""The one catalogue of denials: our own checks that refused a request and changed nothing."""

from dataclasses import dataclass, field
from enum import StrEnum


class Code(StrEnum):
    """Why a request was denied. The value is the wire code of both faces."""

    # requests
    INVALID_INPUT = "invalid_input"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    RATE_LIMITED = "rate_limited"
    RATE_LIMIT_EXCEEDED = "rate_limit_exceeded"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    CLIENT_ORDER_ID_REUSED = "client_order_id_reused"
    VERSION_CONFLICT = "version_conflict"
    # people
    EMAIL_NOT_FOUND = "email_not_found"
    EMAIL_TAKEN = "email_taken"
    INVALID_CREDENTIALS = "invalid_credentials"
    INVALID_CODE = "invalid_code"
    CODE_LOCKED = "code_locked"
    # market data
    SESSION_NOT_RECORDED = "session_not_recorded"
    OUTSIDE_SESSION = "outside_session"
    DAY_UNAVAILABLE = "day_unavailable"
    UNKNOWN_SERIES = "unknown_series"
    # sessions
    SIMULATION_EXISTS = "simulation_exists"
    SESSION_FROZEN = "session_frozen"
    TIME_BEFORE_START = "time_before_start"
    TIME_AFTER_END = "time_after_end"
    # the live market
    LIVE_SESSION_EXISTS = "live_session_exists"
    LIVE_UNAVAILABLE = "live_unavailable"
    # accounts
    ENGINE_NOT_AVAILABLE = "engine_not_available"
    NAME_TAKEN = "name_taken"
    CAPITAL_IMMUTABLE = "capital_immutable"
    ACCOUNT_ARCHIVED = "account_archived"
    SESSION_OPEN = "session_open"
    INSERT_EARLIER = "insert_earlier"
    SESSION_TRADED = "session_traded"
    # orders
    INVALID_ORDER = "invalid_order"
    INVALID_LEG = "invalid_leg"
    INVALID_PRICE = "invalid_price"
    OFF_TICK = "off_tick"
    EXCEEDS_MAX_PROFIT = "exceeds_max_profit"
    MARKET_CLOSED = "market_closed"
    NO_MARKET_DATA = "no_market_data"
    STOP_IMMEDIATE = "stop_immediate"
    NO_POSITION = "no_position"
    INSUFFICIENT_BUYING_POWER = "insufficient_buying_power"
    ORDER_DEPENDENCY = "order_dependency"
    ORDER_NOT_PENDING = "order_not_pending"
    # strategies
    INVALID_CONFIG = "invalid_config"
    TOO_MANY_ACTIVE_BACKTESTS = "too_many_active_backtests"


@dataclass(frozen=True, slots=True)
class Denial:
    """A refusal: its code, a message for a person, and the input path it is about, if one.

    ``fields`` maps dotted input paths to what is wrong with each.
    """

    code: Code
    message: str
    path: tuple[str, ...] = ()
    fields: dict[str, str] = field(default_factory=dict)
    retry_after_seconds: int | None = None


def try_again(code: Code, why: str, seconds: int) -> Denial:
    """The denial of what may be asked for again after so many whole seconds."""
    unit = "second" if seconds == 1 else "seconds"
    return Denial(code, f"{why}; wait {seconds} {unit}", retry_after_seconds=seconds)
