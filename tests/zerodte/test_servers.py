import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import asyncpg
import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.zerodte.processes import directory_in_memory, patiently
from zerodte.programs import Confinement, server_confinement
from zerodte.servers import ServersUnavailable, Site, postgres, prepare_site, urls, valkey
from zerodte.supervisor import Supervisor, supervised

REPOSITORY = Path(__file__).parents[2]
AS_ROOT = (Confinement.NAMESPACE, Confinement.NOBODY)
CONFINEMENTS = AS_ROOT if os.geteuid() == 0 else (Confinement.SAME_USER,)
POSSIBLE = [one for one in CONFINEMENTS if one is not Confinement.NAMESPACE or server_confinement() is one]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with directory_in_memory() as directory:
        yield directory


@contextmanager
def running(site: Site) -> Iterator[Supervisor]:
    with supervised(Event()) as supervisor:
        supervisor.start(postgres(site), valkey(site))
        yield supervisor


async def remember(data_dir: Path) -> None:
    database_url, redis_url = urls(data_dir)
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    await connection.close()
    async with Redis.from_url(redis_url) as redis:
        await redis.set("kept", 42)


async def remembered(data_dir: Path) -> tuple[int, bytes]:
    database_url, redis_url = urls(data_dir)
    connection = await asyncpg.connect(database_url)
    answer = await connection.fetchval("SELECT answer FROM kept")
    await connection.close()
    async with Redis.from_url(redis_url) as redis:
        return answer, await redis.get("kept")


async def server_pids(data_dir: Path) -> tuple[int, int]:
    lock = next(data_dir.glob("pg*/postmaster.pid"))
    async with Redis.from_url(urls(data_dir)[1]) as redis:
        return int(lock.read_text().splitlines()[0]), (await redis.info("server"))["process_id"]


async def tended(supervisor: Supervisor, data_dir: Path) -> bool:
    """Whether both servers serve again after one more round of care."""
    supervisor.tend()
    try:
        await remembered(data_dir)
    except (OSError, asyncpg.PostgresError, RedisError):
        return False
    return True


@pytest.mark.parametrize("confinement", POSSIBLE)
async def test_servers_keep_their_data_from_run_to_run(data_dir: Path, confinement: Confinement) -> None:
    for attempt in range(2):
        with running(prepare_site(data_dir, confinement=confinement)):
            if attempt == 0:
                await remember(data_dir)
            assert await remembered(data_dir) == (42, b"42")
    assert [directory.stat().st_mode & 0o777 for directory in sorted(data_dir.iterdir())] == [0o700] * 4


async def test_servers_serve_again_after_each_was_killed(data_dir: Path) -> None:
    site = prepare_site(data_dir)
    with running(site) as supervisor:
        await remember(data_dir)
        for pid in await server_pids(data_dir):
            os.kill(pid, signal.SIGKILL)
        await patiently(lambda: tended(supervisor, data_dir))
        assert await remembered(data_dir) == (42, b"42")


async def test_servers_that_outlived_a_killed_supervisor_are_replaced(data_dir: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from tests.zerodte.test_servers import *\n"
        f"with running(prepare_site(Path({str(data_dir)!r}))): print('up', flush=True); time.sleep(60)"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", program], cwd=REPOSITORY, stdout=subprocess.PIPE)
    assert supervisor.stdout is not None
    assert supervisor.stdout.readline() == b"up\n"
    await remember(data_dir)
    supervisor.kill()
    supervisor.communicate()
    with running(prepare_site(data_dir)):
        assert await remembered(data_dir) == (42, b"42")


async def test_data_moves_between_ways_of_running_as_root(data_dir: Path) -> None:
    for confinement in (*POSSIBLE, POSSIBLE[0]):
        with running(prepare_site(data_dir, confinement=confinement)):
            connection = await asyncpg.connect(urls(data_dir)[0])
            assert await connection.fetchval("SELECT current_database()") == "zerodte"
            await connection.close()


@pytest.mark.parametrize("name", ["d" * 120, "with space & sign?#%"])
async def test_sockets_of_an_unfit_path_are_elsewhere(data_dir: Path, name: str) -> None:
    unfit = data_dir / name
    unfit.mkdir()
    with running(prepare_site(unfit)):
        await remember(unfit)
        sockets = (unfit / "run").readlink()
        assert await remembered(unfit) == (42, b"42")
    with running(prepare_site(unfit)):
        assert await remembered(unfit) == (42, b"42")
    assert not sockets.exists()
    shutil.rmtree((unfit / "run").readlink())


def test_a_half_made_database_is_made_anew(data_dir: Path) -> None:
    site = prepare_site(data_dir)
    made = Path(postgres(site).argv[2])
    made.rename(made.with_suffix(".new"))
    (made.with_suffix(".new") / "PG_VERSION").unlink()
    postgres(site)
    assert (made / "PG_VERSION").exists()
    assert not made.with_suffix(".new").exists()


def test_chosen_programs_take_the_place_of_the_wheels(data_dir: Path) -> None:
    site = prepare_site(data_dir)
    wheel = Path(valkey(site).argv[0])
    chosen = data_dir / "redis-server"
    chosen.symlink_to(wheel)
    assert valkey(site, chosen).argv[0] == str(chosen)


def test_missing_programs_are_named_with_what_to_set(data_dir: Path) -> None:
    site = prepare_site(data_dir)
    with pytest.raises(ServersUnavailable, match=r"ZERODTE_POSTGRES_PROGRAMS.*ZERODTE_DATABASE_URL"):
        postgres(site, data_dir / "nowhere")
    with pytest.raises(ServersUnavailable, match=r"ZERODTE_VALKEY_PROGRAM.*ZERODTE_REDIS_URL"):
        valkey(site, data_dir / "nowhere")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has servers run as nobody")
def test_a_directory_out_of_reach_is_refused_with_the_ways_out(data_dir: Path) -> None:
    private = data_dir / "private"
    private.mkdir(mode=0o700)
    with pytest.raises(ServersUnavailable, match=r"cannot reach .*private/var: choose another --data-dir"):
        prepare_site(private / "var", confinement=Confinement.NOBODY)


async def test_servers_are_reached_through_our_private_directory_alone(data_dir: Path) -> None:
    site = prepare_site(data_dir)
    with running(site):
        database_url, redis_url = urls(data_dir)
        connection = await asyncpg.connect(database_url)
        assert await connection.fetchval("SHOW listen_addresses") == ""
        await connection.close()
        async with Redis.from_url(redis_url) as redis:
            assert await redis.config_get("port") == {"port": "0"}
        assert site.sockets.stat().st_mode & 0o777 == 0o700
