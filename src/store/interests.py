"""Queries on who wants a program to be run: whoever saved it, and whoever looked at it lately."""

from datetime import datetime

from sqlalchemy import CompoundSelect, delete, literal, select, union_all
from sqlalchemy.dialects.postgresql import insert as upsert

from store.database import Tx
from store.tables.strategies import InterestRow, StrategyRow

_interests = InterestRow.__table__  # type: ignore[attr-defined]
_strategies = StrategyRow.__table__  # type: ignore[attr-defined]


async def touch(tx: Tx, user_id: int, source_hash: str, at: datetime) -> None:
    """The user looks at a program's results."""
    statement = upsert(_interests).values(user_id=user_id, program_hash=source_hash, seen_at=at)
    same = [_interests.c.user_id, _interests.c.program_hash]
    await tx.execute(statement.on_conflict_do_update(index_elements=same, set_={"seen_at": at}))


async def drop(tx: Tx, user_id: int, source_hash: str) -> None:
    mine = (_interests.c.user_id == user_id, _interests.c.program_hash == source_hash)
    await tx.execute(delete(_interests).where(*mine))


async def prune(tx: Tx, before: datetime) -> None:
    """Forget who looked before then."""
    await tx.execute(delete(_interests).where(_interests.c.seen_at < before))


async def wants(tx: Tx, user_id: int, source_hash: str, since: datetime) -> bool:
    """Whether the user has saved the program or looked at it since then."""
    wanting = _wanting(source_hash, since).subquery()
    found = select(literal(1)).where(wanting.c.user_id == user_id).limit(1)
    return (await tx.execute(found)).first() is not None


async def heir(tx: Tx, source_hash: str, owner_id: int | None, since: datetime) -> int | None:
    """Who is to answer for a program's run: its owner while he wants it, else another who does."""
    wanting = _wanting(source_hash, since).subquery()
    first = select(wanting.c.user_id).order_by(
        (wanting.c.user_id == (owner_id or 0)).desc(), wanting.c.user_id
    )
    found: int | None = (await tx.execute(first.limit(1))).scalar_one_or_none()
    return found


def _wanting(source_hash: str, since: datetime) -> CompoundSelect[tuple[int]]:
    saved = select(_strategies.c.user_id).where(
        _strategies.c.program_hash == source_hash, _strategies.c.removed_at.is_(None)
    )
    looking = select(_interests.c.user_id).where(
        _interests.c.program_hash == source_hash, _interests.c.seen_at > since
    )
    return union_all(saved, looking)
