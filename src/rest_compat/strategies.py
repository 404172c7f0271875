"""Strategies: previewed, saved, listed and managed."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, WrapValidator

from engine.denials import Code, Denial
from engine.settings import DESCRIPTION_LENGTH_MAX, LINE_PATTERN
from rest_compat.operations import Auth, Call, Gives, Routes, Takes
from rest_compat.strategy_configs import StrategyConfig
from rest_compat.strategy_metrics import Headline, render_headline
from rest_compat.strategy_results import Covering, ResultsSnapshot, render_coverage, render_snapshot
from rest_compat.wire import Answered, Asked, HashText, InstantText, absent, instant_text, one_of
from usecases import leaderboard, strategies
from usecases.absence import ABSENT
from usecases.leaderboard import ListedStrategy
from usecases.policy import Policy
from usecases.strategies import (
    Artifacts,
    Privacy,
    SavedStrategy,
    StrategyChanges,
    StrategyView,
)

routes = Routes("Strategies")

PREVIEW = "/strategies/preview"

PrivacyName = Annotated[str, one_of(*Privacy)]


def strategy_body_bytes(policy: Policy) -> int:
    return policy.strategy_body_bytes


def _as_sent(raw: object, _: object) -> object:
    return raw


class Configured(Asked):
    """A body with a config. Whatever it is, the engine says what is wrong with it."""

    model_config = ConfigDict(json_schema_extra={"required": ["config"]})

    config: Annotated[StrategyConfig, WrapValidator(_as_sent)] = absent()


class NewPreview(Configured):
    abandon_hash: Annotated[
        str | None, Field(description="The preview that this one takes the place of.")
    ] = None


class NewStrategy(Configured):
    privacy: Annotated[
        PrivacyName | None, Field(description="Public is for whoever holds the link; private unless said.")
    ] = None


class StrategyChange(Asked):
    """What to change; the rest stays. A null description brings the generated one back."""

    description: Annotated[
        str | None, Field(max_length=DESCRIPTION_LENGTH_MAX, json_schema_extra={"pattern": LINE_PATTERN})
    ] = None
    privacy: PrivacyName | None = None


class Abandoned(Asked):
    source_hash: str


class Logic(Answered):
    """What follows from a config: its normalised form, ready to be sent again, and the words about it."""

    config: dict[str, Any]
    description: str
    summary: str
    risks: list[str]


class Preview(Logic):
    program: Annotated[str, Field(description="What runs; `source_hash` is the SHA-256 of it.")]
    snapshot: ResultsSnapshot


class Link(Answered):
    id: UUID
    source_hash: HashText
    privacy: PrivacyName
    created_at: InstantText
    updated_at: InstantText


class Strategy(Logic, Link):
    """A saved strategy as you see it. ``description`` is the owner's, or else the generated one."""

    is_owner: bool
    snapshot: ResultsSnapshot


class StrategyRow(Covering, Link):
    """A line of the leaderboard; the metrics are net of the default fees."""

    description: str
    metrics: Headline


class StrategyList(Answered):
    strategies: list[StrategyRow]


def render_preview(preview: strategies.Preview) -> Preview:
    artifacts, snapshot = preview.artifacts, render_snapshot(preview.snapshot)
    return Preview(**_logic(artifacts), program=artifacts.program, snapshot=snapshot)


def render_strategy(view: StrategyView) -> Strategy:
    return Strategy(
        **_link(view.saved),
        **_logic(view.artifacts) | {"description": view.saved.description},
        is_owner=view.is_owner,
        snapshot=render_snapshot(view.snapshot),
    )


def _logic(artifacts: Artifacts) -> dict[str, Any]:
    generated = artifacts.generated
    return {
        "config": dict(artifacts.config),
        "description": generated.description,
        "summary": generated.summary,
        "risks": list(generated.risks),
    }


def _link(saved: SavedStrategy) -> dict[str, Any]:
    return {
        "id": saved.id,
        "source_hash": saved.source_hash,
        "privacy": saved.privacy.value,
        "created_at": instant_text(saved.created_at),
        "updated_at": instant_text(saved.updated_at),
    }


def _row(listed: ListedStrategy) -> StrategyRow:
    return StrategyRow.model_validate(
        {
            **render_coverage(listed.coverage),
            **_link(listed.saved),
            "description": listed.saved.description,
            "metrics": render_headline(listed.headline),
        }
    )


