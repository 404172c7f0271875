"""Two people who trade at once and know of every answer what may be in it: their own things only."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from api.nodes import NodeKind, global_id
from tests.api.asking import VERTICAL as GRAPHQL_VERTICAL
from tests.hostile.storms import Answer, Request
from tests.rest_compat.desk import EARLIER, VERTICAL

ORDERS_MAX = 10
NOBODYS = UUID(int=0)


class Ask(NamedTuple):
    """One request, and what its answer must be."""

    request: Request
    check: Callable[[Answer], None]


@dataclass(slots=True)
class Caller:
    """Somebody whose address, capital, prices and descriptions nobody else has.

    ``placed`` are the orders whose answer came, ``attempted`` those whose did or may not have;
    ``deleting`` those that he ever asked to delete, ``deleted`` those where the answer came.
    """

    name: str
    email: str
    token: str
    capital: str
    parity: int
    chance: random.Random
    session: UUID = NOBODYS
    foreign: UUID = NOBODYS
    spare: str | None = None
    placed: set[str] = field(default_factory=set)
    attempted: set[str] = field(default_factory=set)
    deleting: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)

    def next(self) -> Ask:
        kinds = (
            self._profile,
            self._listing,
            self._session,
            self._orders,
            self._move,
            self._churn,
            self._slippage,
            self._viewer,
            self._foreign,
            self._change,
            self._change,
            self._change,
            self._graphql_move,
        )
        return self.chance.choice(kinds)()

    @property
    def path(self) -> str:
        return f"/simulations/{self.session}"

    @property
    def unasked(self) -> list[str]:
        """Orders that may be there and that he has not asked to delete."""
        return sorted(self.attempted - self.deleting)

    def _rest(self, method: str, path: str, body: Any = None) -> Request:
        is_cut = body is not None and self.chance.random() < 0.05
        return Request(method, path, self.token, body, is_cut)

    def _graphql(self, query: str, **variables: Any) -> Request:
        return Request("POST", "/graphql", self.token, {"query": query, "variables": variables})

    def _profile(self) -> Ask:
        def check(answer: Answer) -> None:
            assert (answer.status, answer.json["email"]) == (200, self.email), answer

        return Ask(self._rest("GET", "/user"), check)

    def _listing(self) -> Ask:
        def check(answer: Answer) -> None:
            assert answer.status == 200, answer
            assert {one["description"] for one in answer.json} <= {self.name}, answer
            self.spare = next((one["id"] for one in answer.json if one["id"] != str(self.session)), None)

        return Ask(self._rest("GET", "/simulations"), check)

    def _session(self) -> Ask:
        return Ask(self._rest("GET", self.path), self._is_mine)

    def _is_mine(self, answer: Answer) -> None:
        seen = (answer.status, answer.json["id"], answer.json["starting_capital"], answer.json["description"])
        assert seen == (200, str(self.session), self.capital, self.name), answer

    def _orders(self) -> Ask:
        def check(answer: Answer) -> None:
            assert answer.status == 200, answer
            assert {order["id"] for order in answer.json} <= self.attempted, answer

        return Ask(self._rest("GET", f"{self.path}/orders"), check)

    def _move(self) -> Ask:
        time = f"2025-01-15T14:3{self.chance.randrange(1, 10)}:{self.chance.randrange(60):02d}Z"

        def check(answer: Answer) -> None:
            self._is_mine(answer)
            assert answer.json["time"] == time, answer

        return Ask(self._rest("PATCH", self.path, {"time": time}), check)

    def _churn(self) -> Ask:
        """Delete the simulation of the other day, or open one there, where he may have one already."""
        if self.spare is not None:
            return Ask(self._rest("DELETE", f"/simulations/{self.spare}"), self._is_gone)

        def check(answer: Answer) -> None:
            assert answer.status in {201, 409}, answer
            assert answer.status == 409 or answer.json["description"] == self.name, answer

        body = {"date": str(EARLIER), "starting_capital": self.capital, "description": self.name}
        return Ask(self._rest("POST", "/simulations", body), check)

    def _is_gone(self, answer: Answer) -> None:
        assert answer.status in {204, 404}, answer
        self.spare = None

    def _slippage(self) -> Ask:
        def check(answer: Answer) -> None:
            assert answer.status == 204, answer

        return Ask(self._rest("PATCH", "/user", {"slippage": f"0.{self._cents(1)}"}), check)

    def _cents(self, least: int) -> str:
        """A multiple of five cents that the other one never names."""
        return f"{10 * self.chance.randrange(least, 10) + 5 * self.parity:02d}"

    def _foreign(self) -> Ask:
        def check(answer: Answer) -> None:
            assert answer.status == 404, answer

        return Ask(self._rest("GET", f"/simulations/{self.foreign}/orders"), check)

    def _change(self) -> Ask:
        unasked = self.unasked
        if len(unasked) >= ORDERS_MAX or (unasked and self.chance.random() < 0.4):
            return self._delete(self.chance.choice(unasked))
        return self.chance.choice((self._place, self._graphql_place))()

    def _delete(self, order: str) -> Ask:
        self.deleting.add(order)
        may_be_missing = order not in self.placed

        def check(answer: Answer) -> None:
            assert answer.status == 204 or (may_be_missing and answer.status == 404), answer
            if answer.status == 204:
                self.deleted.add(order)

        return Ask(self._rest("DELETE", f"{self.path}/orders/{order}"), check)

    def _new_order(self) -> tuple[str, str]:
        order = str(UUID(int=self.chance.getrandbits(128), version=4))
        self.attempted.add(order)
        return order, f"{self.chance.randrange(11, 19)}.{self._cents(1)}"

    def _place(self) -> Ask:
        order, price = self._new_order()

        def check(answer: Answer) -> None:
            assert answer.status == 201, answer
            assert (answer.json["id"], answer.json["price"]) == (order, price), answer
            self.placed.add(order)

        body = {**VERTICAL, "price": price, "client_order_id": order}
        return Ask(self._rest("POST", f"{self.path}/orders", body), check)

    def _graphql_place(self) -> Ask:
        order, price = self._new_order()
        place = (
            "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) {"
            " order { uuid price } session { uuid description } userErrors { code message } } }"
        )
        expected = {
            "order": {"uuid": order, "price": price},
            "session": {"uuid": str(self.session), "description": self.name},
            "userErrors": [],
        }

        def check(answer: Answer) -> None:
            assert answer.json["data"] == {"placeOrder": expected}, answer
            self.placed.add(order)

        terms = {**GRAPHQL_VERTICAL, "price": price}
        target = {"sessionId": self._node, "clientOrderId": order, "order": terms}
        return Ask(self._graphql(place, input=target), check)

    @property
    def _node(self) -> str:
        return str(global_id(NodeKind.SESSION, self.session))

    def _graphql_move(self) -> Ask:
        move = (
            "mutation($id: ID!, $at: DateTime!) { moveClock(input: {sessionId: $id, time: $at})"
            " { session { uuid description } } }"
        )
        mine = {"session": {"uuid": str(self.session), "description": self.name}}

        def check(answer: Answer) -> None:
            assert answer.json["data"] == {"moveClock": mine}, answer

        at = f"2025-01-15T14:3{self.chance.randrange(1, 10)}:00Z"
        return Ask(self._graphql(move, id=self._node, at=at), check)

    def _viewer(self) -> Ask:
        """Fields beside each other, which are resolved at the same time."""
        query = (
            "query($mine: UUID!, $foreign: UUID!) { viewer { email } a: simulations { nodes { description } }"
            " b: simulation(uuid: $mine) { description } c: simulation(uuid: $foreign) { description } }"
        )

        def check(answer: Answer) -> None:
            seen = answer.json["data"]
            assert {one["description"] for one in seen.pop("a")["nodes"]} == {self.name}, answer
            assert seen == {
                "viewer": {"email": self.email},
                "b": {"description": self.name},
                "c": None,
            }, answer

        return Ask(self._graphql(query, mine=str(self.session), foreign=str(self.foreign)), check)


def storm(callers: tuple[Caller, ...], chance: random.Random) -> Iterator[tuple[Ask, frozenset[int]]]:
    """Requests of either caller, each with the suspensions at which it is cancelled."""
    while True:
        caller = chance.choice(callers)
        first = chance.randrange(1, 40)
        again = {first + chance.randrange(1, 4)} if chance.random() < 0.3 else set()
        yield caller.next(), frozenset({first} | again)
