"""Hashing passwords, which is slow on purpose and must not slow down anything else."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

HASHES_AT_ONCE_MAX = 2


@dataclass(frozen=True, slots=True)
class HashingCost:
    """What argon2id spends on one password; the defaults are the product's (rulings 6.5)."""

    memory_kib: int = 19 * 1024
    passes: int = 2
    lanes: int = 1

    @property
    def hasher(self) -> Argon2Hasher:
        return Argon2Hasher(time_cost=self.passes, memory_cost=self.memory_kib, parallelism=self.lanes)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password is right, and a newer hash of it where the kept one is out of date."""

    is_right: bool
    newer_hash: str | None


class Passwords:
    """argon2id in threads, for at most two callers at once. Hash and verify within ``turn()``."""

    def __init__(self, cost: HashingCost | None = None) -> None:
        self._turns = asyncio.Semaphore(HASHES_AT_ONCE_MAX)
        self._hasher = PasswordHash(((cost or HashingCost()).hasher,))
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
