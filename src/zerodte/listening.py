"""Taking an address to serve at, before anything is started that would serve there."""

import ipaddress
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from zerodte.failures import CannotRun

SEND_BUFFER_BYTES = 128 * 1024
UNACKNOWLEDGED_MS = 10_000
RETRY_SECONDS = 0.1
LOOPBACK = "127.0.0.1"


class AddressTaken(CannotRun):
    """Another program listens at the address, or it is none of this machine's."""


def take_address(host: str, port: int, patience_seconds: float = 0) -> socket.socket:
    """A socket bound to the address; it does not listen yet, so clients are refused until it does.

    Connections inherit its bounds: a peer that stops reading holds little memory and is cut off
    soon. ``patience_seconds`` lets a process that is just ending leave. Raises AddressTaken.
    """
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            return _bound(host, port)
        except OSError as error:
            if time.monotonic() >= deadline:
                raise AddressTaken(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
            time.sleep(RETRY_SECONDS)


def inherited(descriptor: int) -> socket.socket:
    """A bound socket that our parent left open for us."""
    return socket.socket(fileno=descriptor)


@contextmanager
def pushing_socket(
    port: int | None, *, patience_seconds: float = 0, descriptor: int | None = None
) -> Iterator[socket.socket | None]:
    """The socket, ours or our parent's, at which a market is pushed in from this machine; None without
    a port. Who comes before it is served waits. Raises AddressTaken."""
    if port is None:
        yield None
        return
    bound = take_address(LOOPBACK, port, patience_seconds) if descriptor is None else inherited(descriptor)
    with bound as listener:
        listener.listen()
        yield listener


def url_of(listener: socket.socket) -> str:
    """How a browser on this machine reaches a bound socket."""
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        if sys.platform == "linux":
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener
