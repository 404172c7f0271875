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
    """What tells a process of ours these settings, whatever else it would inherit."""
    values = dict(settings) | {"data_dir": data_dir}
    return {f"ZERODTE_{name.upper()}": _text(value) for name, value in values.items()}


def _text(value: object) -> str:
    """A setting as a variable's text; an empty one is as good as none."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return "" if value is None else str(value)
