"""The rules of identity: addresses, passwords, mailed codes, tokens and the pace of guessing."""

import hashlib
import hmac
import ipaddress
import re

from email_validator import EmailNotValidError, validate_email

from engine.denials import Code, Denial

EMAIL_CHARS_MAX = 254
PASSWORD_LENGTH_MIN = 8
PASSWORD_LENGTH_MAX = 128
CODE_DIGITS = 6
LOGIN_DELAY_SECONDS_MAX = 900
TOKEN = re.compile(r"[0-9a-f]{32}", re.ASCII)
IPV4, IPV6 = 4, 6
NETWORK_BITS = {IPV4: 24, IPV6: 64}

INVALID_CODE = Denial(
    Code.INVALID_CODE,
    "the verification code is wrong or has expired",
    ("verification_code",),
)
CODE_LOCKED = Denial(
    Code.CODE_LOCKED,
    "too many wrong codes were tried; request a new verification code",
    ("verification_code",),
)


def read_email(text: str) -> str | Denial:
    """The one spelling of an address that accounts are found by: ASCII, in lower case."""
    try:
        address = validate_email(
            text.strip()[: EMAIL_CHARS_MAX + 1],  # one too many is refused, and more are not worth reading
            allow_smtputf8=False,
            check_deliverability=False,
            test_environment=True,
        )
    except EmailNotValidError:
        return Denial(
            Code.INVALID_INPUT,
            "email must be an address such as trader@example.com",
            ("email",),
        )
    return str(address.ascii_email).lower()


def password_denial(password: str) -> Denial | None:
    """Why a new password is refused; its length is the only rule."""
    if PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        return None
    limits = f"password must have {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters"
    return Denial(Code.INVALID_INPUT, limits, ("password",))


def mailed_code(secret: bytes, email: str, nonce: bytes) -> str:
    """The six digits that belong to a nonce, after RFC 4226: a keyed hash cut down to digits.

    Nobody can tell them without the secret, so neither the database nor a queue holds a code.
    """
    digest = hmac.digest(secret, b"mailed code\0" + email.encode() + b"\0" + nonce, "sha256")
    return str(int.from_bytes(digest[:16], "big") % 10**CODE_DIGITS).zfill(CODE_DIGITS)


def code_denial(expected: str, submitted: str, attempts: int, failures_max: int) -> Denial | None:
    """Why a submitted code is refused; ``attempts`` counts this one.

    After ``failures_max`` wrong ones even the right code is.
    """
    if attempts > failures_max:
        return CODE_LOCKED
    matches = hmac.compare_digest(expected.encode(), submitted.strip().encode())
    return None if matches else INVALID_CODE


def token_digest(token: str) -> bytes:
    """What is kept of a bearer token: it has 128 random bits, so a plain hash gives nothing away."""
    return hashlib.sha256(token.encode()).digest()


def login_delay_seconds(failures: int, free: int) -> int:
    """How long to wait after that many failures in a row: nothing before the last free one, then
    1, 2, 4 … seconds."""
    if failures < free:
        return 0
    return min(1 << min(failures - free, 30), LOGIN_DELAY_SECONDS_MAX)


def network_of(address: str) -> str:
    """The network that one person can be expected to reach us from: /24 of IPv4, /64 of IPv6.

    An address that is neither (a Unix socket's, say) stands for itself.
    """
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{address}/{NETWORK_BITS[version]}", strict=False))


def host_of(address: str) -> str:
    """What counts as one address of a visitor: IPv4's own, /64 of IPv6, which one line is given whole."""
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        return address
    return address if version == IPV4 else network_of(address)
