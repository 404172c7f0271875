"""Mailed codes: what the mail says, and checking one. A code proves that its address is read.

The code is derived from the row's nonce and the server's secret whenever it is needed, so it is
neither in the database nor in a queue; only the mail holds it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from engine.denials import Denial
from engine.people import INVALID_CODE, code_denial, mailed_code
from store import codes
from store.database import Tx
from usecases.ports import Ports


@dataclass(frozen=True, slots=True)
class Mail:
    """A message to one person."""

    to: str
    subject: str
    text: str = field(repr=False)


async def submit_code(ports: Ports, tx: Tx, email: str, code: str) -> Denial | None:
    """Count a submission of a code; why it is refused, or None. It is not spent by this.

    The transaction must commit whatever the answer, or the failure would not count.
    """
    attempt = await codes.attempt(tx, email, _live_after(ports))
    if attempt is None:
        return INVALID_CODE
    expected = mailed_code(ports.secret, email, attempt.nonce)
    return code_denial(expected, code, attempt.attempts, ports.policy.code_failures_max)


async def code_mail(ports: Ports, code_id: int) -> Mail | None:
    """The message with a code, or None where the code can no longer be used."""
    async with ports.database.reading() as tx:
        code = await codes.live(tx, code_id, _live_after(ports))
    if code is None:
        return None
    digits = mailed_code(ports.secret, code.email, code.nonce)
    minutes = ports.policy.code_minutes
    text = (
        f"Your zerodte verification code is {digits}\n\n"
        f"It works once, within {minutes} minutes. If you did not ask for it, ignore this message.\n"
    )
    return Mail(to=code.email, subject="Your zerodte verification code", text=text)


def _live_after(ports: Ports) -> datetime:
    return ports.wall() - timedelta(minutes=ports.policy.code_minutes)
