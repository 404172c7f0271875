"""Processes are killed in the middle of carrying, editing and repricing days, and started again.

What was acknowledged is there, what was not is whole or absent, a repricing ends by itself, and the
books are right. A sample of the cases in `make test`, all of them in `make soak`.
"""

import random
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy import text

from tests.campaigns import CAMPAIGN
from tests.days import publish_tiny_day
from tests.ledgers import DEARER, long_account
from tests.people import SECRET, Town
from tests.people import town as a_town
from tests.usecases.test_account_sessions import (
    CALL,
    CALL_LOST,
    CAPITAL,
    CLOSE,
    FRIDAY,
    PUT_KEPT,
    PUT_SOLD,
    THURSDAY,
    WEDNESDAY,
    move,
    opened,
    placed,
    traded,
)
from tests.usecases.test_accounts import CONDORS, funded
from tests.zerodte.processes import patiently
from usecases import users
from usecases.auditing import audit
from usecases.failpoints import Failpoint
from usecases.ports import Viewer
from zerodte.listening import take_address, url_of
from zerodte.programs import Program, spawn

SAMPLE = 3
LARGE = 251  # one day more than a request recomputes
KILL_SECONDS = 20
AFTER_THE_COMMIT = {Failpoint.COMMITTED, Failpoint.STAGED_COMMITTED, Failpoint.REPRICING_ASKED}
DEARER_BY = 1_00  # for each call that was bought


