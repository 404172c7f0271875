"""The live market's matcher: a tick over many pending orders, the close, and who goes on where it dies."""

import asyncio
import signal
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from uuid import UUID

from sqlalchemy import text

from bench.figures import Figure, percentile
from bench.product import UnexpectedAnswer
from engine.contracts import Contract, Right
from engine.fees import DEFAULT_FEES
from engine.matching import PendingBook
from engine.orders import Action, Effect, Leg, Order, OrderType, Ticket
from store.migrating import migrate
from tests.days import tiny_day
from tests.live_workers import Floor, floor, until
from usecases import events
from usecases.ports import Viewer
from zerodte.servers import postgres, prepare_site, urls, valkey
from zerodte.supervisor import supervised

BOOKS = {1_000: None, 10_000: 50.0, 100_000: 400.0}
LAPS = 200
SESSIONS = 1_000
PENDING = 10_000
FILLS_A_TICK = 100
SUBSCRIBER_MS = 50.0
EXPIRY_MS = 2_000.0
FAILOVERS = 10
KILLED_MS, STOPPED_MS = 1_500.0, 2_000.0
NICKELS_FROM, NICKELS = 235, 55  # from 3.00 down, the call of a tiny day loses a nickel in six seconds
SECONDS_A_NICKEL = 6

_PEOPLE = """
    INSERT INTO users (uuid, email, slippage_cents, operator, created_at)
    SELECT gen_random_uuid(), 'live' || n || '@example.com', 0, false, now() FROM generate_series(1, :count) n
"""
_SESSIONS = """
    INSERT INTO sessions (uuid, user_id, mode, date, opening_cents, version, created_at, recording_uuid)
    SELECT gen_random_uuid(), id, 'live', :date, 1000000000, 0, now(), :recording
    FROM users WHERE email LIKE 'live%' ORDER BY id
"""
# ``each`` orders a session that wait in vain, and one a price for every tenth session in turn
_IN_VAIN = """
    INSERT INTO orders (uuid, user_id, session_id, sequence, placed_at, type, effect, price_cents,
                        slippage_cents, legs, request_hash, updated_at, status)
    SELECT gen_random_uuid(), s.user_id, s.id, n, :open, 'limit', 'debit', 5, 0,
           '[[5950, "C", 1, "buy to open"]]', '\\x00', now(), 'pending'
    FROM sessions s, generate_series(1, :each) n WHERE s.recording_uuid = :recording ORDER BY n, s.id
"""
_IN_TURN = """
    INSERT INTO orders (uuid, user_id, session_id, sequence, placed_at, type, effect, price_cents,
                        slippage_cents, legs, request_hash, updated_at, status)
    SELECT gen_random_uuid(), s.user_id, s.id, 100 + n, :open, 'limit', 'debit', 300 - 5 * n, 0,
           '[[5950, "C", 1, "buy to open"]]', '\\x00', now(), 'pending'
    FROM (SELECT *, row_number() OVER (ORDER BY id) AS place
          FROM sessions WHERE recording_uuid = :recording) s,
         generate_series(1, :prices) n
    WHERE s.place % 10 = n % 10
"""


def live_figures() -> Iterator[Figure]:
    yield from book_figures()
    with TemporaryDirectory(prefix="zd-") as folder:
        Path(folder).chmod(0o711)  # PostgreSQL runs as another user where root starts it
        site = prepare_site(Path(folder))
        with supervised(Event()) as supervisor:
            supervisor.start(postgres(site), valkey(site))
            yield from asyncio.run(measured(*urls(site.data_dir), Path(folder)))


