import shutil
from dataclasses import replace
from datetime import datetime

from graphql import GraphQLError
from structlog.testing import capture_logs

from api.errors import Refusal
from api.masking import masked
from marketdata.library import Library
from store.database import Database
from tests.api.asking import Asker, Desk, application, move, open_simulation

CANARY = "postgresql://canary:s3cret@nowhere.invalid/zerodte"


def shout() -> datetime:
    raise RuntimeError(f"cannot connect to {CANARY}")


async def test_what_fails_inside_never_reaches_the_client_but_its_id_does(desk: Desk) -> None:
    app = application(replace(desk.town.ports, market_now=shout))
    with capture_logs() as logs:
        response = await Asker(app, desk.owner.token).post("{ marketSessions { nodes { id } } }")
    (error,) = response.json()["errors"]
    assert "canary" not in response.text
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["message"] == f"Internal error. Quote {error['extensions']['id']} when you report it."
    (logged,) = [entry for entry in logs if entry["event"] == "graphql_internal_error"]
    assert (logged["quote"], logged["path"]) == (error["extensions"]["id"], ["marketSessions"])
    assert CANARY in str(logged["exc_info"])


async def test_a_database_that_is_gone_is_an_answer_in_json_without_its_address(desk: Desk) -> None:
    gone = Database(CANARY)
    app = application(replace(desk.town.ports, database=gone))
    response = await Asker(app, desk.owner.token).post("{ viewer { email } }")
    await gone.close()
    assert response.status_code == 503
    assert "canary" not in response.text
    assert response.json()["errors"][0]["extensions"]["code"] == "INTERNAL"


async def test_an_outage_in_mid_operation_is_one_line_in_the_log_and_no_internal_error(desk: Desk) -> None:
    def away() -> datetime:
        raise OSError(CANARY)

    app = application(replace(desk.town.ports, market_now=away))
    with capture_logs() as logs:
        response = await Asker(app, desk.owner.token).post("{ marketSessions { nodes { id } } }")
    (error,) = response.json()["errors"]
    assert "canary" not in response.text
    assert (error["message"], error["path"], error["extensions"]) == (
        "A part of the service cannot be reached; try again.",
        ["marketSessions"],
        {"code": "INTERNAL", "reason": "unavailable", "retryAfterSeconds": 2},
    )
    assert [(entry["event"], "exc_info" in entry) for entry in logs] == [("graphql_unavailable", False)]


async def test_a_recording_that_was_lost_is_no_fault_of_the_operation(desk: Desk) -> None:
    day = await open_simulation(desk.owner)
    shutil.rmtree(desk.town.days / "2025-01-15")
    app = application(replace(desk.town.ports, library=Library(desk.town.days)))
    asker = Asker(app, desk.owner.token)
    (listed,) = (await asker.ask("{ simulations { nodes { uuid unavailable } } }"))["simulations"]["nodes"]
    assert listed == {"uuid": day["uuid"], "unavailable": True}
    (error,) = await asker.errors(
        "query($uuid: UUID!) { simulation(uuid: $uuid) { ended } }", {"uuid": day["uuid"]}
    )
    assert day["uuid"] in error["message"]
    told = {"code": "INTERNAL", "reason": "day_unavailable", "retryAfterSeconds": 60}
    assert error["extensions"] == told
    assert (await move(asker, day["uuid"], "14:31:00"))["userErrors"][0]["code"] == "day_unavailable"


def test_masking_twice_changes_nothing() -> None:
    errors = [
        GraphQLError("no", original_error=ValueError("secret")),
        Refusal("UNAUTHENTICATED", "A valid token is required."),
        GraphQLError("Syntax Error"),
    ]
    once = masked(errors)
    assert [error.formatted for error in masked(once)] == [error.formatted for error in once]
    assert [error.extensions and error.extensions["code"] for error in once] == [
        "INTERNAL",
        "UNAUTHENTICATED",
        "MALFORMED",
    ]


def test_a_refusal_raised_in_a_resolver_is_shown_as_it_is() -> None:
    located = GraphQLError(
        "no", path=["a"], original_error=Refusal("RATE_LIMITED", "no", retryAfterSeconds=3)
    )
    assert masked([located])[0].extensions == {"code": "RATE_LIMITED", "retryAfterSeconds": 3}
