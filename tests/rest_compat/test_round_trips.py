"""How often a request goes to the database: what a trader waits for, counted exactly."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from tests.live_market import on_air
from tests.people import Town
from tests.rest_compat.desk import VERTICAL, Desk


@contextmanager
def counted(town: Town) -> Iterator[Counter[str]]:
    """Statements by their first word, and each begin and commit that is a round trip of its own."""
    engine = town.ports.database._engine.sync_engine
    trips: Counter[str] = Counter()

    def count_statement(_: object, __: object, statement: str, *___: object) -> None:
        trips[statement.split(maxsplit=1)[0]] += 1

    def count_commit(connection: object) -> None:
        trips["COMMIT"] += 1

    event.listen(engine, "before_cursor_execute", count_statement)
    event.listen(engine, "commit", count_commit)
    try:
        yield trips
    finally:
        event.remove(engine, "before_cursor_execute", count_statement)
        event.remove(engine, "commit", count_commit)


async def test_order_costs_five_statements_and_one_commit(town: Town, trader: Desk) -> None:
    """The token, the session's lock, its orders; then the order, and its event with the version."""
    simulation = await trader.simulation()
    with counted(town) as trips:
        placed = await trader.post(f"{simulation}/orders", VERTICAL)

    assert placed.status_code == 201
    assert trips == {"SELECT": 3, "INSERT": 1, "WITH": 1, "COMMIT": 1}


async def test_live_order_costs_eight_statements_and_one_commit(town: Town, trader: Desk) -> None:
    """The token and which session it is; the market's lock and its row, the session's lock, its orders; then
    the order, and its events with the version. Its idempotency key is claimed and kept in two more."""
    with on_air(town) as market:
        await market.match()
        assert (await trader.post("/live", {"starting_capital": "100000"})).status_code == 201
        with counted(town) as trips:
            placed = await trader.post("/live/orders", VERTICAL)
        with counted(town) as keyed:
            again = await trader.post("/live/orders", VERTICAL, headers={"Idempotency-Key": "k"})

    assert (placed.status_code, again.status_code) == (201, 201)
    assert trips == {"SELECT": 6, "INSERT": 1, "WITH": 1, "COMMIT": 1}
    assert keyed == trips + Counter({"INSERT": 1, "UPDATE": 1})


async def test_clock_move_costs_four_statements_and_one_commit(town: Town, trader: Desk) -> None:
    """The token, the session's lock, its orders; then the clock with its event and the version."""
    simulation = await trader.simulation()
    with counted(town) as trips:
        moved = await trader.move(simulation, "14:31:00")

    assert moved.status_code == 200
    assert trips == {"SELECT": 3, "WITH": 1, "COMMIT": 1}


async def test_looking_at_a_session_costs_three_statements(town: Town, trader: Desk) -> None:
    """The token; then the session and its orders as of one moment."""
    simulation = await trader.simulation()
    with counted(town) as trips:
        seen = await trader.get(simulation)

    assert seen.status_code == 200
    assert trips == {"SELECT": 3, "COMMIT": 1}
