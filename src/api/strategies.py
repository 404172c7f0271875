"""Strategies: previewed, saved, listed, read, changed and removed. They never change by themselves."""

from datetime import date, datetime
from uuid import UUID

import strawberry
from strawberry import Maybe

from api.backtests import Backtest, Coverage, render_backtest, render_coverage
from api.connections import PAGE_SIZE_DEFAULT, After, Connection, First, Key, connect_page, read_page
from api.context import Info
from api.drilling import BacktestDetail, find_detail
from api.errors import UserError, found, granted, user_errors
from api.nodes import Node, NodeKind, global_id, read_id
from api.performances import Performance, render_performance
from api.scalars import read_time, time_text
from api.strategy_configs import StrategyConfig, StrategyConfigInput, raw_config, render_config
from engine.denials import Code, Denial
from engine.programs import read_program
from usecases import leaderboard, strategies
from usecases.absence import ABSENT
from usecases.leaderboard import ListedStrategy, Place
from usecases.ports import Ports
from usecases.strategies import (
    Artifacts,
    Privacy,
    StrategyChanges,
    StrategyView,
    Table,
)

strawberry.enum(Privacy, description="PUBLIC is for whoever holds the link; it is listed nowhere.")
strawberry.enum(
    Table, name="ResultsTable", description="DAYS is the day list; TRADES and DAILY are what tools read."
)


@strawberry.type(description="What follows from a config alone.")
class StrategyLogic:
    config: StrategyConfig
    program: str = strawberry.field(description="What the engine runs; its SHA-256 is the source hash.")
    description: str = strawberry.field(description="The structure and its exits in a line.")
    summary: str
    risks: list[str]


@strawberry.type(description="A strategy that somebody saved. Equal configs share one backtest.")
class Strategy(Node):
    uuid: UUID
    source_hash: str
    privacy: Privacy
    is_owner: bool
    description: str = strawberry.field(description="The owner's own, or else the generated one.")
    created_at: datetime
    updated_at: datetime
    logic: StrategyLogic
    backtest: Backtest

    @strawberry.field(
        description="A covered session in full, run again for 10 credits; null when there is none on that "
        "date. It answers in seconds."
    )
    async def day_detail(self, info: Info, date: date) -> BacktestDetail | None:
        return await find_detail(info, self.uuid, date)

    @strawberry.field(description="The results as CSV.")
    async def csv(self, info: Info, table: Table = Table.DAYS) -> str:
        viewer = await info.context.visitor_or_viewer()
        return granted(await strategies.strategy_csv(info.context.ports, viewer, self.uuid, table))


@strawberry.type(
    description="A line of the leaderboard, whose performance is after the default costs, whoever reads it."
)
class StrategyLine:
    strategy_id: strawberry.ID
    uuid: UUID
    source_hash: str
    privacy: Privacy
    description: str
    created_at: datetime
    updated_at: datetime
    coverage: Coverage
    listed: strawberry.Private[ListedStrategy]

    @strawberry.field
    async def performance(self, info: Info) -> Performance:
        told = await leaderboard.performance_of_listed(info.context.ports, self.listed)
        return render_performance(told)


@strawberry.type(description="A config's program with the results that it has.")
class StrategyPreview:
    logic: StrategyLogic
    backtest: Backtest


@strawberry.input
class PreviewStrategyInput:
    config: StrategyConfigInput
    abandon_hash: str | None = strawberry.field(
        default=None, description="The source hash of the preview whose place is taken."
    )


@strawberry.input
class AbandonPreviewInput:
    source_hash: str


@strawberry.input
class SaveStrategyInput:
    config: StrategyConfigInput
    privacy: Privacy | None = strawberry.field(
        default=None, description="A new strategy is private unless said otherwise."
    )


@strawberry.input(description="What is left out stays as it is, and so does what is null but a description.")
class UpdateStrategyInput:
    strategy_id: strawberry.ID
    description: Maybe[str | None] = strawberry.field(description="Null brings the generated one back.")
    privacy: Privacy | None = None


@strawberry.input
class RemoveStrategyInput:
    strategy_id: strawberry.ID


@strawberry.input
class UpdateResultsInput:
    strategy_id: strawberry.ID


@strawberry.type
class PreviewPayload:
    preview: StrategyPreview | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class AbandonPreviewPayload:
    done: bool
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class StrategyPayload:
    strategy: Strategy | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class RemoveStrategyPayload:
    removed_id: strawberry.ID | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class UpdateResultsPayload:
    coverage: Coverage | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class StrategyQuery:
    @strawberry.field(description="The leaderboard of the viewer's strategies, the latest change first.")
    async def strategies(
        self, info: Info, first: First = PAGE_SIZE_DEFAULT, after: After = None
    ) -> Connection[StrategyLine]:
        page = read_page(first, after, str, int)
        viewer = await info.context.viewer()
        place = None if page.after is None else Place(read_time(page.after[0]), int(page.after[1]))
        rows = await leaderboard.page_strategies(info.context.ports, viewer, first=first, after=place)
        return connect_page(rows.strategies, _key, _render_line, has_next=rows.has_next)

    @strawberry.field(
        description="A strategy of the viewer's, or a public one for whoever asks; null when there is none."
    )
    async def strategy(self, info: Info, uuid: UUID) -> Strategy | None:
        return await find_strategy(info, uuid)


