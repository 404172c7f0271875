import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from store.database import Database, DatabaseUnavailable, Tx, let_others_first, to_the_end
from tests.databases import opened

NOTE = text("INSERT INTO outbox (job, arguments, created_at) VALUES (:job, '{}', now())")
NOTES = text("SELECT job FROM outbox ORDER BY id")
SLEEP = text("SELECT pg_sleep(10)")
NAP = text("SELECT pg_sleep(0.05)")
BUSY = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()"
)


async def notes(database: Database) -> list[str]:
    async with database.reading() as tx:
        return list((await tx.execute(NOTES)).scalars())


async def test_transaction_commits(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(NOTE, {"job": "one"})

    assert await notes(database) == ["one"]


async def test_exception_rolls_back(database: Database) -> None:
    async def fail_after_writing() -> None:
        async with database.transaction() as tx:
            await tx.execute(NOTE, {"job": "one"})
            raise LookupError

    with pytest.raises(LookupError):
        await fail_after_writing()

    assert await notes(database) == []


async def test_reading_sees_one_moment(database: Database) -> None:
    async with database.reading() as tx:
        before = list((await tx.execute(NOTES)).scalars())
        async with database.transaction() as other:
            await other.execute(NOTE, {"job": "one"})
        after = list((await tx.execute(NOTES)).scalars())

    assert (before, after) == ([], [])


async def test_reading_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match="read-only transaction"):
        async with database.reading() as tx:
            await tx.execute(NOTE, {"job": "one"})


async def test_writing_works_after_reading_on_the_same_connection(database_url: str) -> None:
    async with opened(database_url, connections=1) as database:
        for job in ("one", "two"):
            assert job not in await notes(database)
            async with database.transaction() as tx:
                await tx.execute(NOTE, {"job": job})

        assert await notes(database) == ["one", "two"]


async def test_every_connection_carries_its_bounds(database_url: str) -> None:
    async with opened(database_url, statement_ms=1_500, lock_ms=700, idle_in_transaction_ms=900) as database:
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "TimeZone")

        async with database.reading() as tx:
            settings = [
                (await tx.execute(text("SELECT current_setting(:name)"), {"name": name})).scalar_one()
                for name in names
            ]

        assert settings == ["1500ms", "700ms", "900ms", "UTC"]


