import logging
import subprocess
import sys
from uuid import UUID

import orjson

from runtime.logs import scrubbed

TOKEN = "8a4f3e21d6c94b0e9f2a1c5b7d8e4f60"
PROGRAM = f"""
import logging
import structlog
from runtime.logs import configure_logs
configure_logs("INFO")
log = structlog.get_logger()
with structlog.contextvars.bound_contextvars(request_id="trial-17"):
    log.info("placed", order="7", at=(1, 2))
    logging.getLogger("library").warning("connecting to %s", "postgresql://ada:hush@host/db")
    log.debug("unseen")
    logging.getLogger("arq.worker").info("recording health")
    logging.getLogger("arq.worker").warning("a job took long")
    try:
        raise ValueError("token {TOKEN} is unknown")
    except ValueError:
        log.exception("refused", password="hush")
"""


def logged() -> list[dict[str, object]]:
    """What a process of ours writes to standard error."""
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True)
    return [orjson.loads(line) for line in ended.stderr.splitlines()]


def test_logs_are_json_lines_with_the_request_and_without_secrets() -> None:
    placed, connecting, slow, refused = logged()
    assert {name: placed[name] for name in ("event", "level", "request_id", "order", "at")} == {
        "event": "placed",
        "level": "info",
        "request_id": "trial-17",
        "order": "7",
        "at": [1, 2],
    }
    assert connecting["event"] == "connecting to postgresql://[hidden]@host/db"
    assert connecting["logger"] == "library"
    assert slow["event"] == "a job took long"
    assert refused["password"] == "[hidden]"
    assert str(refused["exception"]).endswith("ValueError: token [hidden] is unknown")


def test_secrets_are_hidden_at_any_depth_and_ids_are_not() -> None:
    order = UUID("8a4f3e21-d6c9-4b0e-9f2a-1c5b7d8e4f60")
    event = {
        "event": "x",
        "headers": {"Authorization": TOKEN, "accept": ["*/*", TOKEN]},
        "order": str(order),
        "hash": TOKEN * 2,
    }
    assert scrubbed(logging.getLogger(), "info", event) == {
        "event": "x",
        "headers": {"Authorization": "[hidden]", "accept": ["*/*", "[hidden]"]},
        "order": str(order),
        "hash": TOKEN * 2,
    }
