"""Live orders fill where the scan of the recorded day fills them, and are checked once more before."""

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import accumulate
from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from engine.admission import NewOrder, Placement, place, with_order
from engine.denials import Denial
from engine.fees import DEFAULT_FEES
from engine.market import Day, Quote, known_through
from engine.matching import PendingBook, fill_of, judged
from engine.orders import Action, End, Fill, Leg, Order, OrderStatus, OrderType, Ticket
from engine.sessions import BuyingPowerEffect, Session, state_at
from engine.tickets import OrderRequest, read_ticket
from tests.engine.tapes import DATE, Quotes, contract, fill_line, request, tape
from tests.engine.test_fills import markets, tickets
from tests.engine.test_sessions import CLOSE, NAMES
from tests.engine.twins.matching import slow_hits, slow_hits_between, slow_may_fill

EMPTY = Session(UUID(int=99), 125_000_00, DEFAULT_FEES, ())
SECONDS = range(30)


def waiting(*found: Ticket, slippage_cents: int = 0) -> dict[int, Order]:
    """Orders that nobody has filled, under the keys 1, 2, …"""
    return {
        number: Order(UUID(int=number), number, 0, ticket, slippage_cents, None)
        for number, ticket in enumerate(found, 1)
    }


def booked(orders: dict[int, Order], day: Day) -> PendingBook:
    book = PendingBook()
    for key, order in orders.items():
        book.add(key, order, day)
    return book


def ticket(order: OrderRequest) -> Ticket:
    read = read_ticket(order, DATE)
    assert isinstance(read, Ticket)
    return read


def test_an_order_fills_at_the_second_at_which_its_mid_is_reached() -> None:
    day = tape({"5950C": {0: (14.00, 14.20), 40: (13.50, 13.70)}, "5970C": (3.60, 3.80)})
    spread = ticket(request("+1 5950C, -1 5970C", "9.90", "debit"))
    book = booked(waiting(spread), day)
    assert [book.hits(day, second) for second in (39, 40, 41)] == [[], [1], [1]]
    assert book.hits_between(day, 0, 100) == [(40, 1)]
    assert fill_of(waiting(spread)[1], day, 40) == Fill(40, 990, (1360, 370))


def test_what_waits_no_longer_is_not_found() -> None:
    day = tape({"5950C": (14.00, 14.20)})
    book = booked(waiting(*[ticket(request("+1 5950C", "20.00", "debit"))] * 3), day)
    book.remove(1)
    assert (book.hits(day, 0), len(book)) == ([2, 3], 2)
    book.remove(3)
    book.remove(2)
    assert (book.hits(day, 0), len(book)) == ([], 0)


def test_nothing_fills_at_the_close_or_where_nothing_is_known() -> None:
    day = tape({"5950C": (14.00, 14.20)}, close_second=30)
    book = booked(waiting(ticket(request("+1 5950C", "20.00", "debit"))), day)
    assert [book.hits(day, second) for second in (-1, 29, 30, 31)] == [[], [1], [], []]
    assert book.hits(known_through(day, 10), 11) == []
    assert book.hits(replace(day, known_from=5), 4) == []


def test_an_order_on_a_contract_that_nobody_quotes_waits_in_vain() -> None:
    day = tape({"5950C": (14.00, 14.20)})
    absent = Ticket(OrderType.MARKET, (Leg(contract("6000C"), 1, Action.BUY_TO_OPEN),))
    assert booked(waiting(absent), day).hits_between(day, 0, 600) == []


@given(markets(), st.lists(tickets(), max_size=12), st.integers(0, 3))
def test_a_pass_finds_what_the_scan_finds_order_by_order(
    day: Day, drawn: list[Ticket], slippage_ticks: int
) -> None:
    orders = waiting(*drawn, slippage_cents=5 * slippage_ticks)
    book = booked(orders, day)
    assert [book.hits(day, s) for s in SECONDS] == [slow_hits(orders, day, s) for s in SECONDS]


