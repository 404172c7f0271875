"""How Redis is reached: how long to wait for it, and what it means when it does not answer."""

from arq.connections import RedisSettings
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError

BACKOFF = ExponentialBackoff(cap=1, base=0.05)
RETRIES_OF_CALLS = 2
RETRIES_OF_WORKERS = 60
RETRIED = [ConnectionError, TimeoutError, OSError]
FAILURES = (RedisError, OSError)


class BusUnavailable(Exception):
    """Redis did not answer. Nothing is lost by it: it records nothing."""


def redis_settings(url: str, retries: int) -> RedisSettings:
    """Arq's settings for ``redis://``, ``rediss://`` or ``unix:///path/to.sock?db=0``."""
    settings = RedisSettings.from_dsn(url)
    settings.retry = Retry(BACKOFF, retries)
    settings.retry_on_timeout = True
    settings.retry_on_error = list(RETRIED)
    settings.conn_retries = max(1, retries // 2)
    return settings
