"""Idempotency keys: the first 2xx answer under a key is kept, and every repeat gets it.

Inside one transaction, before any other lock::

    kept = await idempotency.claim(tx, user_id, key, request_hash)
    if kept is not None:            # the kept answer, or the Denial of a reused key
        return kept if isinstance(kept, Denial) else decoded(kept)
    ... decide and write ...
    await idempotency.record(tx, user_id, key, answer)      # on success only

While one transaction holds a key, the next claim of it waits for the outcome. A denial records
nothing, which leaves the key free for the next try, with whatever body.
"""

from datetime import timedelta

from sqlalchemy import CursorResult, bindparam, case, delete, func, update
from sqlalchemy.dialects.postgresql import insert

from engine.denials import Code, Denial
from store.database import Tx
from store.tables.idempotency import IdempotencyKeyRow

_keys = IdempotencyKeyRow.__table__  # type: ignore[attr-defined]

KEY_LENGTH_MAX = 255

# asked with every order: building a statement costs more than running it
_new = insert(_keys).values(
    user_id=bindparam("of_user"),
    key=bindparam("of_key"),
    request_hash=bindparam("asked_hash"),
    created_at=func.now(),
)
_is_free = _keys.c.answer.is_(None)
_CLAIM = _new.on_conflict_do_update(
    index_elements=[_keys.c.user_id, _keys.c.key],
    set_={"request_hash": case((_is_free, _new.excluded.request_hash), else_=_keys.c.request_hash)},
).returning(_keys.c.request_hash, _keys.c.answer)
_RECORD = (
    update(_keys)
    .where(_keys.c.user_id == bindparam("of_user"), _keys.c.key == bindparam("of_key"))
    .values(answer=bindparam("given"), created_at=func.now())
)


async def claim(tx: Tx, user_id: int, key: str, request_hash: bytes) -> bytes | Denial | None:
    """Take a key until the transaction ends. The answer kept under it, a denial where it was
    spent on another request, or None: then the caller does the work and calls ``record``.

    ``request_hash`` is the SHA-256 of everything that must be equal for a repeat to be one.
    """
    if not 0 < len(key) <= KEY_LENGTH_MAX:
        limits = f"an idempotency key must have 1 to {KEY_LENGTH_MAX} characters"
        return Denial(Code.INVALID_INPUT, limits)
    asked = {"of_user": user_id, "of_key": key, "asked_hash": request_hash}
    row = (await tx.execute(_CLAIM, asked)).one()
    if row.answer is not None and row.request_hash != request_hash:
        return Denial(
            Code.IDEMPOTENCY_KEY_REUSED,
            "the idempotency key was used for another request: use a new key",
        )
    answer: bytes | None = row.answer
    return answer


async def record(tx: Tx, user_id: int, key: str, answer: bytes) -> None:
    """Keep the answer under a key that this transaction has claimed."""
    await tx.execute(_RECORD, {"of_user": user_id, "of_key": key, "given": answer})


async def prune(tx: Tx, hours: int) -> int:
    """Forget the keys older than ``hours`` by the database's clock; how many there were."""
    old = _keys.c.created_at < func.now() - timedelta(hours=hours)
    result: CursorResult[object] = await tx.execute(delete(_keys).where(old))
    return result.rowcount