@routes.operation(
    "POST",
    PREVIEW,
    Takes(NewPreview, body_bytes=strategy_body_bytes),
    Gives(200, Preview, (Code.INVALID_CONFIG, Code.TOO_MANY_ACTIVE_BACKTESTS)),
)
async def preview_strategy(call: Call[NewPreview]) -> Preview | Denial:
    """See to it that a config is backtested over every session, and read the results so far.

    It runs while somebody is interested: reading the results keeps it alive for 15 minutes.
    `abandon_hash` is given up first.
    """
    config = _config(call.body)
    if isinstance(config, Denial):
        return config
    outcome = await strategies.preview(call.ports, call.viewer, config, call.body.abandon_hash)
    if isinstance(outcome, Denial):
        return outcome
    return await asyncio.to_thread(render_preview, outcome)


@routes.operation(
    "GET", f"{PREVIEW}/{{source_hash}}/results", Takes(), Gives(200, ResultsSnapshot, (Code.NOT_FOUND,))
)
async def get_preview_results(call: Call[None]) -> ResultsSnapshot | Denial:
    """The results of a config that you previewed lately or saved, net of your costs."""
    outcome = await strategies.preview_results(call.ports, call.viewer, call.path["source_hash"])
    return outcome if isinstance(outcome, Denial) else await asyncio.to_thread(render_snapshot, outcome)


@routes.operation("POST", f"{PREVIEW}/abandon", Takes(Abandoned, may_fail=True), Gives(204))
async def abandon_preview(call: Call[Abandoned | None]) -> None:
    """Say that you watch a preview no more. Whatever is sent, there is nothing to be refused."""
    if call.body is not None:
        await strategies.abandon(call.ports, call.viewer, call.body.source_hash)


@routes.operation("GET", "/strategies", Takes(), Gives(200, StrategyList))
async def list_strategies(call: Call[None]) -> StrategyList:
    """The leaderboard: your strategies, the latest change first."""
    listed = await leaderboard.list_strategies(call.ports, call.viewer)
    return StrategyList(strategies=[_row(one) for one in listed])


@routes.operation(
    "POST",
    "/strategies",
    Takes(NewStrategy, body_bytes=strategy_body_bytes),
    Gives(201, Strategy, (Code.INVALID_CONFIG,)),
)
async def save_strategy(call: Call[NewStrategy]) -> Strategy | Denial:
    """Save a config as a strategy of yours, with the results that it has.

    One that you removed comes back under its id, private. At the cap of backtests it waits for its turn.
    """
    config = _config(call.body)
    if isinstance(config, Denial):
        return config
    return await _answer(await strategies.save_strategy(call.ports, call.viewer, config, call.body.privacy))


@routes.operation(
    "GET",
    "/strategies/{strategy_id}",
    Takes(auth=Auth.OPTIONAL),
    Gives(200, Strategy, (Code.NOT_FOUND,)),
)
async def get_strategy(call: Call[None]) -> Strategy | Denial:
    """A strategy of yours, or a public one, with its results net of your costs."""
    return await _answer(await strategies.get_strategy(call.ports, call.caller, call.path["strategy_id"]))


@routes.operation(
    "PATCH", "/strategies/{strategy_id}", Takes(StrategyChange), Gives(200, Strategy, (Code.NOT_FOUND,))
)
async def change_strategy(call: Call[StrategyChange]) -> Strategy | Denial:
    """Describe a strategy of yours in your own words, or make it public or private."""
    body = call.body
    described = body.description if "description" in body.model_fields_set else ABSENT
    changes = StrategyChanges(description=described, privacy=body.privacy)
    strategy_id = call.path["strategy_id"]
    return await _answer(await strategies.change_strategy(call.ports, call.viewer, strategy_id, changes))


@routes.operation("DELETE", "/strategies/{strategy_id}", Takes(), Gives(204, None, (Code.NOT_FOUND,)))
async def remove_strategy(call: Call[None]) -> Denial | None:
    """Take a strategy off your list; saving its config again brings it back."""
    return await strategies.remove_strategy(call.ports, call.viewer, call.path["strategy_id"])


def _config(body: Configured) -> dict[str, object] | Denial:
    config: object = body.config
    if isinstance(config, dict):
        return config
    problem = "is required" if config is None else "must be an object"
    return Denial(Code.INVALID_CONFIG, f"config {problem}", ("config",), {"config": problem})


async def _answer(outcome: StrategyView | Denial) -> Strategy | Denial:
    return outcome if isinstance(outcome, Denial) else await asyncio.to_thread(render_strategy, outcome)
