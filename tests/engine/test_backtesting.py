from hypothesis import given
from hypothesis import strategies as st

from engine.backtesting import Tapes, run
from engine.decisions import words_of
from engine.market import Day
from engine.replaying import replay
from engine.strategies import Strategy
from tests.engine.chances import SETTLEMENTS, STRATEGIES, days


@given(st.lists(STRATEGIES, min_size=1, max_size=3), days(), SETTLEMENTS)
def test_the_kernel_decides_what_the_stepper_decides(
    strategies: list[Strategy], day: Day, before: int | None
) -> None:
    replays = [replay(strategy, day, before) for strategy in strategies]
    backtest = run(Tapes([day], [before]), strategies, wants_words=True)

    assert backtest.words.tolist() == [word for one in replays for word in words_of(one.decisions)]
    assert [backtest.result(0, cell) for cell in range(len(strategies))] == [one.result for one in replays]
