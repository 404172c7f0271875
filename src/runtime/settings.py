"""What an operator may set: variables named ``ZERODTE_`` and the field, with the product's defaults."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from runtime.values import DatabaseUrl, MailSender, MarketName, Proxies, RedisUrl, SecretKey, SmtpUrl
from usecases.failpoints import Failpoint
from usecases.policy import Policy

POLICY = Policy()
PREFIX = "ZERODTE_"
SAMPLES = "ZERODTE_SHARED"  # where the tests find vendors' samples
KIB_A_LANE = 8
SPEED_MAX = 100_000


class Settings(BaseSettings):
    """Every setting of every process. Unset servers are the embedded ones of ``data_dir``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True)

    database_url: DatabaseUrl | None = Field(
        None, description="PostgreSQL to use instead of the embedded one"
    )
    redis_url: RedisUrl | None = Field(None, description="Redis to use instead of the embedded one")
    data_dir: Path = Field(Path("var"), description="where days, mail and embedded databases are kept")
    secret_key: SecretKey | None = Field(
        None, description="secret shared by several installations; otherwise data_dir/secret.key is made"
    )
    postgres_programs: Path | None = Field(None, description="directory of another initdb and postgres")
    valkey_program: Path | None = Field(None, description="another valkey-server or redis-server")

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on")
    forwarded_allow_ips: Proxies = Field("127.0.0.1", description="proxies whose X-Forwarded-For is believed")
    limit_concurrency: int = Field(500, ge=1, description="requests at once, sockets aside; 503 above")
    access_log: bool = Field(default=False, description="log every request")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="what to log")

    smtp_url: SmtpUrl | None = Field(None, description="mail server; otherwise mail goes to data_dir/outbox")
    mail_sender: MailSender = Field("zerodte <noreply@localhost>", description="sender of mail")

    market: MarketName = Field("demo", description="the market kept open, see docs/live.md; or none")
    speed: float = Field(
        1, gt=0, le=SPEED_MAX, description="market seconds to a second, of the demo market and of replays"
    )
    synthetic_days: int = Field(20, ge=0, le=1000, description="synthetic days that `up` makes")

    database_connections: int = Field(8, ge=2, le=40, description="connections of one process")
    token_days: int = Field(POLICY.token_days, ge=1, description="life of an unused session token")
    code_minutes: int = Field(POLICY.code_minutes, ge=1, description="life of a mailed code")
    code_failures_max: int = Field(POLICY.code_failures_max, ge=1, description="wrong tries that lock a code")
    code_interval_seconds: int = Field(POLICY.code_interval_seconds, ge=0, description="pause between codes")
    login_failures_free: int = Field(POLICY.login_failures_free, ge=0, description="failures before delays")
    idempotency_hours: int = Field(POLICY.idempotency_hours, ge=24, description="life of a first answer")
    credits_capacity: int = Field(
        POLICY.credits_capacity, ge=1, le=1_000_000, description="credits that one caller's bucket holds"
    )
    credits_drain_seconds: int = Field(
        POLICY.credits_drain_seconds, ge=1, le=2_678_400, description="time in which a full bucket drains"
    )
    auth_burst: int = Field(
        POLICY.auth_burst, ge=1, le=1_000_000, description="requests to /auth/* of one address at once"
    )
    auth_refill_a_minute: int = Field(
        POLICY.auth_refill_a_minute, ge=1, le=1_000_000, description="and how many more a minute"
    )
    complexity_a_minute: int = Field(
        POLICY.complexity_a_minute, ge=1, le=1_000_000, description="GraphQL complexity a caller and minute"
    )
    body_bytes: int = Field(POLICY.body_bytes, ge=1_024, description="bytes of one request's body")
    strategy_body_bytes: int = Field(
        POLICY.strategy_body_bytes, ge=1_024, description="bytes of a body that holds a strategy"
    )
    header_bytes: int = Field(
        16 * 1024, ge=1_024, le=65_536, description="bytes of one request's headers, and of its address"
    )
    json_depth: int = Field(POLICY.json_depth, ge=1, le=500, description="nesting of a REST body")
    json_values: int = Field(POLICY.json_values, ge=1, description="values in a REST body")
    websocket_frame_bytes: int = Field(64 * 1024, ge=1_024, description="bytes of one WebSocket message")
    visitor_sockets: int = Field(
        POLICY.visitor_sockets, ge=0, description="sockets of one address without a token"
    )
    visitor_socket_seconds: float = Field(
        POLICY.visitor_socket_seconds, gt=0, description="time until a socket of `/__ws` without a token ends"
    )
    socket_auth_seconds: float = Field(
        POLICY.socket_auth_seconds, gt=0, description="time until a socket of `/__ws` says who it is"
    )
    active_backtests: int = Field(
        POLICY.active_backtests, ge=1, le=1_000, description="backtests of one user that run at once"
    )
    interest_minutes: int = Field(
        POLICY.interest_minutes, ge=1, description="how long a preview runs on after it was last read"
    )
    hashing_memory_kib: int = Field(
        19 * 1024, ge=KIB_A_LANE, le=1_048_576, description="memory that argon2id takes for a password"
    )
    hashing_passes: int = Field(2, ge=1, le=1_000, description="passes over that memory")
    hashing_lanes: int = Field(1, ge=1, le=64, description="lanes of it")

    graphql_depth: int = Field(12, ge=1, description="levels of fields in one GraphQL operation")
    graphql_aliases: int = Field(30, ge=0, description="aliases in one GraphQL operation")
    graphql_tokens: int = Field(2_000, ge=1, description="tokens of one GraphQL document")
    graphql_root_fields: int = Field(20, ge=1, description="fields at the root of one GraphQL operation")
    graphql_document_chars: int = Field(
        32_768, ge=1, description="characters of one GraphQL document, and of its variables"
    )
    graphql_fragments: int = Field(64, ge=0, description="fragments of one GraphQL document")
    graphql_repeats: int = Field(100, ge=1, description="uses of one response name in a GraphQL document")
    graphql_input_list: int = Field(100, ge=1, description="entries of one list of GraphQL input")
    graphql_input_depth: int = Field(32, ge=1, description="nesting of GraphQL input")
    graphql_input_values: int = Field(5_000, ge=1, description="values in the variables of an operation")
    graphql_introspection: int = Field(6_000, ge=0, description="size of an introspection; 0 turns it off")
    graphql_complexity: int = Field(1_000, ge=1, description="cost of one GraphQL operation")
    graphql_execution_seconds: float = Field(10, gt=0, description="time for one GraphQL operation")
    graphql_get_queries: bool = Field(default=True, description="answer GraphQL queries by GET")
    graphql_socket_operations: int = Field(20, ge=1, description="operations at once on one GraphQL socket")
    graphql_socket_init_seconds: float = Field(5, gt=0, description="time until a socket sends its token")

    failpoint: Failpoint | None = Field(
        None, description="for tests: the point in a write at which a process kills itself"
    )

    @field_validator("hashing_lanes")
    @classmethod
    def within_memory(cls, lanes: int, others: ValidationInfo) -> int:
        """argon2id refuses less memory a lane, and would only do so at the first password."""
        most = others.data.get("hashing_memory_kib", KIB_A_LANE * lanes) // KIB_A_LANE
        if lanes > most:
            raise PydanticCustomError(
                "lanes", "must be at most {most}, one for 8 KiB of memory", {"most": most}
            )
        return lanes

    @field_validator("speed")
    @classmethod
    def where_it_is_ours(cls, speed: float, others: ValidationInfo) -> float:
        """Nobody but who pushes a market says how fast it runs."""
        market = others.data.get("market", "")
        if speed != 1 and market.startswith(("push", "stdin")):
            raise PydanticCustomError(
                "speed", "must be 1 for {market}, which runs in its own time", {"market": market}
            )
        return speed

    def policy(self) -> Policy:
        """The part that use cases read."""
        return Policy(**{field.name: getattr(self, field.name) for field in fields(Policy)})


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """The variables that are named like settings and are none, such as misspelt ones; not empty ones."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {SAMPLES}
    return [
        name
        for name, value in environ.items()
        if name.upper().startswith(PREFIX) and value and name.upper() not in known
    ]
