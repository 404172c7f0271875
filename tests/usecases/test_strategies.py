"""Strategies: shared by content, saved by people, read after each one's own costs."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from engine.configs import config_of, read_config
from engine.costs import DEFAULT_COSTS
from engine.denials import Code
from engine.fees import DEFAULT_FEES
from engine.outcomes import ENGINE_VERSION, net_days
from engine.performance import headline_of, performance_of
from engine.strategies import Strategy
from tests.backtests import MONDAY, STRANGLE, program_of, publish_sessions, run_all, strangle
from tests.people import Town, denied
from usecases import leaderboard, strategies
from usecases.backtesting import run_library
from usecases.leaderboard import ListedStrategy, Place
from usecases.ports import Viewer
from usecases.snapshots import ExecStatus, Snapshot, in_full
from usecases.strategies import (
    Preview,
    Privacy,
    StrategyChanges,
    StrategyDays,
    StrategyView,
    Table,
)

SESSIONS = 30  # two chunks


@pytest.fixture(autouse=True)
def recorded(town: Town) -> None:
    publish_sessions(town.days, SESSIONS)


async def previewed(town: Town, viewer: Viewer, config: dict[str, object], **sent: str) -> Snapshot:
    answer = await strategies.preview(town.ports, viewer, config, **sent)
    assert isinstance(answer, Preview), answer
    return answer.snapshot


async def saved(town: Town, viewer: Viewer, config: dict[str, object], **sent: str) -> StrategyView:
    answer = await strategies.save_strategy(town.ports, viewer, config, **sent)
    assert isinstance(answer, StrategyView), answer
    return answer


async def got(town: Town, viewer: Viewer | None, strategy_id: UUID) -> StrategyView:
    answer = await strategies.get_strategy(town.ports, viewer, strategy_id)
    assert isinstance(answer, StrategyView), answer
    return answer


async def results(town: Town, viewer: Viewer, source_hash: str) -> Snapshot:
    answer = await strategies.preview_results(town.ports, viewer, source_hash)
    assert isinstance(answer, Snapshot), answer
    return answer


async def count(town: Town, table: str) -> int:
    async with town.ports.database.reading() as tx:
        return int((await tx.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def test_a_preview_is_queued_at_once_and_complete_when_its_chunks_are_run(
    town: Town, trader: Viewer
) -> None:
    first = (await previewed(town, trader, STRANGLE)).coverage
    assert (first.exec_status, first.covered_days, first.total_sessions) == (ExecStatus.QUEUED, 0, SESSIONS)
    assert await run_all(town.ports) == 2
    done = await results(town, trader, first.source_hash)
    coverage = done.coverage
    assert (coverage.exec_status, coverage.covered_days) == (ExecStatus.IDLE, SESSIONS)
    assert (coverage.window_from, coverage.window_to) == (MONDAY, MONDAY + timedelta(days=SESSIONS - 1))
    assert coverage.window_label == "all recorded sessions"
    assert (coverage.new_sessions_available, coverage.update_allowed, coverage.synthetic) == (0, False, False)


async def test_results_are_those_of_an_offline_run(town: Town, trader: Viewer) -> None:
    source_hash = (await previewed(town, trader, STRANGLE)).coverage.source_hash
    await run_all(town.ports)
    offline = run_library(town.ports.library, program_of(STRANGLE), None, None, lambda *_: None)
    served = await results(town, trader, source_hash)
    days = net_days(offline.days, DEFAULT_COSTS)
    assert await in_full(town.ports, served, served.results.days) == days
    assert any(day.trades for day in days)
    assert served.results.days == tuple(day.brief for day in days)
    assert served.results.performance == performance_of(days)
    assert (served.certificate.source_hash, served.certificate.engine_version) == (
        source_hash,
        ENGINE_VERSION,
    )


async def test_two_users_share_one_run_and_each_sees_his_own_costs(
    town: Town, trader: Viewer, rival: Viewer
) -> None:
    dear = replace(rival, fees=replace(DEFAULT_FEES, buy_to_open_option=9_000_000), slippage_cents=5)
    source_hash = (await previewed(town, trader, STRANGLE)).coverage.source_hash
    reordered = {name: STRANGLE[name] for name in reversed(STRANGLE)} | {"entry": {"time": "09:30:10"}}
    assert (await previewed(town, dear, reordered)).coverage.source_hash == source_hash
    assert await run_all(town.ports) == 2
    assert (await count(town, "programs"), await count(town, "runs")) == (1, 1)
    assert await count(town, "day_results") == SESSIONS
    mine, his = await results(town, trader, source_hash), await results(town, dear, source_hash)
    assert [day.run for day in mine.results.days] == [day.run for day in his.results.days]
    (traded, *_), (dearer, *_) = (
        [day for day in one.results.days if day.closing_orders] for one in (mine, his)
    )
    assert dearer.fees_cents - traded.fees_cents == 2 * 7_28
    assert (traded.slippage_cents, dearer.slippage_cents) == (0, 4 * 5_00)


async def test_a_bad_config_creates_nothing(town: Town, trader: Viewer) -> None:
    bad = STRANGLE | {"entry": {"times": ["25:00"]}, "extra": 1}
    denial = denied(await strategies.preview(town.ports, trader, bad))
    assert denial.code is Code.INVALID_CONFIG
    assert set(denial.fields) == {"entry.times.0", "extra"}
    assert denied(await strategies.save_strategy(town.ports, trader, bad)).code is Code.INVALID_CONFIG
    denial = denied(await strategies.save_strategy(town.ports, trader, STRANGLE, "shared"))
    assert (denial.code, denial.path) == (Code.INVALID_INPUT, ("privacy",))
    for table in ("programs", "runs", "chunks", "interests", "strategies"):
        assert await count(town, table) == 0


async def test_a_save_adopts_what_the_preview_has(town: Town, trader: Viewer) -> None:
    await previewed(town, trader, STRANGLE)
    await run_all(town.ports)
    view = await saved(town, trader, STRANGLE, privacy="public")
    assert view.snapshot.coverage.covered_days == SESSIONS
    assert (view.saved.privacy, view.is_owner) == (Privacy.PUBLIC, True)
    strategy = read_config(STRANGLE)
    assert isinstance(strategy, Strategy)
    assert (view.artifacts.config, view.artifacts.program) == (config_of(strategy), program_of(STRANGLE))
    assert view.saved.description == view.artifacts.generated.description
    assert await run_all(town.ports) == 0


async def test_what_was_removed_comes_back_under_its_id_private_and_undescribed(
    town: Town, trader: Viewer
) -> None:
    view = await saved(town, trader, STRANGLE, privacy="public")
    strategy_id = view.saved.id
    changes = StrategyChanges(description="my strangle")
    changed = await strategies.change_strategy(town.ports, trader, strategy_id, changes)
    assert isinstance(changed, StrategyView)
    assert (changed.saved.description, changed.saved.privacy) == ("my strangle", Privacy.PUBLIC)
    again = await saved(town, trader, STRANGLE)
    assert (again.saved.id, again.saved.description, again.saved.privacy) == (
        strategy_id,
        "my strangle",
        Privacy.PUBLIC,
    )

    assert await strategies.remove_strategy(town.ports, trader, strategy_id) is None
    assert await leaderboard.list_strategies(town.ports, trader) == ()
    gone = denied(await strategies.get_strategy(town.ports, trader, strategy_id))
    assert gone.code is Code.NOT_FOUND
    assert denied(await strategies.remove_strategy(town.ports, trader, strategy_id)).code is Code.NOT_FOUND

    back = await saved(town, trader, STRANGLE)
    assert (back.saved.id, back.saved.privacy) == (strategy_id, Privacy.PRIVATE)
    assert back.saved.description == back.artifacts.generated.description


async def test_a_private_strategy_is_nobodys_elses_and_a_public_one_is_whoever_has_the_link(
    town: Town, trader: Viewer, rival: Viewer
) -> None:
    strategy_id = (await saved(town, trader, STRANGLE)).saved.id
    for viewer in (rival, None):
        assert denied(await strategies.get_strategy(town.ports, viewer, strategy_id)).code is Code.NOT_FOUND
        assert denied(await strategies.strategy_days(town.ports, viewer, strategy_id)).code is Code.NOT_FOUND
        assert denied(await strategies.strategy_csv(town.ports, viewer, strategy_id)).code is Code.NOT_FOUND
    assert denied(await strategies.update_results(town.ports, rival, strategy_id)).code is Code.NOT_FOUND

    public = StrategyChanges(privacy="public")
    denial = denied(await strategies.change_strategy(town.ports, rival, strategy_id, public))
    assert denial.code is Code.NOT_FOUND
    assert isinstance(await strategies.change_strategy(town.ports, trader, strategy_id, public), StrategyView)
    for viewer in (rival, None):
        view = await got(town, viewer, strategy_id)
        assert (view.is_owner, view.saved.id) == (False, strategy_id)
    assert denied(await strategies.remove_strategy(town.ports, rival, strategy_id)).code is Code.NOT_FOUND
    copy = await saved(town, rival, dict((await got(town, rival, strategy_id)).artifacts.config))
    assert copy.saved.id != strategy_id
    assert (copy.is_owner, copy.saved.privacy) == (True, Privacy.PRIVATE)


async def test_an_unknown_strategy_is_not_found(town: Town, trader: Viewer) -> None:
    assert denied(await strategies.get_strategy(town.ports, trader, uuid4())).code is Code.NOT_FOUND
    assert denied(await strategies.preview_results(town.ports, trader, "0" * 64)).code is Code.NOT_FOUND
    await strategies.abandon(town.ports, trader, "0" * 64)


async def test_the_leaderboard_has_the_latest_change_first_and_default_costs(
    town: Town, trader: Viewer
) -> None:
    dear = replace(trader, fees=replace(DEFAULT_FEES, buy_to_open_option=9_000_000))
    ids = []
    for minute in (31, 32, 33):
        ids.append((await saved(town, dear, strangle(minute))).saved.id)
        town.clock.pass_(minutes=1)
    await run_all(town.ports)
    await strategies.change_strategy(town.ports, dear, ids[0], StrategyChanges(description="first"))
    listed = await leaderboard.list_strategies(town.ports, dear)
    assert [one.saved.id for one in listed] == [ids[0], ids[2], ids[1]]
    offline = run_library(town.ports.library, program_of(strangle(31)), None, None, lambda *_: None)
    told = performance_of(net_days(offline.days, DEFAULT_COSTS))
    assert listed[0].headline == headline_of(told)
    assert await leaderboard.performance_of_listed(town.ports, listed[0]) == told
    assert listed[0].coverage.covered_days == SESSIONS


async def test_the_list_is_paged_without_a_gap(town: Town, trader: Viewer) -> None:
    for minute in (31, 32, 33):
        await saved(town, trader, strangle(minute))  # at one time, so that the key decides
    whole = await leaderboard.list_strategies(town.ports, trader)
    seen: list[ListedStrategy] = []
    place = None
    while True:
        page = await leaderboard.page_strategies(town.ports, trader, first=2, after=place)
        seen += page.strategies
        place = Place(seen[-1].saved.updated_at, seen[-1].saved.key)
        if not page.has_next:
            break
    assert tuple(seen) == whole


async def test_days_and_tables_are_the_viewers(town: Town, trader: Viewer) -> None:
    view = await saved(town, trader, STRANGLE)
    await run_all(town.ports)
    listed = await strategies.strategy_days(town.ports, trader, view.saved.id)
    assert isinstance(listed, StrategyDays)
    assert [day.date for day in listed.days] == [MONDAY + timedelta(days=n) for n in range(SESSIONS)]
    for table, rows in ((Table.DAYS, SESSIONS), (Table.DAILY, SESSIONS)):
        csv = await strategies.strategy_csv(town.ports, trader, view.saved.id, table)
        assert isinstance(csv, str)
        assert len(csv.splitlines()) == 1 + rows
    trades = await strategies.strategy_csv(town.ports, trader, view.saved.id, Table.TRADES)
    assert isinstance(trades, str)
    assert view.saved.description in trades


async def test_an_update_runs_the_missing_sessions_alone(town: Town, trader: Viewer, rival: Viewer) -> None:
    strategy_id = (await saved(town, trader, STRANGLE, privacy="public")).saved.id
    await run_all(town.ports)
    publish_sessions(town.days, 2, first=SESSIONS)
    stale = (await got(town, None, strategy_id)).snapshot.coverage
    assert (stale.new_sessions_available, stale.update_allowed, stale.total_sessions) == (
        2,
        True,
        SESSIONS + 2,
    )

    async with town.ports.database.reading() as tx:
        before = (await tx.execute(text("SELECT xmin::text, * FROM day_results ORDER BY date"))).all()
    queued = await strategies.update_results(town.ports, rival, strategy_id)
    assert not isinstance(queued, Snapshot)
    assert await run_all(town.ports) == 1
    async with town.ports.database.reading() as tx:
        after = (await tx.execute(text("SELECT xmin::text, * FROM day_results ORDER BY date"))).all()
    assert after[:SESSIONS] == before
    assert len(after) == SESSIONS + 2
    assert (await got(town, trader, strategy_id)).snapshot.coverage.new_sessions_available == 0


async def test_failed_sessions_are_run_again_by_an_update(town: Town, trader: Viewer) -> None:
    strategy_id = (await saved(town, trader, STRANGLE)).saved.id
    info = town.ports.library.days()[3]
    quotes = town.days / info.date.isoformat() / info.content_hash / "quotes.arrow"
    kept = quotes.rename(quotes.with_suffix(".away"))
    await run_all(town.ports)
    shown = (await got(town, trader, strategy_id)).snapshot
    assert (shown.coverage.covered_days, shown.coverage.exec_status) == (SESSIONS, ExecStatus.IDLE)
    assert shown.results.days[3].status.name == "FAILED"

    kept.rename(quotes)
    assert (await previewed(town, trader, STRANGLE)).results.days[3].status.name == "FAILED"
    await strategies.update_results(town.ports, trader, strategy_id)
    assert await run_all(town.ports) == 1
    offline = run_library(town.ports.library, program_of(STRANGLE), None, None, lambda *_: None)
    shown = (await got(town, trader, strategy_id)).snapshot
    assert tuple(day.run for day in await in_full(town.ports, shown, shown.results.days)) == offline.days
