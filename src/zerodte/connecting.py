"""Which servers a process talks to."""

from pathlib import Path

from pydantic import SecretStr

from runtime.settings import Settings
from zerodte.servers import urls


def connected(settings: Settings) -> Settings:
    """The settings with every server named: those that are not set are the embedded ones."""
    database_url, redis_url = urls(settings.data_dir)
    embedded = {"database_url": SecretStr(database_url), "redis_url": SecretStr(redis_url)}
    unset = {name: url for name, url in embedded.items() if getattr(settings, name) is None}
    return settings.model_copy(update=unset)


def environment(settings: Settings, data_dir: Path) -> dict[str, str]:
    """What tells a process of ours the same servers and directory."""
    assert settings.database_url is not None
    assert settings.redis_url is not None
    return {
        "ZERODTE_DATABASE_URL": settings.database_url.get_secret_value(),
        "ZERODTE_REDIS_URL": settings.redis_url.get_secret_value(),
        "ZERODTE_DATA_DIR": str(data_dir),
    }
