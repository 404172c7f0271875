"""What tests about people share: an installation of their own, its clock, and its mailbox."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from bus.buckets import Buckets
from bus.health import Health
from bus.jobs import Jobs
from bus.seats import Seats
from bus.topics import Topics
from engine.denials import Denial
from engine.people import mailed_code
from marketdata.library import Library
from marketdata.live import LiveMarket
from store.database import Bounds, Database
from store.tables.codes import EmailCodeRow
from usecases import auth
from usecases.auth import NewToken
from usecases.passwords import Passwords
from usecases.policy import Policy
from usecases.ports import Ports, Viewer

SECRET = b"the secret of an installation 32"
PASSWORD = "correct-horse-battery"
HOME = "203.0.113.7"
PASSWORDS = Passwords()
UNHURRIED = Policy(auth_burst=1_000_000, complexity_a_minute=1_000_000)  # for tests of something else
PATIENT = Bounds(checkout_seconds=30)  # fifty callers at once wait their turn on any machine


@dataclass(slots=True)
class Clock:
    """A wall clock that moves when it is told to."""

    now: datetime = field(default=datetime(2025, 1, 15, 14, 30, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@dataclass(frozen=True, slots=True)
class Town:
    """An installation with people in it."""

    ports: Ports
    clock: Clock
    days: Path

    async def code(self, email: str) -> str:
        """Ask for a code and read it from the mail, which only the owner of the address can."""
        assert await auth.request_code(self.ports, email) is None
        return await self.code_sent(email.lower())

    async def code_sent(self, email: str) -> str:
        codes = EmailCodeRow.__table__
        async with self.ports.database.reading() as tx:
            row = (await tx.execute(codes.select().where(codes.c.email == email))).one()
        return mailed_code(SECRET, email, row.nonce)

    async def person(self, email: str = "trader@example.com", password: str | None = PASSWORD) -> NewToken:
        """Register somebody; a minute passes, so that the next code can be asked for."""
        outcome = await auth.register(self.ports, email, password, await self.code(email))
        assert isinstance(outcome, NewToken), outcome
        self.clock.pass_(minutes=1)
        return outcome

    async def viewer(self, token: NewToken) -> Viewer | None:
        return await auth.authenticate(self.ports, token.token)


@asynccontextmanager
async def town(database_url: str, redis_url: str, days: Path) -> AsyncIterator[Town]:
    clock = Clock()
    database, jobs, topics = Database(database_url, PATIENT), Jobs(redis_url), Topics(redis_url)
    buckets, seats, health = Buckets(redis_url), Seats(redis_url), Health(redis_url)
    ports = Ports(
        database=database,
        library=Library(days),
        live=LiveMarket(days / "live"),
        jobs=jobs,
        topics=topics,
        buckets=buckets,
        seats=seats,
        health=health,
        wall=clock,
        market_now=lambda: None,
        new_id=uuid4,
        policy=UNHURRIED,
        secret=SECRET,
        passwords=PASSWORDS,
    )
    try:
        yield Town(ports, clock, days)
    finally:
        await health.close()
        await seats.close()
        await buckets.close()
        await topics.close()
        await jobs.close()
        await database.close()


def cut_off() -> Ports:
    """An installation that reaches no server and has no recorded days."""
    nowhere = "unix:///nowhere/valkey.sock"
    return Ports(
        database=Database("postgresql://nobody@/none?host=/nowhere"),
        library=Library(Path("/nowhere")),
        live=LiveMarket(Path("/nowhere")),
        jobs=Jobs(nowhere),
        topics=Topics(nowhere),
        buckets=Buckets(nowhere),
        seats=Seats(nowhere),
        health=Health(nowhere),
        wall=Clock(),
        market_now=lambda: None,
        new_id=uuid4,
        policy=UNHURRIED,
        secret=SECRET,
        passwords=PASSWORDS,
    )


def wrong(code: str) -> str:
    """Six digits that are not the code's."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


def denied(outcome: object) -> Denial:
    assert isinstance(outcome, Denial), outcome
    return outcome


def digits_of(text: str) -> str:
    """The code in a mail's text."""
    found = re.findall(r"\b\d{6}\b", text)
    assert len(found) == 1, text
    return str(found[0])
