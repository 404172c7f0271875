"""Programs: the text of a strategy, its hash, and that nothing else reads as a strategy."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given

from engine.programs import read_program, source_hash, write_program
from tests.engine.configuring import DOCUMENTED, FULL, Config, configs, strategy_of, strategy_with

DOCUMENTED_PROGRAM = """\
zerodte strategy 1
leg 0: sell 1 put at delta 0.3
leg 1: buy 1 put at delta 0.2
enter at 10:00
enter on mon tue wed thu fri
hold at most 1 open
exit at a profit of 50% of the maximum profit
exit at 15:55
settle what is open at the close
"""
DOCUMENTED_HASH = "bf9cb1f38cddc1c2851be9e67c0b31afddfc2d9ced6cee1f9dc6e68e8e59daf5"

FULL_PROGRAM = """\
zerodte strategy 1
leg 0: sell 2 put at premium 3.5
leg 1: buy 2 put at width 25 from leg 0
leg 2: sell 2 call at expected_move 1.1
leg 3: buy 2 call at percent_otm 1.25
enter at 09:45:30 11:00
enter on mon wed
enter only if vix is at least 12
enter only if vix is at most 30.5
enter only if expected move percent is at least 0.4
enter only if expected move percent is at most 2
enter only if gap percent is at least -1.5
enter only if gap percent is at most 1
enter only if move percent is at least -0.75
enter only if move percent is at most 0.75
hold at most 3 open
enter again up to 2 times, 15 minutes after loss
exit at a loss of 80% of the maximum loss
exit at a loss of 200% of the credit
exit when the profit, once 30% of the maximum, falls 10% of the maximum below its best
exit at a profit of 50% of the maximum profit
exit when the index touches a short strike
exit when the delta of a short leg reaches 0.55
exit at 15:30
settle what is open at the close
"""


def test_the_program_of_the_documented_strategy_and_its_hash_never_change() -> None:
    assert write_program(strategy_of(DOCUMENTED)) == DOCUMENTED_PROGRAM
    assert source_hash(DOCUMENTED_PROGRAM) == DOCUMENTED_HASH


def test_the_program_of_a_strategy_with_everything_in_it_never_changes() -> None:
    assert write_program(strategy_of(FULL)) == FULL_PROGRAM


def test_the_config_in_the_documentation_has_the_program_that_stands_beside_it() -> None:
    page = (Path(__file__).parents[2] / "docs" / "strategies.md").read_text()
    (config,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    (program,) = re.findall(r"```\n(zerodte strategy 1\n.*?)```", page, re.DOTALL)
    assert write_program(strategy_of(json.loads(config))) == program == DOCUMENTED_PROGRAM


def test_an_at_the_money_leg_needs_no_number() -> None:
    strategy = strategy_with("-1 call atm, +1 call points_otm 20")
    assert write_program(strategy).splitlines()[1] == "leg 0: sell 1 call at atm"
    assert read_program(write_program(strategy)) == strategy


@given(configs())
def test_a_program_reads_as_the_strategy_it_was_written_for(config: Config) -> None:
    strategy = strategy_of(config)
    assert read_program(write_program(strategy)) == strategy


@given(configs(), configs())
def test_strategies_are_equal_where_their_programs_and_their_hashes_are(left: Config, right: Config) -> None:
    strategies = [strategy_of(config) for config in (left, right, DOCUMENTED, FULL)]
    programs = [write_program(strategy) for strategy in strategies]
    hashes = [source_hash(program) for program in programs]
    assert len(set(strategies)) == len(set(programs)) == len(set(hashes))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1: must be 'zerodte strategy 1', not ''"),
        (DOCUMENTED_PROGRAM.replace("strategy 1", "strategy 2"), "line 1: must be 'zerodte strategy 1'"),
        (DOCUMENTED_PROGRAM.replace("put at delta 0.3", "putt at delta 0.3"), "line 2: not a statement"),
        (DOCUMENTED_PROGRAM.replace("delta 0.3", "gamma 0.3"), "line 2: not a statement"),
        (
            DOCUMENTED_PROGRAM.replace("delta 0.3", "delta 0.30"),
            "line 2: must be 'leg 0: sell 1 put at delta 0.3'",
        ),
        (DOCUMENTED_PROGRAM.replace("delta 0.3", "delta x"), "line 2: not a statement"),
        (DOCUMENTED_PROGRAM.replace("sell 1", "sell 01"), "line 2: must be 'leg 0: sell 1 put at delta 0.3'"),
        (DOCUMENTED_PROGRAM.replace("leg 1", "leg 2"), "line 3: must be 'leg 1: buy 1 put at delta 0.2'"),
        (DOCUMENTED_PROGRAM.replace("delta 0.2", "width 20"), "line 3: not a statement"),
        (DOCUMENTED_PROGRAM.replace("delta 0.2", "width 20 from leg 1"), "line 3: not a statement"),
        (DOCUMENTED_PROGRAM.replace("delta 0.2", "delta 0.2 from leg 0"), "line 3: not a statement"),
        (DOCUMENTED_PROGRAM.replace("10:00", "10:00:00"), "line 4: must be 'enter at 10:00'"),
        (DOCUMENTED_PROGRAM.replace("10:00", "24:00"), "line 4: not a statement"),
        (DOCUMENTED_PROGRAM.replace("enter at", "enter  at"), "line 4: not a statement"),
        (DOCUMENTED_PROGRAM.replace("fri", "sat"), "line 5: not a statement"),
        (DOCUMENTED_PROGRAM.replace("enter on mon tue wed thu fri\n", ""), "line 5: must be 'enter on mon"),
        (DOCUMENTED_PROGRAM.replace("hold", "vix is 3\nhold"), "line 6: not a statement"),
        (DOCUMENTED_PROGRAM.replace("50%", "50.5.5%"), "line 7: not a statement"),
        (DOCUMENTED_PROGRAM.replace("exit at 15:55\n", "exit at 15:55\n" * 2), "line 9: must be 'settle"),
        (DOCUMENTED_PROGRAM.replace("settle what is open at the close\n", ""), "line 9: must be 'settle"),
        (DOCUMENTED_PROGRAM.removesuffix("\n"), "line 10: must be '', not None"),
        (DOCUMENTED_PROGRAM + "\n", "line 10: not a statement: ''"),
        (DOCUMENTED_PROGRAM.replace("\n", "\r\n"), "line 1: must be 'zerodte strategy 1'"),
        (re.sub("leg .*\n", "", DOCUMENTED_PROGRAM), "line 2: must be the first of 1 to 4 legs"),
        (
            FULL_PROGRAM.replace("enter at", "leg 4: buy 1 put at delta 0.1\nenter at"),
            "line 2: must be the first of 1 to 4 legs",
        ),
        (FULL_PROGRAM.replace("gap percent", "gap"), "line 12: not a statement"),
        (FULL_PROGRAM.replace("after loss", "after noon"), "line 17: not a statement"),
    ],
)
def test_any_other_text_is_refused_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=r"^line ") as refused:
        read_program(text)
    assert str(refused.value).startswith(problem)
