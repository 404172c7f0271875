"""The verbs of ``usecases.auth`` as strangers reach them: so many tries for each address, and no more."""

from engine.denials import Denial
from usecases import auth
from usecases.auth import HasPassword, NewToken
from usecases.charging import admitted
from usecases.ports import Ports


async def check_email(ports: Ports, email: str, address: str) -> HasPassword | Denial:
    return await admitted(ports, address) or await auth.check_email(ports, email)


async def request_code(ports: Ports, email: str, address: str) -> Denial | None:
    return await admitted(ports, address) or await auth.request_code(ports, email)


async def register(
    ports: Ports, email: str, password: str | None, verification_code: str, address: str
) -> NewToken | Denial:
    return await admitted(ports, address) or await auth.register(ports, email, password, verification_code)


async def login(
    ports: Ports, email: str, password: str | None, verification_code: str | None, address: str
) -> NewToken | Denial:
    return await admitted(ports, address) or await auth.login(
        ports, email, password, verification_code, address
    )


async def forgot_password(ports: Ports, email: str, address: str) -> Denial | None:
    return await admitted(ports, address) or await auth.forgot_password(ports, email)


async def reset_password(
    ports: Ports, email: str, verification_code: str, password: str, address: str
) -> Denial | None:
    return await admitted(ports, address) or await auth.reset_password(
        ports, email, verification_code, password
    )
