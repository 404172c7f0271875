"""`zerodte backtest`: a config file over the recorded days of a data directory."""

import gc
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from engine.costs import Costs
from engine.denials import Denial
from engine.fees import DEFAULT_FEES
from engine.settings import read_slippage
from marketdata.refusals import DayUnavailable
from usecases.backtesting import Progress
from zerodte.backtest_report import report
from zerodte.backtesting import InvalidConfig, Result, Window, backtest
from zerodte.config_files import read_config_file
from zerodte.failures import CannotRun

BAR_WIDTH = 40


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where results go besides the report: ``json`` writes the whole of them instead of it."""

    json: bool
    plot: Path | None
    csv: Path | None


def data_dir_of(environment: Mapping[str, str]) -> Path:
    """The data directory as the settings name it; reading all of those takes longer than a year's run."""
    return Path(environment.get("ZERODTE_DATA_DIR") or "var")


def window_of(first: datetime | None, last: datetime | None) -> Window:
    """The dates of ``--from`` and ``--to``. Raises CannotRun where they are the wrong way round."""
    try:
        return Window(first and first.date(), last and last.date())
    except ValueError as error:
        raise CannotRun(f"--from, --to: {error}") from error


def run(config: Path, data_dir: Path, window: Window, slippage: str, outputs: Outputs) -> None:
    """Runs it and prints the report. Raises CannotRun, after the report where every day failed."""
    gc.freeze()  # what is imported by now stays: looking at it again takes a tenth of a year's run
    read, costs = read_config_file(config), _costs(slippage)
    with _progress() as tell:
        result = _result(read, data_dir, window, costs, tell)
    if outputs.csv is not None:
        write_logs(result, outputs.csv)
    sys.stdout.write(f"{json.dumps(result.document(), indent=1)}\n" if outputs.json else report(result))
    if not result.performance.curve:
        undrawn = "" if outputs.plot is None else ", so that --plot has no curve to draw"
        raise CannotRun(f"every day failed{undrawn}")
    if outputs.plot is not None:
        outputs.plot.write_bytes(_drawn(result))


def _drawn(result: Result) -> bytes:
    drawn: bytes = import_module("zerodte.plotting").plot(result.performance, result.description.description)
    return drawn


def write_logs(result: Result, folder: Path) -> None:
    """The days, the trade log and the daily log, each a file of comma-separated text."""
    folder.mkdir(parents=True, exist_ok=True)
    logs = {"days": result.days_csv, "trades": result.trade_log_csv, "daily": result.daily_log_csv}
    for name, text in logs.items():
        (folder / f"{name}.csv").write_text(text, newline="")


def _costs(slippage: str) -> Costs:
    cents = read_slippage(slippage)
    if isinstance(cents, Denial):
        raise CannotRun(f"--{cents.message}")
    return Costs(DEFAULT_FEES, cents)


def _result(
    config: Mapping[str, Any], data_dir: Path, window: Window, costs: Costs, tell: Progress
) -> Result:
    try:
        return backtest(config, data_dir, window, costs, tell)
    except InvalidConfig as invalid:
        problems = "\n".join(f"  {path} {problem}" for path, problem in invalid.fields.items())
        raise CannotRun(f"invalid_config\n{problems}") from invalid
    except DayUnavailable as unreadable:
        raise CannotRun(
            f"no day can be read: {unreadable}; `zerodte days --verify` tells more"
        ) from unreadable
    except LookupError as nothing:
        raise CannotRun(f"{nothing}; try `zerodte generate --from 2025-01-13 --days 5`") from nothing


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar on standard error while the days are run; none where it is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    try:
        yield _draw
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def _draw(done: int, total: int) -> None:
    filled = BAR_WIDTH * done // max(total, 1)
    bar = "━" * filled + "╌" * (BAR_WIDTH - filled)
    sys.stderr.write(f"\r{bar} {done:,}/{total:,} days")
    sys.stderr.flush()
