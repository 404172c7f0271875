"""The API process: a listening socket, and uvicorn on it."""

import socket
from dataclasses import fields

import uvicorn

from api.limits import Limits
from runtime.logs import configure_logs
from runtime.resources import open_ports
from runtime.settings import Settings
from zerodte.asgi import application

GRACE_SECONDS = 3
WEBSOCKET_FRAME_BYTES_MAX = 64 * 1024
WEBSOCKET_QUEUE_MAX = 16


def serve(settings: Settings, listener: socket.socket) -> None:
    """Serve both faces on a bound socket until told to stop."""
    configure_logs(settings.log_level)
    limits = Limits(**{field.name: getattr(settings, f"graphql_{field.name}") for field in fields(Limits)})
    app = application(open_ports(settings), limits, is_logging=settings.access_log)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=WEBSOCKET_FRAME_BYTES_MAX,
        ws_max_queue=WEBSOCKET_QUEUE_MAX,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        limit_concurrency=settings.limit_concurrency,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[listener])