def book_figures() -> Iterator[Figure]:
    """One second against pending orders of one to four legs, none of which fills."""
    day = tiny_day(strikes=tuple(range(5800, 6100, 5)))
    for count, most in BOOKS.items():
        book = PendingBook()
        for number in range(count):
            book.add(number, resting(number, day.contracts), day)
        taken = []
        for lap in range(-LAPS // 10, LAPS):
            start = time.perf_counter_ns()
            if book.hits(day, max(lap, 0)):
                raise UnexpectedAnswer("an order was filled that waits in vain")
            taken.append((time.perf_counter_ns() - start) / 1_000)
        yield Figure(f"a second against {count:,} pending orders", statistics.median(taken), "µs", most=most)


def resting(number: int, contracts: tuple[Contract, ...]) -> Order:
    calls = [one for one in contracts if one.right is Right.CALL]
    legs = tuple(
        Leg(calls[(7 * number + leg) % len(calls)], 1, Action.BUY_TO_OPEN) for leg in range(1 + number % 4)
    )
    ticket = Ticket(OrderType.LIMIT, legs, Effect.DEBIT, price_cents=5)
    return Order(UUID(int=number), number, 0, ticket, 0, None)


async def measured(database_url: str, redis_url: str, folder: Path) -> list[Figure]:
    await migrate(database_url)
    async with floor(database_url, redis_url, folder / "ticks") as pit, working(pit, 1):
        await fill_up(pit)
        one, last = await ticks(pit)
        expiry_ms = await expiry(pit)
    day = tiny_day(close_second=20_000)
    async with (
        floor(database_url, redis_url, folder / "failovers", day) as pit,
        working(pit, 2),
        pit.running(20),
    ):
        killed = await failovers(pit, signal.SIGKILL)
        stopped = await failovers(pit, signal.SIGSTOP)
    note = f"{PENDING:,} pending orders of {SESSIONS:,} sessions"
    return [
        Figure("100 fills on a tick → a subscriber, p50", statistics.median(one), "ms", note=note),
        Figure("100 fills on a tick → a subscriber, p99", percentile(one, 99), "ms", most=SUBSCRIBER_MS),
        Figure("100 fills on a tick → the last of 100 subscribers, p50", statistics.median(last), "ms"),
        Figure(f"{PENDING:,} orders expire at the close", expiry_ms, "ms", most=EXPIRY_MS),
        Figure("the matcher is killed: another goes on, p50", statistics.median(killed), "ms"),
        Figure(f"the matcher is killed: p100 of {FAILOVERS}", max(killed), "ms", most=KILLED_MS),
        Figure("the matcher is stopped: another goes on, p50", statistics.median(stopped), "ms"),
        Figure(f"the matcher is stopped: p100 of {FAILOVERS}", max(stopped), "ms", most=STOPPED_MS),
    ]


@asynccontextmanager
async def working(pit: Floor, count: int) -> AsyncIterator[None]:
    """So many live workers, of which one holds the market."""
    for _ in range(count):
        pit.start()
    try:
        await until_standing_by(pit, count)
        yield
    finally:
        for process in list(pit.workers.values()):
            pit.kill(process)


async def fill_up(pit: Floor) -> None:
    """Sessions with pending orders, written straight to the store."""
    about = {"recording": pit.market.id}
    async with pit.town.ports.database.transaction() as tx:
        await tx.execute(text(_PEOPLE), {"count": SESSIONS})
        await tx.execute(text(_SESSIONS), about | {"date": pit.market.day.date})
        opened = about | {"open": pit.market.day.open_at}
        await tx.execute(text(_IN_VAIN), opened | {"each": PENDING // SESSIONS})
        await tx.execute(text(_IN_TURN), opened | {"prices": NICKELS})
        await tx.execute(text("ANALYZE"))


async def ticks(pit: Floor) -> tuple[list[float], list[float]]:
    """Milliseconds from a row that fills a hundred orders to its reader: of one subscriber at each tick,
    and where every owner is one, of the last of them."""
    sessions = await sessions_in_turn(pit)
    one: list[float] = []
    last: list[float] = []
    for nickel in range(1, NICKELS + 1):
        of_tick = sessions[nickel % 10]
        assert len(of_tick) == FILLS_A_TICK
        followed = of_tick[:1] if nickel % 2 else of_tick
        second = NICKELS_FROM + SECONDS_A_NICKEL * nickel
        await pit.tell(second - 1)
        await pit.until_matched(second - 1)
        taken = await tick_ms(pit, second, followed)
        (one if nickel % 2 else last).append(taken)
    return one, last


async def tick_ms(pit: Floor, second: int, followed: list[tuple[int, UUID]]) -> float:
    """Until every follower has read that his session's order filled."""
    async with pit.town.ports.database.asking() as tx:
        rows = (await tx.execute(text("SELECT uuid, version FROM sessions"))).all()
    versions = {row.uuid: row.version for row in rows}
    following = [
        asyncio.create_task(first_event(pit, user_id, session_id, versions[session_id]))
        for user_id, session_id in followed
    ]
    await asyncio.sleep(0.3)
    start = time.perf_counter()
    await pit.tell(second)
    await asyncio.wait_for(asyncio.gather(*following), 20)
    return 1_000 * (time.perf_counter() - start)


async def first_event(pit: Floor, user_id: int, session_id: UUID, after: int) -> None:
    stream = events.session_events(pit.town.ports, viewer_of(user_id), session_id, after)
    event = await anext(stream)
    await stream.aclose()
    if event.kind != "order_filled":
        raise UnexpectedAnswer(f"{event.kind} was told, not a fill")


def viewer_of(user_id: int) -> Viewer:
    return Viewer(
        user_id=user_id,
        uuid=UUID(int=user_id),
        email="",
        fees=DEFAULT_FEES,
        fees_overridden=False,
        slippage_cents=0,
        operator=False,
        token_id=0,
    )


async def sessions_in_turn(pit: Floor) -> list[list[tuple[int, UUID]]]:
    """The (user, session) whose orders each tick of ten meets."""
    async with pit.town.ports.database.asking() as tx:
        rows = (await tx.execute(text("SELECT user_id, uuid FROM sessions ORDER BY id"))).all()
    return [[(row.user_id, row.uuid) for row in rows[(turn - 1) % 10 :: 10]] for turn in range(10)]


async def expiry(pit: Floor) -> float:
    """Milliseconds from the closing to the commit after which nothing is pending."""
    left = text("SELECT count(*) FROM orders WHERE status = 'pending'")
    async with pit.town.ports.database.asking() as tx:
        if (await tx.execute(left)).scalar_one() != PENDING:
            raise UnexpectedAnswer("the ticks have filled what they should not")
    start = time.perf_counter()
    pit.market.end()
    await pit.town.ports.topics.market_ticked(pit.market.day.close_second)
    await pit.until_matched(pit.market.day.close_second)
    taken = 1_000 * (time.perf_counter() - start)
    async with pit.town.ports.database.asking() as tx:
        if (await tx.execute(left)).scalar_one():
            raise UnexpectedAnswer("something is pending after the close")
    return taken


async def failovers(pit: Floor, number: signal.Signals) -> list[float]:
    """Milliseconds until another has matched a row, each time the holder is silenced by a signal."""
    taken = []
    for _ in range(FAILOVERS):
        silenced = await pit.holder()
        assert silenced is not None, "somebody holds the market"
        taken.append(1_000 * await pit.failover(number))
        pit.kill(silenced)
        pit.start()
        await until_standing_by(pit, 2)
    return taken


async def until_standing_by(pit: Floor, count: int) -> None:
    """Until so many workers have told that they are there, of whom one holds the market."""

    async def are_there() -> bool:
        return await pit.holder() is not None and await pit.standing_by() == count

    await until(are_there)
