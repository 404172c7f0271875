"""Any order of settling and editing the same days ends in the same canonical ledger (rulings 4.5)."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.fees import DEFAULT_FEES, FeeSchedule
from engine.settings import fee_texts
from store import accounts as stored_accounts
from tests.accounts import acts
from tests.accounts.asking import Desk, ledger
from tests.accounts.model import CLOSE, Account, Day, Order
from tests.campaigns import CAMPAIGN
from tests.days import publish_tiny_day
from tests.people import town as a_town
from usecases import users
from usecases.ports import Viewer
from usecases.users import ProfileChanges

WEDNESDAY, THURSDAY, FRIDAY = DATES = date(2025, 1, 15), date(2025, 1, 16), date(2025, 1, 17)
CAPITAL, LATER_CAPITAL = 10_000_000_00, 7_500_000_00
DEARER = replace(DEFAULT_FEES, buy_to_open_option=2_345_678, exercise_option=9_000_000)


@dataclass(frozen=True)
class Trade:
    """An order that a day is opened again for, settled with, and perhaps rid of afterwards."""

    on: date
    second: int
    side: str
    contract: str
    is_kept: bool = True


Edit: TypeAlias = Trade | acts.Edit | FeeSchedule
EDITS: tuple[Edit, ...] = (
    Trade(WEDNESDAY, 0, "buy to open", "5950C"),
    Trade(WEDNESDAY, 300, "buy to open", "5930C"),
    Trade(WEDNESDAY, 60, "sell to open", "5940P", is_kept=False),
    Trade(THURSDAY, 120, "sell to open", "5940P"),
    Trade(THURSDAY, 0, "buy to open", "5950C", is_kept=False),
    Trade(FRIDAY, 540, "buy to open", "5930C"),
    acts.Edit(capital=LATER_CAPITAL),
    DEARER,
)


@pytest_asyncio.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    for on in DATES:
        publish_tiny_day(tmp_path, on)
    async with a_town(database_url, redis_url, tmp_path) as town:
        viewer = await town.viewer(await town.person())
        assert viewer is not None
        yield Desk(town.ports, viewer, {})


@settings(max_examples=CAMPAIGN.size(8, 300), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(EDITS))
async def test_the_order_of_edits_leaves_no_trace(desk: Desk, order: Sequence[Edit]) -> None:
    await charge(desk, DEFAULT_FEES)
    account, _ = await desk.create(acts.Create("Study", CAPITAL))
    assert account is not None
    for on in DATES:
        await edited(desk, account, Trade(on, 0, "buy to open", "5950C", is_kept=False))
    for edit in order:
        await edited(desk, account, edit)

    async with desk.ports.database.reading() as tx:
        stored = await stored_accounts.find(tx, desk.viewer.user_id, account)
        assert stored is not None
        assert await ledger(tx, stored) == EXPECTED
    assert await desk.ask(account, acts.DeleteAccount()) is None


async def edited(desk: Desk, account: UUID, edit: Edit) -> None:
    match edit:
        case Trade():
            await traded(desk, account, edit)
        case FeeSchedule():
            await charge(desk, edit)
        case acts.Edit():
            assert not isinstance(await desk.ask(account, edit), str)


async def charge(desk: Desk, fees: FeeSchedule) -> None:
    changes = ProfileChanges(fee_schedule=fee_texts(fees))
    assert isinstance(await users.update_profile(desk.ports, desk.viewer, changes), Viewer)


async def traded(desk: Desk, account: UUID, trade: Trade) -> None:
    _, seen = await desk.ask(account, acts.Open(trade.on))
    day = seen[0]
    await desk.ask(account, acts.Move(day, trade.second))
    placed = await desk.ask(account, acts.Place(day, trade.side, trade.contract, 1))
    assert placed[1] == "filled", placed
    await desk.ask(account, acts.Move(day, CLOSE))
    if not trade.is_kept:
        assert await desk.ask(account, acts.DeleteOrder(day, placed[0])) is None


def by_hand() -> dict[date | None, tuple[int, int, int, int]]:
    """The ledger of the trades that are kept, at the later capital and the dearer fees."""
    days = []
    for on in DATES:
        kept = [trade for trade in EDITS if isinstance(trade, Trade) and trade.is_kept and trade.on == on]
        orders = [Order(None, one.second, 1, one.side, one.contract, 1, None) for one in kept]
        days.append(Day(UUID(int=on.day), on, CLOSE, tuple(orders)))
    return Account(UUID(int=0), "Study", LATER_CAPITAL, asdict(DEARER), days=tuple(days)).ledger()


EXPECTED = by_hand()
