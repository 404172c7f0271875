"""Clients of the WebSocket that are a nuisance."""

import socket as sockets
from collections.abc import Sequence

from websockets.client import ClientProtocol
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

RECEIVE_BYTES = 4_096


def deaf(uri: str, messages: Sequence[str], subprotocol: str | None = None) -> sockets.socket:
    """A client that subscribes and never reads, with little room for what is sent to it."""
    subprotocols = [Subprotocol(subprotocol)] if subprotocol else None
    protocol = ClientProtocol(parse_uri(uri), subprotocols=subprotocols)
    connection = sockets.socket()
    connection.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, RECEIVE_BYTES)
    connection.connect((protocol.uri.host, protocol.uri.port))
    protocol.send_request(protocol.connect())
    connection.sendall(b"".join(protocol.data_to_send()))
    protocol.receive_data(connection.recv(RECEIVE_BYTES))
    for message in messages:
        protocol.send_text(message.encode())
    connection.sendall(b"".join(protocol.data_to_send()))
    return connection
