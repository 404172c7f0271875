"""Hashing passwords, which is slow on purpose and must not slow down anything else."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

HASHES_AT_ONCE_MAX = 2
ARGON2ID = Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password is right, and a newer hash of it where the kept one is out of date."""

    is_right: bool
    newer_hash: str | None


class Passwords:
    """argon2id in threads, for at most two callers at once. Hash and verify within ``turn()``."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(HASHES_AT_ONCE_MAX)
        self._hasher = PasswordHash((ARGON2ID,))
        self._nobodys = self._hasher.hash(secrets.token_hex())

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        async with self._turns:
            yield

    async def hashed(self, password: str) -> str:
        return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password: str, kept_hash: str | None) -> Verdict:
        """Check a password. Where there is no hash to check, the work is the same and it is wrong."""
        kept = kept_hash or self._nobodys
        is_right, newer = await asyncio.to_thread(self._hasher.verify_and_update, password, kept)
        return Verdict(is_right and kept_hash is not None, newer)
