"""What a resolver is handed: the ports, and who is asking."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TypeAlias

import strawberry

from api.errors import unauthenticated
from usecases.auth import authenticate
from usecases.charging import Payer
from usecases.ports import Ports, Viewer


@dataclass(slots=True)
class Context:
    """One request, or one socket with all of its operations.

    A socket outlives its token, so there the token is checked anew whenever the viewer is asked for.
    ``leaving`` is what is done when the socket ends.
    """

    ports: Ports
    address: str
    token: str | None
    is_socket: bool = False
    signed_in: Viewer | None = None
    idempotency_key: str | None = None
    connection_params: dict[str, object] = field(default_factory=dict)
    leaving: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def sign_in(self) -> Viewer | None:
        """The viewer of the token, None for a visitor; a token that is not valid is refused."""
        if self.token is None:
            return None
        self.signed_in = await authenticate(self.ports, self.token)
        if self.signed_in is None:
            raise unauthenticated()
        return self.signed_in

    async def visitor_or_viewer(self) -> Viewer | None:
        return await self.sign_in() if self.is_socket else self.signed_in

    async def viewer(self) -> Viewer:
        """The viewer; a visitor is refused."""
        viewer = await self.visitor_or_viewer()
        if viewer is None:
            raise unauthenticated()
        return viewer

    async def payer(self) -> Payer:
        return Payer(await self.visitor_or_viewer(), self.address)

    async def signed_in_payer(self) -> Payer:
        return Payer(await self.viewer(), self.address)


Info: TypeAlias = strawberry.Info[Context, None]


def bare_token(authorization: object) -> str | None:
    """The token of an Authorization value, bare or after ``Bearer``; None when there is none."""
    text = authorization.strip() if isinstance(authorization, str) else ""
    scheme, _, rest = text.partition(" ")
    return (rest.strip() if scheme.lower() == "bearer" else text) or None
