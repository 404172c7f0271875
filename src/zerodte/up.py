"""`zerodte up`: the whole product from one command, and nothing left of it afterwards."""

import fcntl
import http.client
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from importlib import import_module
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

from runtime.logs import configure_logs
from runtime.markets import Market, MarketKind, read_market
from runtime.settings import Settings
from zerodte.connecting import connected, environment, require_servers
from zerodte.failures import CannotRun, told_of_files
from zerodte.listening import pushing_socket, take_address, url_of
from zerodte.programs import Program
from zerodte.servers import postgres, prepare_site, valkey
from zerodte.supervisor import supervised

DAYS_AT_FIRST = 3
BACKGROUND_NICENESS = 10
PATIENCE_SECONDS = 5
ANSWER_SECONDS = 0.5
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class DataDirectoryBusy(CannotRun):
    """Another `zerodte up` runs on the data directory."""


def up(settings: Settings, announce: Callable[[str], None]) -> None:
    """Run everything until SIGTERM or Ctrl-C. ``announce`` is told the address once it is served.

    Servers that the settings name are used; embedded ones stand in for those they do not. Raises
    DataDirectoryBusy, AddressTaken, ServersUnavailable or StartFailed, and CannotRun where a server
    that is named does not answer.
    """
    data_dir = settings.data_dir.resolve()
    with told_of_files():
        data_dir.mkdir(parents=True, exist_ok=True)
    require_servers(settings, "database_url", "redis_url")
    configure_logs(settings.log_level)
    market = _market(settings)
    with (
        alone_in(data_dir),
        take_address(settings.host, settings.port, PATIENCE_SECONDS) as listener,
        pushing_socket(market.port, patience_seconds=PATIENCE_SECONDS) as pushed,
        stop_requests() as stopping,
        supervised(stopping) as supervisor,
    ):
        servers = tuple(_servers(settings, data_dir))
        parts = Parts(data_dir, environment(connected(settings), data_dir))
        supervisor.start(*servers, *parts.days_before_serving(settings.synthetic_days, market.on))
        supervisor.start(parts.api(listener), beside=parts.market(market, pushed))
        supervisor.add(parts.worker("batch"))
        if settings.synthetic_days:
            supervisor.add(parts.days(settings.synthetic_days))
        if not stopping.is_set():
            announce(url_of(listener))
        supervisor.run()


@dataclass(frozen=True, slots=True)
class Parts:
    """Our own programs, each a Python process."""

    data_dir: Path
    environment: Mapping[str, str]

    def api(self, listener: socket.socket) -> Program:
        """The API on a socket that outlives it: while it restarts, clients wait and are not refused."""
        arguments = ("zerodte.cli", "api", "--migrate", "--fd", str(listener.fileno()))
        return replace(
            self._python("api", *arguments),
            is_ready=lambda _: is_healthy(url_of(listener)),
            inherited=(listener.fileno(),),
        )

    def worker(self, name: str) -> Program:
        return self._python(f"worker {name}", "zerodte.cli", "worker", name)

    def market(self, market: Market, pushed: socket.socket | None) -> tuple[Program, ...]:
        """What keeps a market open. Without one, where somebody traded live, there may be some to settle."""
        if market.kind is not MarketKind.NONE:
            return self.feed(pushed), self.worker("live")
        return (self.worker("live"),) if (self.data_dir / "live").is_dir() else ()

    def feed(self, pushed: socket.socket | None) -> Program:
        """The market. Its socket outlives it, so whoever pushes waits while it restarts."""
        descriptors = (pushed.fileno(),) if pushed else ()
        options = ("--fd", str(pushed.fileno())) if pushed else ()
        feed = self._python("feed", "zerodte.cli", "feed", *options)
        return replace(feed, inherited=descriptors, ends=True)

    def days(self, count: int, *wanted: date) -> Program:
        """Makes the synthetic days that are missing, and leaves the machine to the others meanwhile."""
        dates = (on.isoformat() for on in wanted)
        arguments = ("zerodte.first_days", str(self.data_dir / "days"), str(count), *dates)
        return replace(self._python("days", *arguments), niceness=BACKGROUND_NICENESS, ends=True)

    def days_before_serving(self, count: int, replayed: date | None) -> tuple[Program, ...]:
        """Makes a few days where there is none at all, so that there is something to trade; and the one
        that is replayed, if it is to come."""
        is_fresh = next(self.data_dir.glob("days/*/*"), None) is None
        first = min(count, DAYS_AT_FIRST) if is_fresh else 0
        wanted = (replayed,) if replayed and count else ()
        return (replace(self.days(first, *wanted), niceness=0),) if first or wanted else ()

    def _python(self, name: str, *arguments: str) -> Program:
        """``-P``: what lies in the working directory must not be imported instead of our rooms."""
        return Program(name, (sys.executable, "-P", "-m", *arguments), environment=self.environment)


def _market(settings: Settings) -> Market:
    """The market to keep open. Raises CannotRun where it cannot be told.

    Only a replay has to be looked for, with what makes a process large: ours is to be small.
    """
    market = read_market(settings.market)
    if market.kind is MarketKind.STDIN:
        raise CannotRun("--market: stdin is for `zerodte feed`; choose push:PORT here")
    if market.kind is MarketKind.REPLAY:
        import_module("zerodte.markets").check_replay(settings, settings.synthetic_days)
    return market


@contextmanager
def alone_in(data_dir: Path) -> Iterator[None]:
    """Hold the data directory; the lock ends with this process however it ends."""
    directory = os.open(data_dir, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise DataDirectoryBusy(
            f"another `zerodte up` runs on {data_dir}: stop it, or choose another --data-dir"
        ) from error
    finally:
        os.close(directory)


@contextmanager
def stop_requests() -> Iterator[Event]:
    """An event that is set when the operator, the system or the terminal asks us to stop.

    Under `nohup` the terminal has no say.
    """
    stopping = Event()
    asking = (
        STOP_SIGNALS if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else (*STOP_SIGNALS, signal.SIGHUP)
    )
    before = {number: signal.signal(number, lambda *_: stopping.set()) for number in asking}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def is_healthy(url: str) -> bool:
    """Whether the API answers that it is well."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _servers(settings: Settings, data_dir: Path) -> Iterator[Program]:
    """The embedded servers that are needed: none where real ones are named."""
    if settings.database_url and settings.redis_url:
        return
    site = prepare_site(data_dir)
    if settings.database_url is None:
        yield postgres(site, settings.postgres_programs)
    if settings.redis_url is None:
        yield valkey(site, settings.valkey_program)
