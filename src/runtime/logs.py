"""Logs as JSON lines on standard error, of ours and of every library, without anybody's secrets."""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "[hidden]"
CHATTY = ("arq",)  # tells of every job and of its own health, every few seconds
SECRET_NAMES = re.compile(
    r"password|token|secret|authorization|cookie|verification_code|smtp_url", re.IGNORECASE
)
SECRET_TEXTS = re.compile(
    r"(?P<userinfo>(?<=://)[^/\s:@]*:[^/\s@]*(?=@))"  # user:password in a URL
    r"|(?<![0-9a-f-])[0-9a-f]{32}(?![0-9a-f-])",  # a session token
)


def configure_logs(level: str) -> None:
    """Send the logs of this process to standard error, from ``level`` (such as INFO) upward."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, _as_libraries_do],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, scrubbed, _json],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))


def scrubbed(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The event with secrets hidden: values whose name tells, and texts that look like one."""
    return {name: _scrubbed_value(name, value) for name, value in event.items()}


def _scrubbed_value(name: str, value: Any) -> Any:
    if SECRET_NAMES.search(name):
        return HIDDEN
    if isinstance(value, str):
        return SECRET_TEXTS.sub(HIDDEN, value)
    if isinstance(value, Mapping):
        return {str(key): _scrubbed_value(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_scrubbed_value("", inner) for inner in value]
    return value


def _json(_: WrappedLogger, __: str, event: EventDict) -> str:
    return orjson.dumps(event, default=lambda value: SECRET_TEXTS.sub(HIDDEN, repr(value))).decode()


_as_libraries_do = structlog.stdlib.ProcessorFormatter.wrap_for_formatter
