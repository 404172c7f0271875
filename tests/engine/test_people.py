import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.denials import Code, Denial
from engine.people import (
    CODE_LOCKED,
    INVALID_CODE,
    code_denial,
    login_delay_seconds,
    mailed_code,
    network_of,
    password_denial,
    read_email,
    token_digest,
)


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("trader@example.com", "trader@example.com"),
        (" Trader+SPX@Example.COM\n", "trader+spx@example.com"),
        ("trader@münchen.example.com", "trader@xn--mnchen-3ya.example.com"),
        ("trader@desk.test", "trader@desk.test"),
    ],
)
def test_address_has_one_spelling(text: str, email: str) -> None:
    assert read_email(text) == email


@pytest.mark.parametrize(
    "text", ["", "trader", "@example.com", "a b@example.com", "a@b@example.com", "tr\0der@example.com"]
)
def test_text_that_is_no_address_is_refused(text: str) -> None:
    message = "email must be an address such as trader@example.com"
    assert read_email(text) == Denial(Code.INVALID_INPUT, message, ("email",))


def test_password_has_8_to_128_characters() -> None:
    refusal = Denial(Code.INVALID_INPUT, "password must have 8 to 128 characters", ("password",))

    denials = [password_denial("x" * length) for length in (7, 8, 128, 129)]

    assert denials == [refusal, None, None, refusal]


def test_code_is_six_digits_of_a_keyed_hash() -> None:
    """By hand: HMAC-SHA-256 of the parts, its first half as a number, the last six digits of it."""
    key, nonce = b"secret", bytes(range(16))
    digest = hmac.new(key, b"mailed code\0trader@example.com\0" + nonce, hashlib.sha256).hexdigest()

    code = mailed_code(key, "trader@example.com", nonce)

    assert code == str(int(digest[:32], 16))[-6:]


def test_codes_keep_their_leading_zeros() -> None:
    codes = {mailed_code(b"secret", "trader@example.com", bytes([i] * 16)) for i in range(256)}

    assert {len(code) for code in codes} == {6}
    assert any(code.startswith("0") for code in codes)


@pytest.mark.parametrize(
    ("key", "email", "nonce"),
    [
        (b"other", "trader@example.com", b"n" * 16),
        (b"secret", "other@example.com", b"n" * 16),
        (b"secret", "trader@example.com", b"m" * 16),
    ],
)
def test_code_depends_on_secret_address_and_nonce(key: bytes, email: str, nonce: bytes) -> None:
    code = mailed_code(b"secret", "trader@example.com", b"n" * 16)

    assert mailed_code(key, email, nonce) != code


@pytest.mark.parametrize(
    ("submitted", "attempts", "denial"),
    [
        ("482913", 1, None),
        (" 482913 ", 5, None),
        ("482914", 5, INVALID_CODE),
        ("482913", 6, CODE_LOCKED),
        ("482914", 6, CODE_LOCKED),
        ("", 1, INVALID_CODE),
        ("４８２９１３", 1, INVALID_CODE),
    ],
)
def test_code_is_right_until_five_were_wrong(submitted: str, attempts: int, denial: Denial | None) -> None:
    assert code_denial("482913", submitted, attempts, failures_max=5) == denial


def test_token_is_kept_as_its_sha256() -> None:
    assert token_digest("0" * 32) == hashlib.sha256(b"0" * 32).digest()


def test_delay_doubles_after_five_free_failures_up_to_a_quarter_of_an_hour() -> None:
    delays = [login_delay_seconds(failures, free=5) for failures in range(18)]

    assert delays == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


@given(st.integers(0, 10**9))
def test_delay_never_shrinks(failures: int) -> None:
    assert login_delay_seconds(failures, 5) <= login_delay_seconds(failures + 1, 5) <= 900


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_one_person_is_one_network(address: str, network: str) -> None:
    assert network_of(address) == network
