"""`zerodte backtest` as a user waits for it: the whole process, and what of it the days take, on files
that a fresh process maps, with their pages in memory and without."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from bench.backtests import CONTRACTS, DAYS
from bench.chains import chain_day
from bench.figures import Figure
from marketdata.manifests import Provenance
from marketdata.publishing import publish

LAPS = 7
COLD_LAPS = 3
PROVENANCE = Provenance(source="bench", importer_version="1", resolution_seconds=1)
ONLY_THE_DAYS = """
import gc, json, sys, time
from zerodte.backtesting import backtest
config = json.load(open(sys.argv[1]))
gc.freeze()  # as the command does
started = time.perf_counter()
result = backtest(config, sys.argv[2])
print((time.perf_counter() - started) / len(result.days))
"""


def offline_figures() -> Iterator[Figure]:
    with published_year() as home:
        config = home / "condor.json"
        yield from _whole_process(config, home)
        warm = median(_seconds_a_day(config, home) for _ in range(LAPS))
        yield Figure(
            "fresh process, pages in memory", 1 / warm, "sessions/s", least=8_000, note="its days alone"
        )
        cold = median(_cold_seconds_a_day(config, home) for _ in range(COLD_LAPS))
        yield Figure(
            "fresh process, pages dropped", 1 / cold, "sessions/s", least=1_000, note="its days alone"
        )


@contextmanager
def published_year() -> Iterator[Path]:
    """A data directory of distinct days, and the config of an iron condor."""
    with TemporaryDirectory(prefix="zerodte-bench-") as folder:
        home = Path(folder)
        for number in range(DAYS):
            publish(home / "days", chain_day(number, CONTRACTS), PROVENANCE)
        (home / "condor.json").write_text(json.dumps(condor_config()))
        yield home


def condor_config() -> Mapping[str, Any]:
    """W2: the 30-delta options sold and the 20-delta ones bought, at 10:00, for half of the credit."""
    legs = [
        {"direction": deed, "type": right, "qty": 1, "strike": {"method": "delta", "value": delta}}
        for right in ("call", "put")
        for deed, delta in (("sell", 0.3), ("buy", 0.2))
    ]
    return {"legs": legs, "entry": {"time": "10:00"}, "exit": {"profit_target_pct": 50, "time": "15:55"}}


def _whole_process(config: Path, home: Path) -> Iterator[Figure]:
    command = [sys.executable, "-m", "zerodte.cli", "backtest", str(config), "--data-dir", str(home)]
    taken, spent = [], []
    for _ in range(LAPS):
        before, started = _children_seconds(), time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        taken.append(time.perf_counter() - started)
        spent.append(_children_seconds() - before)
    note = f"{DAYS} days; {median(spent):.2f} s of a core"
    yield Figure("zerodte backtest, whole process", median(taken), "s", most=0.6, note=note)


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _seconds_a_day(config: Path, home: Path) -> float:
    command = [sys.executable, "-c", ONLY_THE_DAYS, str(config), str(home)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _cold_seconds_a_day(config: Path, home: Path) -> float:
    for path in (home / "days").rglob("*.arrow"):
        handle = os.open(path, os.O_RDONLY)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)
    return _seconds_a_day(config, home)