async def test_deadlock_is_retried_until_both_are_done(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(NOTE, {"job": "a"})
        await tx.execute(NOTE, {"job": "b"})
    both_hold_one = asyncio.Barrier(2)
    tries = {"ab": 0, "ba": 0}

    async def append(order: str, tx: Tx) -> None:
        tries[order] += 1
        for i, job in enumerate(order):
            if i == 1 and tries[order] == 1:
                await both_hold_one.wait()
            statement = text("UPDATE outbox SET job = job || '+' WHERE job LIKE :job || '%'")
            await tx.execute(statement, {"job": job})

    await asyncio.gather(database.run(lambda tx: append("ab", tx)), database.run(lambda tx: append("ba", tx)))

    assert sorted(await notes(database)) == ["a++", "b++"]
    assert max(tries.values()) > 1  # on a busy machine the loser may lose again


async def test_statement_cached_before_a_migration_is_retried(database: Database, database_url: str) -> None:
    async def rows(tx: Tx) -> list[tuple[object, ...]]:
        return [tuple(row) for row in await tx.execute(text("SELECT * FROM migrated"))]

    async with database.transaction() as tx:
        await tx.execute(text("CREATE TABLE migrated AS SELECT 1 AS a"))
    async with opened(database_url, connections=1) as single:
        assert await single.run(rows) == [(1,)]
        async with database.transaction() as tx:
            await tx.execute(text("ALTER TABLE migrated ADD COLUMN b integer DEFAULT 2"))

        assert await single.run(rows) == [(1, 2)]

        async with database.transaction() as tx:
            await tx.execute(text("DROP TABLE migrated"))


async def test_other_failures_are_not_retried(database: Database) -> None:
    tries = 0

    async def divide(tx: Tx) -> None:
        nonlocal tries
        tries += 1
        await tx.execute(text("SELECT 1 / 0"))

    with pytest.raises(DBAPIError, match="division by zero"):
        await database.run(divide)
    assert tries == 1


async def test_server_that_is_not_there_is_an_outage() -> None:
    async with opened("postgresql://nobody@/none?host=/nowhere") as database:
        with pytest.raises(DatabaseUnavailable):
            async with database.transaction():
                pass


async def test_connection_that_the_server_ends_is_an_outage_and_the_next_one_works(
    database: Database,
) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with database.transaction() as tx:
            await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    assert await notes(database) == []


async def test_pool_that_stays_empty_is_an_outage(database_url: str) -> None:
    bounds = {"connections": 1, "checkout_seconds": 0.05}
    async with opened(database_url, **bounds) as database, database.transaction():
        with pytest.raises(DatabaseUnavailable):
            async with database.reading():
                pass


async def test_a_crowd_leaves_connections_to_others_and_waits_as_long_as_it_takes(database_url: str) -> None:
    async with opened(database_url, connections=4, checkout_seconds=0.2) as database:
        working = 0

        async def one_of_a_crowd() -> int:
            nonlocal working
            let_others_first()
            async with database.reading() as tx:
                working += 1
                await tx.execute(NAP)
                working -= 1
                return working

        crowd = [asyncio.create_task(one_of_a_crowd()) for _ in range(10)]
        await asyncio.sleep(0.02)
        async with database.reading(), database.reading(), database.reading() as tx:
            await tx.execute(NOTES)
            assert not crowd[-1].done()
        assert await asyncio.gather(*crowd) == [0] * 10


async def test_connections_are_given_in_the_order_of_asking(database_url: str) -> None:
    """Also where somebody comes by at every moment, as when one is just given back."""
    asked: list[int] = []
    answered: list[int] = []

    async def ask(name: int) -> None:
        asked.append(name)
        async with database.asking() as tx:
            answered.append(name)
            await tx.execute(NOTES)

    async with opened(database_url, connections=2, checkout_seconds=10) as database:
        async with database.asking(), database.asking():  # both are connected from here on
            asking = []
        for name in range(300):
            asking.append(asyncio.create_task(ask(name)))
            await asyncio.sleep(0)
        await asyncio.gather(*asking)
    assert answered == asked


async def test_statement_that_takes_too_long_is_an_outage(database_url: str) -> None:
    async with opened(database_url, statement_ms=50) as database:
        with pytest.raises(DatabaseUnavailable):
            async with database.reading() as tx:
                await tx.execute(SLEEP)


async def test_lock_that_is_held_too_long_is_an_outage(database: Database, database_url: str) -> None:
    async with opened(database_url, lock_ms=50) as impatient:
        lock = text("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
        async with database.transaction() as tx:
            await tx.execute(lock)
            with pytest.raises(DatabaseUnavailable):
                async with impatient.transaction() as other:
                    await other.execute(lock)


async def test_cancellation_in_mid_statement_leaks_no_connection(database_url: str) -> None:
    async with opened(database_url, connections=2) as database:

        async def linger() -> None:
            async with database.transaction() as tx:
                await tx.execute(NOTE, {"job": "never"})
                await tx.execute(SLEEP)

        for _ in range(5):
            tasks = [asyncio.create_task(linger()) for _ in range(2)]
            await asyncio.sleep(0.05)
            for task in tasks:
                task.cancel()
            assert all(
                isinstance(outcome, asyncio.CancelledError)
                for outcome in await asyncio.gather(*tasks, return_exceptions=True)
            )

        async with database.reading(), database.reading() as tx:
            assert (await tx.execute(BUSY)).scalar_one() == 0
        assert await notes(database) == []


async def test_cancellation_while_waiting_for_a_connection_leaks_none(database_url: str) -> None:
    async with opened(database_url, connections=1) as database:
        async with database.transaction():
            waiting = [asyncio.create_task(notes(database)) for _ in range(5)]
            await asyncio.sleep(0.05)
            for task in waiting:
                task.cancel()
            await asyncio.wait(waiting)

        assert await notes(database) == []


async def test_cancelled_commit_comes_to_its_end_first() -> None:
    """The cancellation arrives while the commit is under way, twice; the commit is done before it
    goes on to the caller."""
    under_way, may_end = asyncio.Event(), asyncio.Event()
    ended: list[str] = []

    async def commit() -> None:
        under_way.set()
        await may_end.wait()
        ended.append("committed")

    task = asyncio.create_task(to_the_end(commit()))
    await under_way.wait()
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0)
    assert not task.done()
    may_end.set()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["committed"]


async def test_message_of_a_failed_statement_holds_no_parameter(database: Database) -> None:
    with pytest.raises(DBAPIError) as failure:
        async with database.transaction() as tx:
            await tx.execute(text("SELECT 1 / (length(:secret) - 6)"), {"secret": "canary"})

    assert "canary" not in str(failure.value)


async def test_asking_is_over_with_its_statement(database: Database) -> None:
    in_transaction = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL"
        " AND pid <> pg_backend_pid()"
    )
    async with database.asking() as tx:
        assert list((await tx.execute(NOTES)).scalars()) == []

        async with database.asking() as other:
            assert (await other.execute(in_transaction)).scalar_one() == 0