@given(markets(), st.lists(tickets(), max_size=12), st.tuples(*[st.integers(0, 31)] * 2))
def test_a_stride_finds_what_its_seconds_find(day: Day, drawn: list[Ticket], ends: tuple[int, int]) -> None:
    orders, seconds = waiting(*drawn), range(min(ends), max(ends))
    found = booked(orders, day).hits_between(day, seconds.start, seconds.stop)
    assert found == slow_hits_between(orders, day, seconds)


@given(markets(), st.lists(tickets(), min_size=1, max_size=5), st.lists(st.integers(0, 150), max_size=90))
def test_a_book_that_grew_and_shrank_finds_what_is_left(
    day: Day, drawn: list[Ticket], removed: list[int]
) -> None:
    orders = waiting(*(drawn[number % len(drawn)] for number in range(150)))
    book = booked(orders, day)
    for key in removed:
        if orders.pop(key, None) is not None:
            book.remove(key)
    assert len(book) == len(orders)
    assert [book.hits(day, s) for s in (0, 15, 29)] == [slow_hits(orders, day, s) for s in (0, 15, 29)]


def test_a_fill_that_margin_no_longer_allows_is_refused() -> None:
    day = tape({"5950C": {0: (14.00, 14.20), 40: (20.00, 20.20)}}, spx={0: 5950, 40: 6750})
    session = pit(day, (0, request("-1 5950C", "20.00", "credit")))
    (order,) = session.orders
    assert judged(session, day, order, 39).fill == Fill(39, -1410, (1410,), (172,))
    # 800 points in the money and 10 % of the strike are 139,500.00; 20.10 came in and 1.72 went out
    reason = "insufficient buying power: 12491.72 more is needed"
    assert judged(session, day, order, 40) == replace(order, end=End(40, OrderStatus.REJECTED, reason))


def test_an_order_that_only_closes_may_fill_whatever_is_left() -> None:
    day = tape({"5950C": {0: (14.00, 14.20), 40: (30.00, 30.20)}}, spx={0: 5950, 40: 6750})
    stop = request(
        "+1 5950C close", None, "debit", type="stop", stop_trigger="30.00", trigger_direction="at_or_above"
    )
    session = pit(day, (0, request("-1 5950C", type="market")), (1, stop))
    assert state_at(session, day, 40).financials.available_cents < 0
    assert judged(session, day, session.orders[1], 40).fill == Fill(40, 3010, (3010,), (72,))


def pit(day: Day, *asked: tuple[int, OrderRequest]) -> Session:
    """A live session after these orders, each placed at its second, and nothing matched since."""
    session = EMPTY
    for number, (second, order) in enumerate(asked, 1):
        new = NewOrder(ticket(order), second, UUID(int=number), number, 0)
        answer = place(session, known_through(day, second), new)
        assert isinstance(answer, Placement), answer
        session = with_order(session, answer.order)
    return session


@dataclass
class Live:
    """A live session that is matched second by second, and knows no second before its time."""

    day: Day
    session: Session
    book: PendingBook = field(default_factory=PendingBook)
    rejected: set[UUID] = field(default_factory=set)
    verdicts: list[tuple[bool, bool]] = field(default_factory=list)

    def match(self, second: int) -> None:
        day = known_through(self.day, second)
        for key in self.book.hits(day, second):
            self.book.remove(key)
            order = next(one for one in self.session.orders if one.id == UUID(int=key))
            left = judged(self.session, day, order, second)
            self.verdicts.append((left.end is None, slow_may_fill(self.session, day, order, second)))
            if left.end is not None:
                self.rejected.add(order.id)
            orders = tuple(left if one is order else one for one in self.session.orders)
            self.session = replace(self.session, orders=orders)

    def place(self, new: NewOrder) -> Placement | Denial:
        answer = place(self.session, known_through(self.day, new.second), new)
        if isinstance(answer, Placement):
            self.session = with_order(self.session, answer.order)
            if answer.order.fill is None:
                self.book.add(new.id.int, answer.order, self.day)
        return answer


