import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtesting import Backtest, Tapes, run
from engine.decisions import Decision, EntrySkipped, EntryTaken, hash_of_words, words_of
from engine.market import Day
from engine.replaying import replay
from engine.strategies import Bounds, Strategy
from tests.engine.chances import CLOSE, DAYS, SEEDS, SETTLEMENTS, STRATEGIES, day_of, strategy_of
from tests.engine.strategizing import strategy
from tests.engine.tapes import tape


@given(st.lists(STRATEGIES, min_size=1, max_size=4), DAYS, SETTLEMENTS)
def test_the_kernel_decides_what_the_stepper_decides(
    strategies: list[Strategy], day: Day, before: int | None
) -> None:
    replays = [replay(strategy, day, before) for strategy in strategies]
    backtest = run(Tapes([day], [before]), strategies, wants_words=True)

    assert backtest.words.tolist() == [word for one in replays for word in words_of(one.decisions)]
    assert results(backtest) == [one.result for one in replays]


def results(backtest: Backtest) -> list[object]:
    days, cells = backtest.sessions.shape
    return [backtest.result(day, cell) for day in range(days) for cell in range(cells)]


@given(STRATEGIES, DAYS, SEEDS, st.integers(0, CLOSE - 1))
def test_what_comes_later_changes_no_decision(
    strategy: Strategy, day: Day, seed: int, last_second: int
) -> None:
    """Every value after a second, the settlement too, becomes nonsense: quotes that cannot be,
    missing ones, an index at random."""
    honest = until(replay(strategy, day, None).decisions, last_second)
    poisoned = poison(day, last_second, seed)
    assert until(replay(strategy, poisoned, None).decisions, last_second) == honest

    words = words_of(honest)
    compiled = run(Tapes([poisoned], [None]), [strategy], wants_words=True).words.tolist()
    assert compiled[: len(words)] == words


def until(decisions: Sequence[Decision], last_second: int) -> list[Decision]:
    return [decision for decision in decisions if second_of(decision) <= last_second]


def second_of(decision: Decision) -> int:
    return decision.attempt.second if isinstance(decision, EntrySkipped | EntryTaken) else decision.second


def poison(day: Day, last_second: int, seed: int) -> Day:
    rng = np.random.default_rng(seed)
    poisoned = {}
    for name, highest in (("bid_ticks", 65_536), ("ask_ticks", 65_536), ("spx_e4", 10**8), ("vix_e4", 10**6)):
        values = getattr(day, name).copy()
        later = values[..., last_second + 1 :]
        later[...] = rng.integers(0, highest, later.shape)
        poisoned[name] = values
    deltas = day.delta_e4.copy()
    deltas[last_second + 1 :] = rng.integers(-1, 10_001, deltas[last_second + 1 :].shape)
    settlement = None if day.settlement_cents is None else 1
    return replace(day, **poisoned, delta_e4=deltas, settlement_cents=settlement)


def test_one_run_of_many_days_and_strategies_is_the_sessions_one_by_one() -> None:
    days, strategies = [day_of(seed) for seed in range(5)], [strategy_of(seed) for seed in range(20)]
    before = [None, *[day.settlement_cents for day in days[:-1]]]
    whole = run(Tapes(days, before), strategies)

    for place, (day, settled) in enumerate(zip(days, before, strict=True)):
        for cell, one in enumerate(strategies):
            assert whole.result(place, cell) == run(Tapes([day], [settled]), [one]).result(0)
    assert len(whole.trades) == whole.sessions["trade_count"].sum() > 20
    owners = [(trade["day"], trade["cell"]) for trade in whole.trades]
    assert owners == sorted(owners)


RUN = """
from engine.backtesting import Tapes, run
from tests.engine.chances import day_of, strategy_of

days = [day_of(seed) for seed in range(4)]
backtest = run(Tapes(days, [None] * 4), [strategy_of(seed) for seed in range(50)])
print(backtest.sessions.tobytes().hex(), backtest.trades.tobytes().hex())
"""


def test_every_process_comes_to_the_same_bytes() -> None:
    printed = [
        subprocess.run(
            [sys.executable, "-c", RUN],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert printed[0] == printed[1]
    assert len(printed[0]) > 10_000


CREDIT = "-1 P otm 20, +1 P width 20 from 0"


def long_day() -> Day:
    return tape({"5910P": (0.50, 0.60), "5930P": (2.00, 2.10)}, close_second=23_400)


def test_other_threads_run_meanwhile() -> None:
    """With a switch interval beyond the test, a thread stops only where it lets go of the lock."""
    many = [strategy(CREDIT, range(100, 6_100, 100), entry={"max_open": 20})] * 200
    tapes, has_started, has_ended = Tapes([long_day()], [None]), threading.Event(), threading.Event()

    def work() -> None:
        has_started.set()
        run(tapes, many)
        has_ended.set()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1_000)
    try:
        worker = threading.Thread(target=work)
        worker.start()
        has_started.wait()
        ended_first = has_ended.is_set()
    finally:
        sys.setswitchinterval(interval)
    worker.join()
    assert not ended_first


def test_a_gap_is_counted_from_the_settlement_given_with_the_day() -> None:
    tapes = Tapes([long_day(), long_day()], [None, 595_000])
    backtest = run(tapes, [strategy(CREDIT, entry={"gap": Bounds(least_e4=0)})])
    assert [backtest.result(day).gross_cents for day in range(2)] == [0, 15_000]


def test_a_strategy_or_a_day_that_does_not_fit_is_refused() -> None:
    tapes, vertical = Tapes([long_day()], [None]), strategy(CREDIT)
    short, *others = vertical.legs
    refused = {
        "sells more puts than it buys": replace(vertical, legs=(replace(short, quantity=2), *others)),
        "0 legs": replace(vertical, legs=()),
        "more than 60 times": strategy(CREDIT, range(61)),
        "not 1 to 20 open": strategy(CREDIT, entry={"max_open": 21}),
        "counts its width": replace(vertical, legs=vertical.legs[::-1]),
        "is larger than": strategy("+1 P otm 200000"),
        "more than 16384 contracts": strategy("+16385 P otm 20"),
    }
    for message, one in refused.items():
        with pytest.raises(ValueError, match=message):
            run(tapes, [one])
    with pytest.raises(ValueError, match="2025-01-15: delta_e4 is not contiguous int16"):
        Tapes([replace(long_day(), delta_e4=np.zeros((5, 2), np.int16))], [None])


def test_no_days_and_no_strategies_are_no_sessions() -> None:
    assert run(Tapes([], []), [strategy(CREDIT)]).sessions.shape == (0, 1)
    assert run(Tapes([long_day()], [None]), []).sessions.shape == (1, 0)
    assert (
        hash_of_words(())
        == run(Tapes([replace(long_day(), settlement_cents=None)], [None]), [strategy(CREDIT)])
        .result(0)
        .decisions_hash
    )
