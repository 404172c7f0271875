"""The page on strategies: its notebook is run, its config and program read, its metrics looked for."""

import doctest
import json
import re
from datetime import date
from pathlib import Path

import pytest

from engine.configs import read_config
from engine.programs import write_program
from engine.strategies import Strategy
from engine.synthetic import SEED_DEFAULT
from engine.trade_logs import DAY_COLUMNS
from marketdata.generating import generate
from zerodte.backtesting import backtest

PAGE = Path(__file__).parents[2] / "docs" / "strategies.md"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory whose ``var`` holds the first three synthetic days, the same on every machine."""
    home = tmp_path_factory.mktemp("home")
    generate(home / "var" / "days", date(2025, 1, 13), 3, SEED_DEFAULT, lambda *_: None)
    return home


def block(kind: str) -> str:
    found = re.search(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def example() -> Strategy:
    strategy = read_config(json.loads(block("json")))
    assert isinstance(strategy, Strategy)
    return strategy


def test_the_notebook_prints_what_it_says(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    notebook = doctest.DocTestParser().get_doctest(block("pycon"), {}, PAGE.name, str(PAGE), 0)
    assert len(notebook.examples) == 13
    told: list[str] = []
    assert doctest.DocTestRunner().run(notebook, out=told.append).failed == 0, "".join(told)


def test_the_program_is_that_of_the_config() -> None:
    assert f"```\n{write_program(example())}```" in PAGE.read_text()


def test_every_metric_is_explained(home: Path) -> None:
    result = backtest(json.loads(block("json")), home / "var")
    explained = set(re.findall(r"`(\w+)[`.]", PAGE.read_text().partition("## What a result tells")[2]))
    assert set(result.metrics) - explained == set()


def test_the_columns_of_the_day_list_are_named() -> None:
    assert ",".join(DAY_COLUMNS) in PAGE.read_text().replace("`\n`", "")
