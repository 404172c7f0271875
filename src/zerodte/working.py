"""A worker process."""

import gc
from asyncio import CancelledError
from contextlib import suppress

import uvloop

from runtime.logs import configure_logs
from runtime.resources import LIVE, UNHURRIED, open_ports
from runtime.settings import Settings
from store.readiness import until_migrated
from workers import main
from workers.mail import Post
from zerodte.failures import CannotRun
from zerodte.stopping import cancel_when_asked

SELDOM = (50_000, 20, 100)
"""How often the live worker looks for garbage in cycles, of which it leaves little. The pending orders that
it knows are so many objects that a look at all of them takes longer than a tick."""


def work(settings: Settings, name: str) -> None:
    """Run the worker of that name until SIGTERM or Ctrl-C. Raises CannotRun for an unknown name."""
    if name not in main.NAMES:
        raise CannotRun(f"worker: unknown {name!r}, choose from {', '.join(main.NAMES)}")
    configure_logs(settings.log_level)
    if name == main.LIVE:
        gc.set_threshold(*SELDOM)
    uvloop.run(_work(settings, name))


async def _work(settings: Settings, name: str) -> None:
    cancel_when_asked()
    smtp_url = settings.smtp_url.get_secret_value() if settings.smtp_url else None
    post = Post(settings.mail_sender, settings.data_dir / "outbox", smtp_url)
    bounds = LIVE if name == main.LIVE else UNHURRIED
    async with open_ports(settings, bounds) as ports:
        assert settings.redis_url is not None
        with suppress(CancelledError):
            await until_migrated(ports.database)
            await main.serve(name, ports, post, settings.redis_url.get_secret_value())
