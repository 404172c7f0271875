from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from runtime.resources import SettingMissing, installation_secret, open_ports
from runtime.settings import Settings
from tests.days import DATE, publish_day, publish_tiny_day, tiny_day
from tests.tapes import Told, closing_of, opening_of, row_of
from usecases.recording import record


def test_a_secret_is_made_once_for_its_owners_eyes_only(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "var")
    with ThreadPoolExecutor(8) as threads:
        secrets = set(threads.map(lambda _: installation_secret(settings), range(8)))
    assert secrets == {(tmp_path / "var" / "secret.key").read_bytes()}
    assert [len(secret) for secret in secrets] == [64]
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret.key"]
    assert (tmp_path / "var" / "secret.key").stat().st_mode & 0o777 == 0o600


def test_a_shared_secret_needs_no_file(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, secret_key="known to all hosts")
    assert installation_secret(settings) == b"known to all hosts"
    assert list(tmp_path.iterdir()) == []


async def test_ports_need_servers(tmp_path: Path) -> None:
    with pytest.raises(SettingMissing, match="ZERODTE_DATABASE_URL and ZERODTE_REDIS_URL"):
        async with open_ports(Settings(data_dir=tmp_path)):
            pass


async def test_without_a_feed_the_market_stands_at_the_last_recorded_close(tmp_path: Path) -> None:
    servers = {"database_url": "postgresql://nowhere/nothing", "redis_url": "redis://nowhere"}
    async with open_ports(Settings(data_dir=tmp_path, **servers)) as ports:
        assert ports.market_now() is None
        publish_tiny_day(tmp_path / "days")
        close_at = ports.library.current(DATE).close_at
        assert ports.market_now() == close_at


async def test_the_market_runs_by_the_feed_and_without_one_stands_at_the_last_close(tmp_path: Path) -> None:
    day, later = tiny_day(), tiny_day(DATE + timedelta(days=1))
    servers = {"database_url": "postgresql://nowhere/nothing", "redis_url": "redis://nowhere"}
    async with open_ports(Settings(data_dir=tmp_path, **servers)) as ports:
        publish_day(tmp_path / "days", later)
        for script, now in (
            ([opening_of(day)], day.time_of(-1)),
            ([row_of(day, 0)], day.open_at),
            ([row_of(day, 77)], day.time_of(77)),
            ([closing_of(day)], day.close_at),
        ):
            await record(ports, Told(script), pace=None)
            assert ports.market_now() == now
    async with open_ports(Settings(data_dir=tmp_path, market="none", **servers)) as ports:
        assert ports.market_now() == later.close_at


async def test_passwords_are_hashed_at_the_cost_that_is_set(tmp_path: Path) -> None:
    servers = {"database_url": "postgresql://nowhere/nothing", "redis_url": "redis://nowhere"}
    costs = {"hashing_memory_kib": 64, "hashing_passes": 3, "hashing_lanes": 2}
    async with open_ports(Settings(data_dir=tmp_path, **servers, **costs)) as ports:
        assert (await ports.passwords.hashed("correct-horse")).startswith("$argon2id$v=19$m=64,t=3,p=2$")
    async with open_ports(Settings(data_dir=tmp_path, **servers)) as ports:
        assert (await ports.passwords.hashed("correct-horse")).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
