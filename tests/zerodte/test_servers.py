from pathlib import Path

import asyncpg


async def test_pair(database_url: str, redis_url: str, shared_data: Path) -> None:
    connection = await asyncpg.connect(database_url)
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()
