"""The API process: a listening socket, and uvicorn on it."""

import gc
import logging
import socket
import sys
from dataclasses import fields

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from api.limits import Limits
from runtime.logs import configure_logs
from runtime.resources import open_ports
from runtime.settings import Settings
from zerodte.asgi import application

GRACE_SECONDS = 3
YOUNG_OBJECTS = 50_000  # made since garbage was looked for last; 700 by default
SWITCH_SECONDS = 0.000_2  # how long the loop's thread waits for one that computes; 0.005 by default
WEBSOCKET_QUEUE_MAX = 16
SERVICE_RESTART = 1012
RESTARTING = "The server is restarting; connect again"
SHARED = {"body_bytes": "body_bytes"}


class TellingSockets(WebSocketsSansIOProtocol):
    """Uvicorn's sockets, whose end with the server has its reason."""

    def shutdown(self) -> None:
        if self.handshake_complete and not self.close_sent:
            self.conn.send_close(SERVICE_RESTART, RESTARTING)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.queue.put_nowait({"type": "websocket.disconnect", "code": SERVICE_RESTART})
            self.close_sent = True
        super().shutdown()


def graphql_limits(settings: Settings) -> Limits:
    """The limits of the GraphQL face. What it shares with REST is named without its prefix."""
    own = {field.name: f"graphql_{field.name}" for field in fields(Limits)}
    return Limits(**{name: getattr(settings, setting) for name, setting in {**own, **SHARED}.items()})


def serve(settings: Settings, listener: socket.socket) -> None:
    """Serve both faces on a bound socket until told to stop."""
    configure_logs(settings.log_level)
    server = server_of(settings)
    keep_the_loop_prompt()
    server.run(sockets=[listener])


def keep_the_loop_prompt() -> None:
    """Make this process one event loop's: threads that compute hand over soon, and what was loaded so
    far is no garbage to look for, which took the loop 0.3 s every few hundred requests. Garbage is looked
    for seldom: among thousands of open sockets that took half of the processor's time."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)


def server_of(settings: Settings) -> uvicorn.Server:
    """Both faces, held to the settings, as a server that does not listen yet."""
    told = logging.getLogger("uvicorn.error")
    (told.removeFilter if settings.access_log else told.addFilter)(is_of_the_server)
    app = application(
        open_ports(settings),
        graphql_limits(settings),
        header_bytes=settings.header_bytes,
        requests=settings.limit_concurrency,
        is_logging=settings.access_log,
    )
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws=TellingSockets,
        ws_max_size=settings.websocket_frame_bytes,
        ws_max_queue=WEBSOCKET_QUEUE_MAX,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return uvicorn.Server(config)


def is_of_the_server(record: logging.LogRecord) -> bool:
    """Whether uvicorn speaks of the server itself or of trouble, not of a socket that somebody opened."""
    return record.levelno > logging.INFO or "WebSocket" not in str(record.msg)
