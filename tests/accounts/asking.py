"""An act asked of the product, and its answer in the words of the model."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from engine.contracts import Contract, Right, format_osi
from engine.denials import Denial
from engine.tickets import LegRequest, OrderRequest
from store import journal
from store.accounts import StoredAccount
from store.database import Tx
from tests.accounts import acts
from tests.accounts.acts import Act, Answer
from usecases import account_sessions, accounts, orders, sessions
from usecases.account_sessions import Opened
from usecases.accounts import AccountChanges, CreateAccount
from usecases.ports import Ports, Viewer
from usecases.submissions import Submission
from usecases.views import AccountView, OrderView, SessionView

Found = TypeVar("Found")


def open_at(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, 14, 30, tzinfo=UTC)


def answer_of(found: Found | Denial, seen: Callable[[Found], Answer]) -> Answer:
    return str(found.code) if isinstance(found, Denial) else seen(found)


def nothing(_: None) -> Answer:
    return None


def seen_account(view: AccountView) -> Answer:
    fees = tuple(sorted(asdict(view.fees).items()))
    return view.name, str(view.status), view.starting_cents, view.cash_cents, view.current_cents, fees


def seen_day(view: SessionView | None) -> Answer:
    if view is None:
        return None
    assert view.at is not None
    clock, money = int((view.at - view.start_at).total_seconds()), view.financials
    assert view.ended == (view.closing_cents is not None)
    worth = money.net_liquidation_cents
    return view.id, view.date, clock, money.opening_cents, worth, money.fees_cents, view.closing_cents


def seen_order(view: OrderView) -> Answer:
    fill = view.state.fill
    return view.id, str(view.status), (fill.second, abs(fill.net_price_cents)) if fill else None


class Desk:
    """Where one client asks. ``dates`` knows the date of each day that anybody opened."""

    def __init__(self, ports: Ports, viewer: Viewer, dates: dict[UUID, date]) -> None:
        self.ports, self.viewer, self.dates = ports, viewer, dates

    async def ask(self, account: UUID, act: Act) -> Answer:
        if isinstance(act, acts.ReadAccount | acts.ReadDays | acts.ReadHead):
            return await self._read(account, act)
        match act:
            case acts.Edit(name, status, capital):
                changes = AccountChanges(name=name, status=status, starting_capital_cents=capital)
                edited = await accounts.update_account(self.ports, self.viewer, account, changes)
                return answer_of(edited, seen_account)
            case acts.DeleteAccount():
                return answer_of(await accounts.delete_account(self.ports, self.viewer, account), nothing)
            case acts.Open(on):
                return await self._open(account, on)
        return await self._ask_of_day(act)

    async def _read(self, account: UUID, act: acts.ReadAccount | acts.ReadDays | acts.ReadHead) -> Answer:
        match act:
            case acts.ReadAccount():
                return answer_of(await accounts.get_account(self.ports, self.viewer, account), seen_account)
            case acts.ReadDays():
                page = await account_sessions.page_sessions(self.ports, self.viewer, account)
                return answer_of(page, lambda found: tuple(seen_day(view) for view in found.sessions))
        return answer_of(await account_sessions.head(self.ports, self.viewer, account), seen_day)

    async def create(self, act: acts.Create) -> tuple[UUID | None, Answer]:
        new = CreateAccount(act.name, "historical", act.capital)
        view = await accounts.create_account(self.ports, self.viewer, new)
        return (None if isinstance(view, Denial) else view.id), answer_of(view, seen_account)

    async def _open(self, account: UUID, on: date) -> Answer:
        opened = await account_sessions.open_session(self.ports, self.viewer, account, on)
        if isinstance(opened, Opened):
            self.dates[opened.session.id] = on
        return answer_of(opened, lambda found: (found.is_new, seen_day(found.session)))

    async def _ask_of_day(self, act: Act) -> Answer:
        match act:
            case acts.Move(day, second):
                at = open_at(self.dates[day]) + timedelta(seconds=second)
                return answer_of(await sessions.move_clock(self.ports, self.viewer, day, at), seen_day)
            case acts.DeleteDay(day):
                deleted = await account_sessions.delete_session(self.ports, self.viewer, day)
                return answer_of(deleted, nothing)
            case acts.ReadDay(day):
                return answer_of(await sessions.get_session(self.ports, self.viewer, day), seen_day)
        return await self._ask_of_orders(act)

    async def _ask_of_orders(self, act: Act) -> Answer:
        match act:
            case acts.Place():
                submission = Submission(act.day, self._request(act), replaces=act.replaces)
                receipt = await orders.place_order(self.ports, self.viewer, submission)
                return answer_of(receipt, lambda found: seen_order(found.order))
            case acts.DeleteOrder(day, order):
                deleted = await orders.delete_order(self.ports, self.viewer, day, order)
                return answer_of(deleted, nothing)
            case acts.ReadOrders(day):
                listed = await orders.list_orders(self.ports, self.viewer, day)
                return answer_of(listed, lambda found: frozenset(seen_order(view) for view in found))
        raise AssertionError(act)

    def _request(self, act: acts.Place) -> OrderRequest:
        contract = Contract(int(act.contract[:-1]), Right(act.contract[-1]))
        leg = LegRequest(format_osi(self.dates[act.day], contract), str(act.quantity), act.side)
        if act.limit_cents is None:
            return OrderRequest(type="market", legs=(leg,))
        price = f"{act.limit_cents // 100}.{act.limit_cents % 100:02d}"
        return OrderRequest(type="limit", legs=(leg,), price=price, price_effect="debit")


async def ledger(tx: Tx, account: StoredAccount) -> dict[date | None, tuple[int, int, int, int]]:
    """What is posted for each day of an account's books, net; None are the owner's own payments.

    Canonical: without ids, times and numbers, and without what was posted and taken back.
    """
    net: dict[date | None, tuple[int, int, int, int]] = {}
    for one in await journal.entries(tx, account):
        on, entry = one.day.date if one.day else None, one.entry
        amounts = entry.cash_cents, entry.capital_cents, entry.options_cents, entry.fees_cents
        before = net.get(on, (0, 0, 0, 0))
        net[on] = tuple(a + b for a, b in zip(before, amounts, strict=True))  # type: ignore[assignment]
    return {on: amounts for on, amounts in net.items() if any(amounts)}
