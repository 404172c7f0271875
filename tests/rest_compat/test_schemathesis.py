"""Whether the OpenAPI document is true: Schemathesis asks what it promises, and what it forbids."""

import asyncio
from collections.abc import Mapping
from typing import Any

import hypothesis
import schemathesis
from schemathesis.checks import CHECKS

from rest_compat.application import OPERATIONS
from rest_compat.openapi import openapi_document
from tests.days import DATE
from tests.live_market import kept_open, on_air
from tests.rest_compat.desk import EARLIER, Desk
from tests.rest_compat.everything import ask, granted, named_by, opened, traded_on
from tests.rest_compat.probing import listening, probe

SEED = 20250115
ABANDON = "POST /strategies/preview/abandon"
CURRENT = "GET /accounts/{account_id}/sessions/current"
EXAMPLES, EXAMPLES_IN_SOAK = 3, 300
NOT_MADE = {"max_response_time"}  # it has no bound of its own; test_costs measures what a request costs
LEADING = {"probability": 0.7}  # a share of values that lead somewhere; the others are made up


def names_of(ids: Mapping[str, str]) -> dict[str, Any]:
    values = {
        "dates": [DATE.isoformat(), EARLIER.isoformat()],
        "times": [f"{DATE}T14:31:00", f"{EARLIER}T14:35:00Z"],
        "simulations": [ids["simulation_id"]],
        "accounts": [ids["account_id"], ids["idle_account_id"], ids["live_account_id"]],
        "days": [ids["session_id"]],
        "orders": [ids["order_id"], ids["day_order_id"]],
        "strategies": [ids["strategy_id"]],
        "hashes": [ids["source_hash"]],
        "symbols": ["SPXW  250115C05950000", "SPXW  250115P05940000", "SPXW  250115C05970000"],
    }
    fields = {
        "path.date": "dates",
        "path.timestamp": "times",
        "path.simulation_id": "simulations",
        "path.account_id": "accounts",
        "path.session_id": "days",
        "path.order_id": "orders",
        "path.strategy_id": "strategies",
        "path.source_hash": "hashes",
        "body.date": "dates",
        "body.order_id": "orders",
        "body.legs[*].instrument": "symbols",
    }
    return {
        "dictionaries": {name: {"values": some} for name, some in values.items()},
        "parameters": {field: {"dictionary": name, **LEADING} for field, name in fields.items()},
    }


def plan(ids: Mapping[str, str], token: str, spare_token: str) -> dict[str, Any]:
    """Signing out ends a session of its own, so that the others go on. A new historical account has no
    current session, and never will. To abandon refuses nothing, whatever is sent."""
    soaking = hypothesis.settings.get_current_profile_name() == "soak"
    return {
        "seed": SEED,
        "headers": {"Authorization": token},
        "operations": [
            {"include-name": "DELETE /auth/sessions", "headers": {"Authorization": spare_token}},
            {"include-name": ABANDON, "checks": {"negative_data_rejection": {"enabled": False}}},
            {"include-name": CURRENT, "checks": {"ensure_resource_availability": {"enabled": False}}},
        ],
        "generation": {
            "max-examples": EXAMPLES_IN_SOAK if soaking else EXAMPLES,
            "deterministic": not soaking,
            "no-shrink": True,
            "database": "none",
        },
        **names_of(ids),
    }


async def test_document_is_true(trader: Desk) -> None:
    ids = await opened(trader)
    spare = await trader.town.person("leaver@example.com")
    settings = plan(ids, trader.http.headers["Authorization"], spare.token)

    with on_air(trader.town) as market:
        await traded_on(market, trader)
        async with kept_open(market), listening(trader.town.ports) as url:
            findings = await asyncio.to_thread(probe, url, settings)

    assert findings.failures == {}
    assert findings.checks == set(CHECKS.get_all_names()) - NOT_MADE
    assert findings.operations >= {f"{one.method} {one.path}" for one in OPERATIONS}


async def test_every_answer_is_as_documented(trader: Desk) -> None:
    document = schemathesis.openapi.from_dict(openapi_document(OPERATIONS))
    statuses = {}
    for one in sorted(OPERATIONS, key=lambda one: one.id == "logout"):
        ids = await opened(trader)
        answer = await ask(trader.http, one, named_by(one, ids))
        document[one.path][one.method].validate_response(answer)
        statuses[one.id] = answer.status_code
        await trader.http.delete(f"/simulations/{ids['simulation_id']}")

    assert statuses == {one.id: granted(one) for one in OPERATIONS}
