import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from websockets.exceptions import ConnectionClosed

from tests.api.asking import Desk, application
from tests.api.streaming import Socket, connected, served
from usecases.policy import Policy


async def test_an_address_has_so_many_sockets_without_a_token(desk: Desk) -> None:
    app = application(replace(desk.town.ports, policy=Policy(visitor_sockets=2)))
    async with served(app) as address, AsyncExitStack() as sockets:
        leaving = AsyncExitStack()
        await leaving.enter_async_context(Socket.open(address))
        await sockets.enter_async_context(Socket.open(address))
        for _ in range(3):
            await sockets.enter_async_context(Socket.open(address, desk.owner.token))

        async with connected(address) as connection, asyncio.timeout(5):
            await connection.send('{"type": "connection_init"}')
            with pytest.raises(ConnectionClosed):
                await connection.recv()
        assert connection.close_code == 4429
        assert connection.close_reason == "Too many sockets from your address"

        await leaving.aclose()
        async with asyncio.timeout(5):
            await place_of_its_own(address)


async def place_of_its_own(address: str) -> None:
    """Open a visitor's socket as soon as there is a place: the server hears of a closed one a little late."""
    while True:
        async with connected(address) as connection:
            await connection.send('{"type": "connection_init"}')
            try:
                assert await connection.recv() == '{"type":"connection_ack"}'
            except ConnectionClosed:
                await asyncio.sleep(0.05)
            else:
                return
