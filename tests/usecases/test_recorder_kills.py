"""Recorders are killed with kill -9 at seeded rows and go on: the tape becomes that of an undisturbed one."""

import asyncio
import random
import subprocess
import sys
from pathlib import Path

import numpy as np

from marketdata.library import Library
from marketdata.live import LiveMarket, OnAir
from marketdata.recording_files import TAPE, recording_ids
from marketdata.tapes import Kind, TapeRows, all_rows
from tests.campaigns import Campaign
from tests.days import DATE, publish_day, tiny_day

DAY = tiny_day()
PATIENCE_SECONDS = 30
KILLS = 3


def started(directory: Path, redis_url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tests.recorder", str(directory), redis_url])


async def seen_at(live: LiveMarket, second: int) -> OnAir:
    """What a reader sees once a recorder came to a second."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (seen := live.on_air()) is None or seen.second < second:
            await asyncio.sleep(0)
    return seen


async def tape_of(directory: Path, redis_url: str, kills: list[int]) -> TapeRows:
    """The tape of a recorder that is killed when it has come to each of these seconds. Whatever a reader has
    seen is there after the kill."""
    live = LiveMarket(directory / "live")
    for second in kills:
        recorder = started(directory, redis_url)
        seen = await seen_at(live, second)
        recorder.kill()
        recorder.wait()
        found = LiveMarket(directory / "live").on_air()
        assert found is not None and found.second >= seen.second
    last = started(directory, redis_url)
    assert await asyncio.to_thread(last.wait, PATIENCE_SECONDS) == 0
    (recording_id,) = recording_ids(live.root)
    return np.concatenate([*all_rows(live.root / str(recording_id) / TAPE, len(DAY.contracts))])


async def test_a_killed_recorder_loses_nothing_that_was_seen(
    tmp_path: Path, redis_url: str, campaign: Campaign
) -> None:
    source = publish_day(tmp_path / "source", DAY)
    undisturbed = await tape_of(tmp_path / "undisturbed", redis_url, [])
    kills = sorted(random.Random(campaign.seed).choices(range(601), k=campaign.size(KILLS, 100)))
    tape = await tape_of(tmp_path / "killed", redis_url, kills)

    assert (tape["kind"] == Kind.TOLD).all()
    same = [name for name in tape.dtype.names or () if name not in {"told_at_ns", "checksum"}]
    assert all(np.array_equal(tape[name], undisturbed[name]) for name in same)
    for name in ("undisturbed", "killed"):
        published = Library(tmp_path / name / "days").current(DATE)
        assert published is not None and published.content_hash == source.content_hash
