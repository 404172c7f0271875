"""``python -m bench [SECTION…]``: every section, or those that are named."""

import os
import platform
import sys
from collections.abc import Iterator

from bench.accepting import accepting_figures
from bench.backtests import backtest_figures
from bench.days import published_day
from bench.figures import Figure, print_figures
from bench.files import file_figures
from bench.graphs import graphql_figures
from bench.histories import history_figures
from bench.hostile import hostile_figures
from bench.ledgers import ledger_figures
from bench.live import live_figures
from bench.matching import matching_figures
from bench.offline import offline_figures
from bench.peers import peer_figures
from bench.previews import preview_figures
from bench.scans import scan_figures
from bench.served import rest_figures
from bench.sessions import session_figures
from bench.streams import stream_figures


def engine_figures() -> Iterator[Figure]:
    with published_day() as (day, _):
        yield from scan_figures(day)
        yield from history_figures(day)
        yield from session_figures(day)
        yield from matching_figures(day)


def trading_figures() -> Iterator[Figure]:
    yield from live_figures()
    yield from accepting_figures()


SECTIONS = {
    "engine": engine_figures,
    "backtests": backtest_figures,
    "offline": offline_figures,
    "peers": peer_figures,
    "files": file_figures,
    "rest": rest_figures,
    "graphql": graphql_figures,
    "previews": preview_figures,
    "ledgers": ledger_figures,
    "hostile": hostile_figures,
    "live": trading_figures,
    "streams": stream_figures,
}


def main(names: list[str]) -> None:
    unknown = sorted(set(names) - set(SECTIONS))
    if unknown:
        sys.exit(f"there is no section {', '.join(unknown)}, only {', '.join(SECTIONS)}")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for name in names or SECTIONS:
        print_figures(f"python -m bench {name}", SECTIONS[name]())


main(sys.argv[1:])
