"""Wake-ups between processes: "something happened to X, up to number N". They may get lost.

Whoever is woken reads what happened from where it is kept, so a lost or repeated wake-up costs
time and never truth.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bus.connections import FAILURES, Absence, answered

CHANNEL_PREFIX = "zerodte:topic:"
SILENCE_SECONDS = 5.0
RECONNECT_SECONDS = 0.1
PUBLISHING_LOOKS = 10
RETURN_SECONDS = 1.0
UNKNOWN_SEQ = 0
MARKET_TOPIC = "market"
EVERY_TOPIC = "*"

log = structlog.get_logger()


def session_topic(session_id: UUID) -> str:
    return f"session:{session_id}"


def account_topic(account_id: UUID) -> str:
    return f"account:{account_id}"


def user_topic(user_id: UUID) -> str:
    return f"user:{user_id}"


def backtest_topic(source_hash: str) -> str:
    return f"backtest:{source_hash}"


def matched_topic(recording_id: UUID) -> str:
    return f"matched:{recording_id}"


class Wakes:
    """One listener's side of a topic: the highest number heard, and whether it was told.

    Hearing never waits for the listener; wake-ups that he has not taken yet become one.
    """

    def __init__(self) -> None:
        self._heard = asyncio.Event()
        self._seq = UNKNOWN_SEQ

    def hear(self, seq: int) -> None:
        self._seq = max(self._seq, seq)
        self._heard.set()

    async def next(self) -> int:
        """Wait for a wake-up: the highest number heard so far. It does not rise where wake-ups
        may have been missed; then read what is kept."""
        await self._heard.wait()
        self._heard.clear()
        return self._seq

    async def within(self, seconds: float) -> bool:
        """Wait for a wake-up, but no longer than so; whether one came. Unlike ``asyncio.wait_for`` it loses
        no cancellation that meets one."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.next()
                return True
        return False


class Topics:
    """Publishes, and hears every topic on one connection for all listeners of this process.

    Nobody waits for Redis longer than a fifth of a second to publish, and nobody at all once it did not
    answer, until it does: then all listeners everywhere are woken, for what they were not told meanwhile.
    """

    def __init__(self, url: str) -> None:
        self._publishing = Redis.from_url(
            url, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0), lib_name=None, lib_version=None
        )
        self._returning: asyncio.Task[None] | None = None
        self._is_away = False
        self._hearing = Redis.from_url(url, socket_connect_timeout=1, lib_name=None, lib_version=None)
        self._deaf = Absence("wake_ups_interrupted")
        self._listeners: defaultdict[str, set[Wakes]] = defaultdict(set)
        self._reader: asyncio.Task[None] | None = None

    async def session_changed(self, session_id: UUID, seq: int) -> None:
        await self.publish(session_topic(session_id), seq)

    async def sessions_changed(self, seqs: Mapping[UUID, int]) -> None:
        """Wake the listeners of each session in one round trip. Never fails."""
        await self._publish({session_topic(session_id): seq for session_id, seq in seqs.items()})

    async def account_changed(self, account_id: UUID, seq: int) -> None:
        await self.publish(account_topic(account_id), seq)

    async def backtest_changed(self, source_hash: str, seq: int) -> None:
        await self.publish(backtest_topic(source_hash), seq)

    async def user_changed(self, user_id: UUID) -> None:
        """Somebody signed out somewhere, or has another live session. Only a bell."""
        await self.publish(user_topic(user_id), UNKNOWN_SEQ)

    async def market_ticked(self, second: int) -> None:
        """A row, an opening or a closing is on the tape. Only a bell: its number starts again with each
        session, so look at the tape."""
        await self.publish(MARKET_TOPIC, max(second, UNKNOWN_SEQ))

    async def market_matched(self, recording_id: UUID, second: int) -> None:
        """Every order of a recording was matched up to ``second``, and that is committed."""
        await self.publish(matched_topic(recording_id), second)

    async def publish(self, topic: str, seq: int) -> None:
        """Wake every listener of a topic. Never fails: what it tells of is committed already."""
        await self._publish({topic: seq})

    @contextmanager
    def listen(self, topic: str) -> Iterator[Wakes]:
        """Hear a topic's wake-ups. Enter first and read what is kept then; not before."""
        if self._reader is None:
            self._reader = asyncio.create_task(self._read(), name="topics")
        wakes = Wakes()
        self._listeners[topic].add(wakes)
        try:
            yield wakes
        finally:
            self._listeners[topic].discard(wakes)
            if not self._listeners[topic]:
                del self._listeners[topic]

    async def close(self) -> None:
        tasks = [task for task in (self._reader, self._returning) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._hearing.aclose()
        await self._publishing.aclose()

    async def _publish(self, seqs: Mapping[str, int]) -> None:
        if not seqs or self._is_away:
            return
        pipeline = self._publishing.pipeline(transaction=False)
        for topic, seq in seqs.items():
            pipeline.publish(CHANNEL_PREFIX + topic, seq)
        try:
            await answered(pipeline.execute(), PUBLISHING_LOOKS)
        except FAILURES:
            self._leave_alone()

    def _leave_alone(self) -> None:
        if not self._is_away:
            self._is_away = True
            self._returning = asyncio.create_task(self._return(), name="topics_return")
            log.warning("wake_ups_suspended", reason="Redis does not answer")

    async def _return(self) -> None:
        """Ask for Redis until it answers, and publish again."""
        while self._is_away:
            await asyncio.sleep(RETURN_SECONDS)
            with suppress(*FAILURES):
                await answered(self._publishing.ping())
                self._is_away = False
        log.info("wake_ups_resumed")
        await self.publish(EVERY_TOPIC, UNKNOWN_SEQ)

    async def _read(self) -> None:
        """Hear until cancelled, connecting anew whenever the connection breaks or falls silent."""
        while True:
            try:
                async with self._hearing.pubsub() as pubsub:
                    async with asyncio.timeout(SILENCE_SECONDS):
                        await pubsub.psubscribe(CHANNEL_PREFIX + "*")
                    await self._hear_all(pubsub)
            except FAILURES:
                self._deaf.begin()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _hear_all(self, pubsub: PubSub) -> None:
        is_answering = True
        while True:
            message = await pubsub.get_message(timeout=SILENCE_SECONDS)
            if message is not None:
                is_answering = True
                self._hear(message)
            elif is_answering:
                is_answering = False
                await pubsub.ping()
            else:
                raise ConnectionError("Redis fell silent")

    def _hear(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "psubscribe":
                self._deaf.end()
                self._wake_everybody()
            case "pmessage":
                topic = message["channel"].decode().removeprefix(CHANNEL_PREFIX)
                if topic == EVERY_TOPIC:
                    self._wake_everybody()
                for wakes in self._listeners.get(topic, ()):
                    wakes.hear(int(message["data"]))

    def _wake_everybody(self) -> None:
        """Something may not have been heard until this moment, so everybody has to look for himself."""
        for listeners in self._listeners.values():
            for wakes in listeners:
                wakes.hear(UNKNOWN_SEQ)
