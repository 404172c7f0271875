"""Clients that ask whatever comes to their minds, of their own accounts and now and then of others'."""

import asyncio
import random
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from uuid import UUID

from engine.calendar import sessions_between
from engine.fees import DEFAULT_FEES
from engine.settings import fee_texts
from tests.accounts import acts
from tests.accounts.acts import Act
from tests.accounts.asking import Desk
from tests.accounts.histories import NAME_TAKEN, Books, Charged, Done, Ticker, Watch
from tests.accounts.model import CLOSE
from usecases import users
from usecases.ports import Ports, Viewer
from usecases.users import ProfileChanges

DATES = tuple(bounds.date for bounds in sessions_between(date(2025, 1, 15), date(2025, 1, 24)))
NAMES = ("Condors", "Wings", "Study")
CAPITALS = (5_000_000_00, 7_500_000_00, 10_000_000_00)  # enough for every order of a day
ACCOUNTS_OF_ONE = 2
ORDERS_OF_A_DAY = 8
CHARGES = 0.03  # of all requests
REPLACEMENTS = 0.2  # of all orders
TICKETS = (
    ("buy to open", "5950C", None),
    ("buy to open", "5950C", 2_00),
    ("buy to open", "5950C", 1_00),
    ("buy to open", "5930C", None),
    ("sell to open", "5940P", None),
    ("sell to close", "5950C", None),
    ("sell to close", "5950C", None),
)
WEIGHTS: dict[type[Act], float] = {
    acts.Open: 14,
    acts.Move: 26,
    acts.Place: 30,
    acts.DeleteOrder: 8,
    acts.DeleteDay: 5,
    acts.Edit: 6,
    acts.DeleteAccount: 2,
    acts.ReadAccount: 2,
    acts.ReadDays: 2,
    acts.ReadHead: 1,
    acts.ReadDay: 5,
    acts.ReadOrders: 5,
}
WHOLE: tuple[Act, ...] = (acts.ReadAccount(), acts.ReadDays(), acts.ReadHead())
OF_ACCOUNT: dict[type[Act], Act] = {
    acts.DeleteAccount: acts.DeleteAccount(),
    acts.ReadAccount: acts.ReadAccount(),
    acts.ReadDays: acts.ReadDays(),
    acts.ReadHead: acts.ReadHead(),
}


@dataclass
class World:
    """What the clients have heard of: the days of each account by id, and the orders of each day."""

    ports: Ports
    viewers: dict[str, Viewer]
    ticker: Ticker = field(default_factory=Ticker)
    books: Books = field(default_factory=Books)
    dates: dict[UUID, date] = field(default_factory=dict)
    days: dict[UUID, list[UUID]] = field(default_factory=dict)
    orders: dict[UUID, list[UUID]] = field(default_factory=dict)
    gone: set[UUID] = field(default_factory=set)  # deleted accounts and days

    def accounts_of(self, name: str) -> list[UUID]:
        return [account for account, owner in self.books.owners.items() if owner == name]

    def learn(self, one: Done) -> None:
        self.books.done.append(one)
        if isinstance(one.answer, str):
            return
        match one.act:
            case acts.Open():
                day = one.answer[1][0]
                if day not in self.days[one.account]:
                    self.days[one.account].append(day)
                    self.orders[day] = []
            case acts.Place(day, replaces=replaced):
                self.orders[day] = [other for other in self.orders[day] if other != replaced]
                self.orders[day].append(one.answer[0])
            case acts.DeleteOrder(day, order):
                self.orders[day] = [other for other in self.orders[day] if other != order]
            case acts.DeleteDay(day):
                self.gone.add(day)
            case acts.DeleteAccount():
                self.gone.add(one.account)


