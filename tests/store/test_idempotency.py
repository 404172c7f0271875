import asyncio
from datetime import UTC, datetime
from hashlib import sha256
from uuid import uuid4

import pytest
from sqlalchemy import text

from engine.denials import Code, Denial
from store import idempotency, users
from store.database import Database

REQUEST = sha256(b"buy one").digest()
OTHER = sha256(b"buy two").digest()
REUSED = Denial(
    Code.IDEMPOTENCY_KEY_REUSED, "the idempotency key was used for another request: use a new key"
)


async def somebody(database: Database) -> int:
    async with database.transaction() as tx:
        email = f"{uuid4()}@example.com"
        user = await users.add(tx, uuid4(), email, None, datetime(2025, 1, 15, tzinfo=UTC))
    assert user is not None
    return user.id


async def answered(
    database: Database, user_id: int, answer: bytes, request: bytes = REQUEST
) -> bytes | Denial:
    """One request under the key "k": the kept answer, or its own, which it then keeps."""
    async with database.transaction() as tx:
        kept = await idempotency.claim(tx, user_id, "k", request)
        if kept is not None:
            return kept
        await idempotency.record(tx, user_id, "k", answer)
        return answer


async def test_repeat_gets_the_first_answer(database: Database) -> None:
    user_id = await somebody(database)

    assert await answered(database, user_id, b"first") == b"first"
    assert await answered(database, user_id, b"second") == b"first"


async def test_other_request_under_a_spent_key_is_denied(database: Database) -> None:
    user_id = await somebody(database)
    await answered(database, user_id, b"first")

    assert await answered(database, user_id, b"second", OTHER) == REUSED
    assert await answered(database, user_id, b"third") == b"first"


async def test_keys_of_two_people_are_two_keys(database: Database) -> None:
    one, other = await somebody(database), await somebody(database)
    await answered(database, one, b"one")

    assert await answered(database, other, b"other", OTHER) == b"other"


async def test_fifty_at_once_do_the_work_once(database: Database) -> None:
    user_id = await somebody(database)

    answers = await asyncio.gather(*(answered(database, user_id, str(i).encode()) for i in range(50)))

    assert len(set(answers)) == 1


async def test_second_waits_for_the_first(database: Database) -> None:
    user_id = await somebody(database)
    claimed, may_end = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with database.transaction() as tx:
            await idempotency.claim(tx, user_id, "k", REQUEST)
            claimed.set()
            await may_end.wait()
            await idempotency.record(tx, user_id, "k", b"first")

    running = asyncio.create_task(first())
    await claimed.wait()
    second = asyncio.create_task(answered(database, user_id, b"second"))
    await asyncio.sleep(0.05)
    assert not second.done()
    may_end.set()
    await running

    assert await second == b"first"


@pytest.mark.parametrize("request_hash", [REQUEST, OTHER])
async def test_denied_request_leaves_its_key_free(database: Database, request_hash: bytes) -> None:
    user_id = await somebody(database)
    async with database.transaction() as tx:
        assert await idempotency.claim(tx, user_id, "k", REQUEST) is None

    assert await answered(database, user_id, b"second", request_hash) == b"second"


async def test_failed_request_leaves_its_key_free(database: Database) -> None:
    user_id = await somebody(database)

    async def fail_after_recording() -> None:
        async with database.transaction() as tx:
            await idempotency.claim(tx, user_id, "k", REQUEST)
            await idempotency.record(tx, user_id, "k", b"first")
            raise LookupError

    with pytest.raises(LookupError):
        await fail_after_recording()

    assert await answered(database, user_id, b"second", OTHER) == b"second"


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_key_of_a_wrong_length_is_denied(database: Database, key: str) -> None:
    async with database.transaction() as tx:
        outcome = await idempotency.claim(tx, 1, key, REQUEST)

    message = "an idempotency key must have 1 to 255 characters"
    assert outcome == Denial(Code.INVALID_INPUT, message)


async def test_answers_are_kept_for_their_hours(database: Database) -> None:
    old, recent = await somebody(database), await somebody(database)
    await answered(database, old, b"old")
    await answered(database, recent, b"recent")
    aged = text("UPDATE idempotency_keys SET created_at = now() - interval '24 h 1 s' WHERE user_id = :id")
    async with database.transaction() as tx:
        await tx.execute(aged, {"id": old})

        assert await idempotency.prune(tx, hours=24) == 1

    assert await answered(database, old, b"new") == b"new"
    assert await answered(database, recent, b"new") == b"recent"
