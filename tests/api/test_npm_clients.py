import pytest

from tests.api.asking import Desk, open_simulation
from tests.api.streaming import served
from tests.node.running import Node, installed, missing_programs


@pytest.fixture(scope="module")
def node() -> Node:
    missing = " and ".join(missing_programs())
    if missing:
        pytest.skip(f"{missing} must be installed to run the npm clients")
    return installed()


SEEN = [
    {"seq": 2, "kind": None},
    {"seq": 3, "kind": "ORDER_PLACED"},
    {"seq": 4, "kind": None},
    {"seq": 4, "kind": "ORDER_PLACED"},
]
VIEWER = {"email": "owner@example.com", "done": True}


async def test_the_audit_of_graphql_http_finds_nothing(desk: Desk, node: Node) -> None:
    async with served(desk.app) as address:
        report = await node.run("audit.mjs", f"http://{address}/graphql")
    assert report == {"checks": 61, "failed": []}


async def test_graphql_ws_follows_hangs_up_and_resumes_without_a_gap(desk: Desk, node: Node) -> None:
    opened = await open_simulation(desk.owner)
    async with served(desk.app) as address:
        told = await node.run(
            "over_websocket.mjs", f"http://{address}/graphql", str(desk.owner.token), opened["id"]
        )
    assert told == {
        "seen": SEEN,
        "afterwards": VIEWER,
        "closed": {"code": 1000, "reason": "Normal Closure"},
        "stranger": {"code": 4403, "reason": "Forbidden"},
    }


async def test_graphql_sse_follows_hangs_up_and_resumes_without_a_gap(desk: Desk, node: Node) -> None:
    opened = await open_simulation(desk.owner)
    async with served(desk.app) as address:
        told = await node.run(
            "over_events.mjs", f"http://{address}/graphql", str(desk.owner.token), opened["id"]
        )
    assert told == {"seen": SEEN, "afterwards": VIEWER, "stranger": 401}
