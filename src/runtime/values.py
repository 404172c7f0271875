"""The kinds of values that some settings take; what can never work is refused before anything starts."""

import re
from collections.abc import Callable
from ipaddress import ip_network
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, SecretStr
from pydantic_core import PydanticCustomError

from runtime.markets import MARKETS, read_market

PORT = r"(?:6553[0-5]|655[0-2]\d|65[0-4]\d\d|6[0-4]\d{3}|[1-5]?\d{1,4})"
HOST = rf"(?:\[[0-9a-fA-F:.]+\]|[^/?#:@\[\]\s]+)(?::{PORT})?"
USER = r"(?:[^@/?#\s]*@)?"
ADDRESS = r'[^\s<>@,;:"]+@[^\s<>@,;:"]+'

DATABASE = re.compile(rf"postgres(?:ql(?:\+\w+)?)?://(?:[^@\s]*@)?(?:{HOST})?(?:[/?]\S*)?")
REDIS = re.compile(
    rf"rediss?://{USER}(?:{HOST})?(?:/\d*)?(?:\?\S*)?"  # the path is the number of a database
    rf"|unix://{USER}/[^?]+(?:\?\S*)?"
)
SMTP = re.compile(rf"smtps?://{USER}{HOST}/?")
SENDER = re.compile(rf'{ADDRESS}|(?:[^\r\n<>@,;:"]*|"[^\r\n"]*" *)<{ADDRESS}>')
SECRET_CHARACTERS_MIN = 16


def _are_proxies(text: str) -> bool:
    return text == "*" or all(_is_network(part.strip()) for part in text.split(","))


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _is_market(text: str) -> bool:
    try:
        read_market(text)
    except ValueError:
        return False
    return True


def _only(is_usable: Callable[[str], object], accepted: str) -> AfterValidator:
    """Refuses every other value. What it says does not repeat the value, which may be secret."""

    def check(value: str | SecretStr) -> str | SecretStr:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not is_usable(text):
            raise PydanticCustomError("unusable", "must be {accepted}", {"accepted": accepted})
        return value

    return AfterValidator(check)


DatabaseUrl: TypeAlias = Annotated[
    SecretStr, _only(DATABASE.fullmatch, "postgresql://user:password@host:port/name")
]
RedisUrl: TypeAlias = Annotated[
    SecretStr,
    _only(REDIS.fullmatch, "redis://host:port/0, rediss://host:port/0 or unix:///path/to.sock?db=0"),
]
SmtpUrl: TypeAlias = Annotated[
    SecretStr,
    _only(SMTP.fullmatch, "smtp://user:password@host:587 or smtps://user:password@host:465"),
]
SecretKey: TypeAlias = Annotated[
    SecretStr,
    _only(
        lambda text: len(text) >= SECRET_CHARACTERS_MIN,
        f"at least {SECRET_CHARACTERS_MIN} characters, as `openssl rand -hex 32` makes",
    ),
]
MailSender: TypeAlias = Annotated[
    str, _only(SENDER.fullmatch, "an address, like zerodte <noreply@example.com>")
]
Proxies: TypeAlias = Annotated[
    str, _only(_are_proxies, "* or addresses and networks, like 127.0.0.1,10.0.0.0/8")
]
MarketName: TypeAlias = Annotated[str, _only(_is_market, MARKETS)]
