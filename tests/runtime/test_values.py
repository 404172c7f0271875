import pytest
from pydantic import ValidationError

from runtime.settings import Settings

USABLE = {
    "database_url": (
        "postgresql://ada:hush@db.example.com:5432/zerodte",
        "postgres://db/zerodte",
        "postgresql+asyncpg://ada:h#u/s?h@[::1]:5432/zerodte?ssl=require",
        "postgresql://zerodte@/zerodte?host=/var/run",
    ),
    "redis_url": (
        "redis://redis",
        "redis://redis/0",
        "rediss://:hush@redis.example.com:6380/1",
        "unix:///var/run/valkey.sock?db=0",
    ),
    "smtp_url": ("smtp://mail.example.com", "smtps://ada:hu%40sh@mail.example.com:465"),
    "mail_sender": (
        "zerodte <noreply@localhost>",
        "noreply@example.com",
        '"Desk, the" <desk@example.com>',
        "<desk@example.com>",
    ),
    "forwarded_allow_ips": ("*", "127.0.0.1", "::1, 10.0.0.0/8"),
}
UNUSABLE = {
    "database_url": ("foo", "http://db/zerodte", "mysql://db/zerodte", "postgresql://db:65536/zerodte"),
    "redis_url": (
        "foo",
        "http://redis",
        "redis://redis:port/0",
        "redis://redis:70000",
        "redis://redis/first",
        "unix://",
    ),
    "smtp_url": ("foo", "http://mail", "smtp://", "smtp+tls://mail", "smtp://mail:port"),
    "mail_sender": ("garbage", "a@b, c@d", "desk <garbage>", "desk\nBcc: a@b <a@b>"),
    "forwarded_allow_ips": ("zzz", "127.0.0.1,", "10.0.0.1/8", "proxy.example.com"),
}


@pytest.mark.parametrize(("name", "value"), [(name, one) for name, all_ in USABLE.items() for one in all_])
def test_what_can_work_is_accepted(name: str, value: str) -> None:
    set_value = getattr(Settings(**{name: value}), name)
    assert (set_value if isinstance(set_value, str) else set_value.get_secret_value()) == value


@pytest.mark.parametrize(("name", "value"), [(name, one) for name, all_ in UNUSABLE.items() for one in all_])
def test_what_can_never_work_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(**{name: value})
    (reason,) = refused.value.errors()
    assert reason["loc"] == (name,)
    assert reason["msg"].startswith("must be ")