@dataclass
class Client:
    name: str
    world: World
    chance: random.Random

    def desk(self, watch: Watch) -> Desk:
        world = self.world
        return Desk(replace(world.ports, wall=watch), world.viewers[self.name], world.dates)

    async def work(self, requests: int) -> None:
        for _ in range(requests):
            if len(self._there(self.world.accounts_of(self.name))) < ACCOUNTS_OF_ONE:
                await self.create()
            elif self.chance.random() < CHARGES:
                await self.charge()
            else:
                await self.ask()

    async def watch(self, requests: int) -> None:
        """Read whole accounts while others write."""
        for _ in range(requests):
            mine = self._there(self.world.accounts_of(self.name))
            if mine:
                await self.send(self.chance.choice(mine), self.chance.choice(WHOLE))
            else:
                await asyncio.sleep(0)

    async def create(self) -> None:
        act = acts.Create(self.chance.choice(NAMES), self.chance.choice(CAPITALS))
        watch, sent = Watch(self.world.ticker), self.world.ticker.tick()
        account, answer = await self.desk(watch).create(act)
        if account is None:
            assert answer == NAME_TAKEN
        else:
            self.world.books.owners[account] = self.name
            self.world.days[account] = []
            done = Done(self.name, account, act, sent, self.world.ticker.tick(), watch.seen[-1], answer)
            self.world.learn(done)

    async def charge(self) -> None:
        """Ask for other fees; the second look at the clock is under the locks that decide their order."""
        fees = replace(DEFAULT_FEES, buy_to_open_option=self.chance.randrange(10_000_000))
        fees = replace(fees, exercise_option=self.chance.randrange(9_999_999))
        watch = Watch(self.world.ticker)
        ports = replace(self.world.ports, wall=watch)
        changes = ProfileChanges(fee_schedule=fee_texts(fees))
        answer = await users.update_profile(ports, self.world.viewers[self.name], changes)
        assert isinstance(answer, Viewer), answer
        charged = Charged(self.name, asdict(fees), watch.seen[1], self.world.ticker.tick())
        self.world.books.charged.append(charged)

    async def ask(self) -> None:
        account = self._account()
        await self.send(account, self._act(account))

    async def send(self, account: UUID, act: Act) -> None:
        watch, sent = Watch(self.world.ticker), self.world.ticker.tick()
        answer = await self.desk(watch).ask(account, act)
        tick = watch.seen[-1] if watch.seen else None
        self.world.learn(Done(self.name, account, act, sent, self.world.ticker.tick(), tick, answer))

    def _there(self, known: list[UUID]) -> list[UUID]:
        """Those that are not deleted and, now and then, all of them."""
        there = [one for one in known if one not in self.world.gone]
        return known if self.chance.random() < 0.02 else there

    def _account(self) -> UUID:
        """One of his own, or one that anybody has or had."""
        anybody = [*self.world.books.owners]
        mine = self._there(self.world.accounts_of(self.name))
        return self.chance.choice(anybody if self.chance.random() < 0.02 or not mine else mine)

    def _act(self, account: UUID) -> Act:
        kind = self.chance.choices([*WEIGHTS], [*WEIGHTS.values()])[0]
        if kind is acts.Edit:
            return self._edit()
        if kind in OF_ACCOUNT:
            return OF_ACCOUNT[kind]
        days = self._there(self.world.days[account])
        if kind is acts.Open or not days:
            return acts.Open(self._date(days))
        return self._act_on_day(kind, self.chance.choice(days[-1:] * 4 + days))

    def _act_on_day(self, kind: type[Act], day: UUID) -> Act:
        orders = self.world.orders[day]
        if kind is acts.Move or (kind is acts.Place and len(orders) >= ORDERS_OF_A_DAY):
            return acts.Move(day, self.chance.choice([*range(0, CLOSE, 60), *[CLOSE] * 4]))
        if kind is acts.Place:
            side, contract, limit_cents = self.chance.choice(TICKETS)
            replaced = self.chance.choice(orders) if orders and self.chance.random() < REPLACEMENTS else None
            quantity = 1 if side == "sell to close" else self.chance.randint(1, 3)
            return acts.Place(day, side, contract, quantity, limit_cents, replaced)
        if kind is acts.DeleteOrder and orders:
            return acts.DeleteOrder(day, self.chance.choice(orders[:2]))
        if kind is acts.DeleteDay:
            return acts.DeleteDay(day)
        return acts.ReadDay(day) if kind is acts.ReadDay else acts.ReadOrders(day)

    def _date(self, days: list[UUID]) -> date:
        """The next date or, as often, any."""
        latest = max((self.world.dates[day] for day in days), default=DATES[0])
        following = DATES[min(DATES.index(latest) + 1, len(DATES) - 1)]
        return self.chance.choice([following, self.chance.choice(DATES)])

    def _edit(self) -> Act:
        edits = (
            acts.Edit(capital=self.chance.choice(CAPITALS)),
            acts.Edit(capital=self.chance.choice(CAPITALS)),
            acts.Edit(name=self.chance.choice(NAMES)),
            acts.Edit(status="archived"),
            acts.Edit(status="active"),
            acts.Edit(status="active"),
        )
        return self.chance.choice(edits)