@dataclass(slots=True)
class Site:
    """Where the processes of a test find everything; its API's address outlives them."""

    town: Town
    trader: Viewer
    token: str
    environment: dict[str, str]
    data_dir: Path
    listener: socket.socket

    @contextmanager
    def running(self, *words: str, point: Failpoint | None = None) -> Iterator[subprocess.Popen[bytes]]:
        """One of our programs, which kills itself at a failure point if one is named."""
        armed = {"ZERODTE_FAILPOINT": point or ""}
        process = spawn(
            Program(
                words[0],
                (sys.executable, "-P", "-m", "zerodte.cli", *words),
                environment=self.environment | armed,
                inherited=(self.listener.fileno(),),
                log=self.data_dir / f"{words[0]}.log",
            )
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    @contextmanager
    def api(self, point: Failpoint | None = None) -> Iterator[subprocess.Popen[bytes]]:
        with self.running("api", "--fd", str(self.listener.fileno()), point=point) as process:
            yield process

    @contextmanager
    def worker(self, point: Failpoint | None = None) -> Iterator[subprocess.Popen[bytes]]:
        with self.running("worker", "batch", point=point) as process:
            yield process

    def asked(self, method: str, path: str, body: object = None) -> httpx2.Response:
        headers = {"Authorization": self.token}
        url = url_of(self.listener) + path
        return httpx2.request(method, url, headers=headers, json=body, timeout=KILL_SECONDS)


@dataclass(frozen=True, slots=True)
class Scene:
    """An account: Wednesday and Thursday are settled, Friday is open if it is there."""

    site: Site
    account: UUID
    days: dict[date, str] = field(default_factory=dict)
    order: UUID | None = None

    @property
    def path(self) -> str:
        return f"/accounts/{self.account}"

    def session(self, on: date) -> str:
        return f"{self.path}/sessions/{self.days[on]}"

    def read(self) -> list[Any]:
        """All that its owner sees of the account."""
        answers = [self.site.asked("GET", self.path + tail) for tail in ("", "/sessions")]
        assert [answer.status_code for answer in answers] == [200] * 2, [one.text for one in answers]
        return [answer.json() for answer in answers]

    def cash_cents(self) -> int:
        return round(float(self.read()[0]["cash_balance"]) * 100)


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is asked of the API, the points on its way, and the cash that it ends with."""

    name: str
    request: Callable[[Scene], tuple[str, str, object]]
    points: tuple[Failpoint, ...]
    cash_cents: int
    with_open_day: bool = False


SETTLING = (Failpoint.SETTLEMENT_STORED, Failpoint.SETTLEMENT_POSTED, Failpoint.COMMITTED)
BOTH_DAYS = CAPITAL + CALL_LOST + PUT_KEPT
ACTS = (
    Act(
        "settle the open day",
        lambda scene: ("PATCH", scene.session(FRIDAY), {"time": "2025-01-17T14:40:00Z"}),
        (Failpoint.CLOCK_SET, *SETTLING),
        BOTH_DAYS + CALL_LOST,
        with_open_day=True,
    ),
    Act(
        "rewind a settled day",
        lambda scene: ("PATCH", scene.session(WEDNESDAY), {"time": "2025-01-15T14:35:00Z"}),
        (Failpoint.CLOCK_SET, Failpoint.DAY_REOPENED, Failpoint.COMMITTED),
        CAPITAL + PUT_KEPT,
    ),
    Act(
        "open a settled day again",
        lambda scene: ("POST", f"{scene.path}/sessions", {"date": str(WEDNESDAY)}),
        (Failpoint.DAY_REOPENED, Failpoint.COMMITTED),
        CAPITAL + PUT_KEPT,
    ),
    Act(
        "edit a settled day",
        lambda scene: ("DELETE", f"{scene.session(WEDNESDAY)}/orders/{scene.order}", None),
        (Failpoint.DAY_REOPENED, *SETTLING),
        CAPITAL + PUT_KEPT,
    ),
    Act(
        "delete a settled day",
        lambda scene: ("DELETE", scene.session(WEDNESDAY), None),
        (Failpoint.DAY_DELETED, Failpoint.COMMITTED),
        CAPITAL + PUT_KEPT,
    ),
    Act(
        "delete the open day",
        lambda scene: ("DELETE", scene.session(FRIDAY), None),
        (Failpoint.DAY_DELETED, Failpoint.COMMITTED),
        BOTH_DAYS,
        with_open_day=True,
    ),
    Act(
        "edit the capital",
        lambda scene: ("PATCH", scene.path, {"starting_capital": "400000"}),
        (Failpoint.CAPITAL_POSTED, Failpoint.COMMITTED),
        BOTH_DAYS + 100_000_00,
    ),
)
REPRICING = (
    Failpoint.DAYS_STAGED,
    Failpoint.STAGED_COMMITTED,
    Failpoint.REPRICING_POSTED,
    Failpoint.COMMITTED,
)


BACKTESTS = (  # tried in test_backtest_kills
    Failpoint.CHUNK_LEASED,
    Failpoint.CHUNK_RUN,
    Failpoint.RESULTS_STORED,
    Failpoint.CHUNK_COMMITTED,
)
LIVE = (  # tried in tests/workers/test_live and tests/usecases/test_live_settling
    Failpoint.MATCHER_LEASED,
    Failpoint.TICK_ADVANCED,
    Failpoint.TICK_FILLED,
    Failpoint.TICK_EXPIRED,
    Failpoint.TICK_COMMITTED,
    Failpoint.LIVE_PINNED,
    Failpoint.LIVE_SETTLED,
    Failpoint.SETTLEMENT_COMMITTED,
)
REPRICING_IN_A_REQUEST = (Failpoint.REPRICING_ASKED, *REPRICING)


def sampled(cases: list[Any], sample: int) -> list[Any]:
    """All of the cases in a soak, otherwise some of them, the same in every run."""
    size = CAMPAIGN.size(sample, len(cases))
    return random.Random(CAMPAIGN.seed).sample(cases, size)


def test_every_failure_point_is_on_the_way_of_something() -> None:
    acts = {point for act in ACTS for point in act.points}
    assert acts | {*REPRICING_IN_A_REQUEST} | {*BACKTESTS} | {*LIVE} == {*Failpoint}


@pytest_asyncio.fixture
async def site(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    environment = {
        "ZERODTE_DATABASE_URL": database_url,
        "ZERODTE_REDIS_URL": redis_url,
        "ZERODTE_DATA_DIR": str(tmp_path),
        "ZERODTE_SECRET_KEY": SECRET.decode(),
    }
    async with a_town(database_url, redis_url, tmp_path / "days") as town:
        town.clock.now = datetime.now(UTC)
        token = await town.person("trader@example.com", None)
        town.clock.now = datetime.now(UTC)  # the minute that passed has not for the processes
        with take_address("127.0.0.1", 0) as listener:
            listener.listen()
            yield Site(town, token.viewer, token.token, environment, tmp_path, listener)


async def scene_of(site: Site, *, with_open_day: bool = False) -> Scene:
    for on in (WEDNESDAY, THURSDAY, FRIDAY):
        publish_tiny_day(site.town.days, on)
    about = replace(CONDORS, starting_capital_cents=CAPITAL)
    account = (await funded(site.town, site.trader, about)).id
    wednesday = await opened(site.town, site.trader, account, WEDNESDAY)
    order = await placed(site.town, site.trader, wednesday, CALL)
    await move(site.town, site.trader, wednesday, CLOSE)
    thursday = await traded(site.town, site.trader, account, THURSDAY, PUT_SOLD)
    days = {WEDNESDAY: str(wednesday.id), THURSDAY: str(thursday.id)}
    if with_open_day:
        friday = await opened(site.town, site.trader, account, FRIDAY)
        await placed(site.town, site.trader, friday, CALL)
        days[FRIDAY] = str(friday.id)
    return Scene(site, account, days, order)


async def books_are_right(site: Site) -> bool:
    found = await audit(site.town.ports)
    assert found.violations == (), [str(one) for one in found.violations]
    return True


def killed_by(site: Site, process: subprocess.Popen[bytes], request: tuple[str, str, object]) -> None:
    """Ask for something that kills the API before it answers."""
    with pytest.raises(httpx2.TransportError):
        site.asked(*request)
    assert process.wait(KILL_SECONDS) == -signal.SIGKILL


@pytest.mark.parametrize(
    ("act", "point"),
    [
        pytest.param(act, point, id=f"{act.name}, {point}")
        for act, point in sampled([(act, point) for act in ACTS for point in act.points], SAMPLE)
    ],
)
async def test_a_killed_api_leaves_a_write_whole_or_absent(site: Site, act: Act, point: Failpoint) -> None:
    scene = await scene_of(site, with_open_day=act.with_open_day)
    request = act.request(scene)
    with site.api(point) as armed:
        before = scene.read()
        killed_by(site, armed, request)
    with site.api():
        found = scene.read()
        assert (found == before) == (point not in AFTER_THE_COMMIT)
        await books_are_right(site)

        again = site.asked(*request)  # as whoever got no answer does
        assert again.is_success or (point in AFTER_THE_COMMIT and again.status_code == 404), again.text
        repeated = scene.read()
        assert (repeated == found) == (point in AFTER_THE_COMMIT)
        assert scene.cash_cents() == act.cash_cents
        await books_are_right(site)


@pytest.mark.parametrize("point", sampled([*REPRICING_IN_A_REQUEST], 1))
async def test_a_repricing_ends_by_itself_after_its_api_was_killed(site: Site, point: Failpoint) -> None:
    scene = await scene_of(site)
    with site.api(point) as armed:
        assert scene.cash_cents() == BOTH_DAYS
        killed_by(site, armed, ("PATCH", "/user", {"fee_schedule": DEARER.fee_schedule}))
    with site.api(), site.worker():
        assert scene.cash_cents() in {BOTH_DAYS, BOTH_DAYS - DEARER_BY}
        await repriced(scene, BOTH_DAYS - DEARER_BY)


@pytest.mark.parametrize("point", sampled([*REPRICING], 1))
async def test_a_repricing_is_taken_up_after_its_worker_was_killed(site: Site, point: Failpoint) -> None:
    account = await long_account(site.town, site.trader, LARGE)
    scene = Scene(site, account.id)
    assert isinstance(await users.update_profile(site.town.ports, site.trader, DEARER), Viewer)
    with site.worker(point) as armed:
        assert armed.wait(KILL_SECONDS) == -signal.SIGKILL
    dearer = account.cash_cents - LARGE * DEARER_BY
    with site.api(), site.worker():
        assert scene.cash_cents() in {account.cash_cents, dearer}
        await repriced(scene, dearer)


async def repriced(scene: Scene, cash_cents: int) -> None:
    async def is_done() -> bool:
        return scene.cash_cents() == cash_cents and await nothing_is_asked(scene.site)

    await patiently(is_done)
    await books_are_right(scene.site)


async def nothing_is_asked(site: Site) -> bool:
    async with site.town.ports.database.reading() as tx:
        return (await tx.execute(text("SELECT 1 FROM repricings"))).first() is None