def stormy(chance: Random) -> Day:
    """Quotes that walk and have gaps, and an index that may leap into margins of its own."""
    quotes: dict[str, Quotes] = {}
    for name in NAMES:
        bids = list(accumulate((chance.randint(-5, 6) for _ in range(CLOSE)), initial=chance.randint(0, 100)))
        quotes[name] = {
            second: None if chance.random() < 0.1 else (max(bid, 0) / 20, (max(bid, 0) + 4) / 20)
            for second, bid in enumerate(bids)
        }
    levels = {0: 5950.0, CLOSE // 3: 5950.0 + chance.choice([-1000, 0, 1000, 1000])}
    return tape(quotes, spx=levels, close_second=CLOSE)


def flow(chance: Random, day: Day) -> list[NewOrder]:
    """Orders as they come in during a day, at prices near the market's."""
    new = []
    for number, second in enumerate(
        sorted(chance.randrange(chance.choice([12, CLOSE])) for _ in range(chance.randint(1, 12))), 1
    ):
        read = read_ticket(asked(chance, day, second), DATE)
        if isinstance(read, Ticket):
            new.append(NewOrder(read, second, UUID(int=number), number, chance.choice([0, 5])))
    return new


def asked(chance: Random, day: Day, second: int) -> OrderRequest:
    names = chance.sample(NAMES, chance.choice([1, 1, 1, 1, 2, 3]))
    closes = chance.choice(["", "", " close"])
    signed = {name: chance.choice([-1, -1, -1, -1, 2]) for name in names}
    text = ", ".join(f"{count} {name}{closes}" for name, count in signed.items())
    quotes = {name: day.quote(contract(name), second) or Quote(20, 24) for name in names}
    net = sum(count * (quotes[name].bid_ticks + 2) for name, count in signed.items())
    price = f"{max(0, abs(net) + chance.randint(2, 8)) / 20:.2f}"
    effect = "debit" if net > 0 else "credit"
    kind = "limit" if len(names) > 1 else chance.choice(["market", "limit", "limit", "limit", "stop"])
    if kind == "market":
        return request(text, type="market")
    if kind == "limit":
        return request(text, price, effect)
    direction = chance.choice(["at_or_above", "at_or_below"])
    return request(text, None, effect, type="stop", stop_trigger=price, trigger_direction=direction)


def traded_twice(seed: int) -> tuple[Live, Session]:
    """A day traded live, and the same orders placed afterwards on its recording, up to the first
    rejection: a recording knows none."""
    chance = Random(seed)
    day = stormy(chance)
    live = Live(
        day, replace(EMPTY, opening_cents=chance.choice([122_000_00, 122_000_00, 243_000_00, 2_000_000_00]))
    )
    afterwards, orders = live.session, flow(chance, day)
    for second in range(CLOSE):
        live.match(second)
        for new in (one for one in orders if one.second == second):
            answer = live.place(new)
            if not live.rejected:
                recorded = place(afterwards, day, new)
                assert told(answer) == told(recorded)
                if isinstance(recorded, Placement):
                    afterwards = with_order(afterwards, recorded.order)
    return live, afterwards


def told(answer: Placement | Denial) -> BuyingPowerEffect | Denial:
    return answer.effect if isinstance(answer, Placement) else answer


@given(st.integers(0, 2**32 - 1))
def test_a_day_traded_live_is_the_day_traded_afterwards(seed: int) -> None:
    live, afterwards = traded_twice(seed)
    scanned = {order.id: fill_line(order) for order in afterwards.orders if order.id not in live.rejected}
    traded = {order.id: fill_line(order) for order in live.session.orders if order.id in scanned}
    assert traded == scanned
    if not live.rejected:
        closed, recorded = (state_at(one, live.day, CLOSE) for one in (live.session, afterwards))
        assert (closed.financials, closed.transactions) == (recorded.financials, recorded.transactions)


@given(st.integers(0, 2**32 - 1))
def test_a_fill_is_checked_as_the_rule_is_written(seed: int) -> None:
    live, _ = traded_twice(seed)
    assert [may for may, _ in live.verdicts] == [slow for _, slow in live.verdicts]


def test_the_stormy_days_see_every_verdict() -> None:
    verdicts = Counter(may for seed in range(150) for may, _ in traded_twice(seed)[0].verdicts)
    assert min(verdicts[True], verdicts[False]) >= 5, verdicts