@strawberry.type
class StrategyMutation:
    @strawberry.mutation(
        description="See to it that a config is run over every session, and answer with what there is. An "
        "unsaved preview runs on while its results are looked at."
    )
    async def preview_strategy(self, info: Info, input: PreviewStrategyInput) -> PreviewPayload:
        viewer = await info.context.viewer()
        answer = await strategies.preview(
            info.context.ports, viewer, raw_config(input.config), input.abandon_hash
        )
        if isinstance(answer, Denial):
            return PreviewPayload(user_errors=_errors(answer))
        backtest = render_backtest(info.context.ports, answer.snapshot)
        return PreviewPayload(preview=StrategyPreview(logic=_logic(answer.artifacts), backtest=backtest))

    @strawberry.mutation(description="Look at a preview no more; nobody else's is touched.")
    async def abandon_preview(self, info: Info, input: AbandonPreviewInput) -> AbandonPreviewPayload:
        viewer = await info.context.viewer()
        await strategies.abandon(info.context.ports, viewer, input.source_hash)
        return AbandonPreviewPayload(done=True)

    @strawberry.mutation(
        description="Save a config as the viewer's strategy, with the results it has. One that was removed "
        "comes back under its id."
    )
    async def save_strategy(self, info: Info, input: SaveStrategyInput) -> StrategyPayload:
        viewer = await info.context.viewer()
        config = raw_config(input.config)
        answer = await strategies.save_strategy(info.context.ports, viewer, config, input.privacy)
        return _payload(info, answer)

    @strawberry.mutation(description="Describe, publish or unpublish: the config never changes.")
    async def update_strategy(self, info: Info, input: UpdateStrategyInput) -> StrategyPayload:
        viewer = await info.context.viewer()
        strategy_id = read_id(input.strategy_id, NodeKind.STRATEGY)
        description = input.description.value if input.description else ABSENT
        changes = StrategyChanges(description, input.privacy)
        answer = await strategies.change_strategy(info.context.ports, viewer, strategy_id, changes)
        return _payload(info, answer)

    @strawberry.mutation(
        description="Take a strategy off the viewer's list. Its program and results stay for others."
    )
    async def remove_strategy(self, info: Info, input: RemoveStrategyInput) -> RemoveStrategyPayload:
        viewer = await info.context.viewer()
        strategy_id = read_id(input.strategy_id, NodeKind.STRATEGY)
        denial = await strategies.remove_strategy(info.context.ports, viewer, strategy_id)
        if denial is not None:
            return RemoveStrategyPayload(user_errors=_errors(denial))
        return RemoveStrategyPayload(removed_id=global_id(NodeKind.STRATEGY, strategy_id))

    @strawberry.mutation(
        description="Run the sessions that are missing, and those that failed again, for everybody."
    )
    async def update_results(self, info: Info, input: UpdateResultsInput) -> UpdateResultsPayload:
        viewer = await info.context.viewer()
        strategy_id = read_id(input.strategy_id, NodeKind.STRATEGY)
        answer = await strategies.update_results(info.context.ports, viewer, strategy_id)
        if isinstance(answer, Denial):
            return UpdateResultsPayload(user_errors=_errors(answer))
        return UpdateResultsPayload(coverage=render_coverage(answer))


async def find_strategy(info: Info, uuid: UUID) -> Strategy | None:
    viewer = await info.context.visitor_or_viewer()
    view = found(await strategies.get_strategy(info.context.ports, viewer, uuid))
    return _render(info.context.ports, view) if view else None


def _payload(info: Info, answer: StrategyView | Denial) -> StrategyPayload:
    if isinstance(answer, Denial):
        return StrategyPayload(user_errors=_errors(answer))
    return StrategyPayload(strategy=_render(info.context.ports, answer))


def _errors(denial: Denial) -> list[UserError]:
    """The paths of a wrong config begin at the config."""
    within = ("config",) if denial.code is Code.INVALID_CONFIG else ()
    return user_errors(denial, "input", *within)


def _render(ports: Ports, view: StrategyView) -> Strategy:
    saved = view.saved
    return Strategy(
        id=global_id(NodeKind.STRATEGY, saved.id),
        uuid=saved.id,
        source_hash=saved.source_hash,
        privacy=saved.privacy,
        is_owner=view.is_owner,
        description=saved.description,
        created_at=saved.created_at,
        updated_at=saved.updated_at,
        logic=_logic(view.artifacts),
        backtest=render_backtest(ports, view.snapshot),
    )


def _render_line(listed: ListedStrategy) -> StrategyLine:
    saved = listed.saved
    return StrategyLine(
        strategy_id=global_id(NodeKind.STRATEGY, saved.id),
        uuid=saved.id,
        source_hash=saved.source_hash,
        privacy=saved.privacy,
        description=saved.description,
        created_at=saved.created_at,
        updated_at=saved.updated_at,
        coverage=render_coverage(listed.coverage),
        listed=listed,
    )


def _logic(made: Artifacts) -> StrategyLogic:
    return StrategyLogic(
        config=render_config(read_program(made.program)),
        program=made.program,
        description=made.generated.description,
        summary=made.generated.summary,
        risks=list(made.generated.risks),
    )


def _key(listed: ListedStrategy) -> Key:
    return time_text(listed.saved.updated_at), listed.saved.key
