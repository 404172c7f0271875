"""Which servers a process talks to, and whether they are there."""

import os
import socket
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from runtime.settings import Settings, unknown_variables
from zerodte.failures import CannotRun
from zerodte.servers import urls

PORTS = {"postgresql": 5432, "postgres": 5432, "redis": 6379, "rediss": 6379}
ANSWER_SECONDS = 5


def connected(settings: Settings) -> Settings:
    """The settings with every server named: those that are not set are the embedded ones."""
    database_url, redis_url = urls(settings.data_dir)
    embedded = {"database_url": SecretStr(database_url), "redis_url": SecretStr(redis_url)}
    unset = {name: url for name, url in embedded.items() if getattr(settings, name) is None}
    return settings.model_copy(update=unset)


def environment(settings: Settings, data_dir: Path) -> dict[str, str]:
    """What tells a process of ours these settings, whatever else it would inherit.

    Variables that are no settings are emptied: who started us was told of them, once is enough.
    """
    values = dict(settings) | {"data_dir": data_dir}
    told = {f"ZERODTE_{name.upper()}": _text(value) for name, value in values.items()}
    return told | dict.fromkeys(unknown_variables(os.environ), "")


def require_servers(settings: Settings, *names: str) -> None:
    """Look for servers by their settings. Raises CannotRun with the address of one that is away."""
    for name in names:
        url = getattr(settings, name)
        if url is not None and (address := address_of(url.get_secret_value())) and not _answers(address):
            host, port = address
            raise CannotRun(
                f"nothing answers at {host}:{port}: start that server, or correct ZERODTE_{name.upper()}"
            )


def address_of(url: str) -> tuple[str, int] | None:
    """Host and port of a server's URL; None of one that is reached by a Unix socket."""
    scheme, _, rest = url.partition("://")
    parts = urlsplit(f"//{rest.rpartition('@')[2]}")  # a password may hold what ends a host elsewhere
    if parts.hostname is None or "host" in parse_qs(parts.query):
        return None
    return parts.hostname, parts.port or PORTS[scheme.partition("+")[0]]


def _answers(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, ANSWER_SECONDS).close()
    except OSError:
        return False
    return True


def _text(value: object) -> str:
    """A setting as a variable's text; an empty one is as good as none."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return "" if value is None else str(value)
