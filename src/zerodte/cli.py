"""The command line. Each command imports its part of the house when it is called: `up` has to be
quick, and its supervisor small."""

import os
import sys
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from zerodte.failures import HOPELESS, CannotRun, told_of_files

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
DATE = ["%Y-%m-%d"]

operators = typer.Typer(no_args_is_help=True, help="People who may operate this installation.")
app.add_typer(operators, name="operator")

DataDir = Annotated[
    Path | None,
    typer.Option(help="Where days, mail and embedded databases are kept (default var)."),
]
MarketOption = Annotated[
    str | None,
    typer.Option(help="The market to keep open: demo (default), replay:DATE[THH:MM:SS], push:PORT or none."),
]
SpeedOption = Annotated[
    float | None, typer.Option(help="How many times faster than time it runs (default 1).")
]


def tell_version(is_asked: bool) -> None:  # noqa: FBT001 - as typer calls it
    if is_asked:
        typer.echo(f"zerodte {import_module('importlib.metadata').version('zerodte')}")
        raise typer.Exit


@app.callback()
def about(
    *,
    _: Annotated[
        bool, typer.Option("--version", callback=tell_version, is_eager=True, help="Tell the version.")
    ] = False,
) -> None:
    """Learn, test and run 0DTE SPX option strategies without risking money.

    Every setting is also a variable named ZERODTE_…; an option wins over it.
    """


@app.command()
def up(  # noqa: PLR0913 - one parameter for each option
    host: Annotated[str | None, typer.Option(help="Address to serve at (default 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to serve at (default 8000).")] = None,
    data_dir: DataDir = None,
    *,
    market: MarketOption = None,
    speed: SpeedOption = None,
    synthetic_days: Annotated[
        int | None, typer.Option(help="Synthetic days that there shall be (default 20).")
    ] = None,
) -> None:
    """Run everything: database, queue, API and workers, until Ctrl-C."""
    settings = read_settings(
        host=host, port=port, data_dir=data_dir, market=market, speed=speed, synthetic_days=synthetic_days
    )
    part("up").up(settings, announced)


@app.command()
def api(
    host: Annotated[str | None, typer.Option(help="Address to serve at (default 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to serve at (default 8000).")] = None,
    fd: Annotated[int | None, typer.Option(help="Serve at a socket that our parent bound.")] = None,
    *,
    is_migrating: Annotated[bool, typer.Option("--migrate", help="Migrate the database first.")] = False,
) -> None:
    """Serve REST and GraphQL."""
    settings = part("connecting").connected(read_settings(host=host, port=port))
    if is_migrating:
        part("administering").migrate(settings)
    listening = part("listening")
    address = (settings.host, settings.port)
    listener = listening.take_address(*address) if fd is None else listening.inherited(fd)
    part("serving").serve(settings, listener)


@app.command()
def worker(name: Annotated[str, typer.Argument(help="Which worker: batch or live.")]) -> None:
    """Run one worker process."""
    part("working").work(part("connecting").connected(read_settings()), name)


@app.command()
def feed(
    market: MarketOption = None,
    speed: SpeedOption = None,
    data_dir: DataDir = None,
    fd: Annotated[int | None, typer.Option(help="Let others push at a socket that our parent bound.")] = None,
) -> None:
    """Tell a market and record it; it may also be stdin, see docs/live.md."""
    given = read_settings(market=market, speed=speed, data_dir=data_dir)
    part("feeding").feed(part("connecting").connected(given), fd)


@app.command()
def migrate(data_dir: DataDir = None) -> None:
    """Bring the database to the schema of this release."""
    settings = part("connecting").connected(read_settings(data_dir=data_dir))
    revision = part("administering").migrate(settings)
    typer.echo(f"the database has schema {revision}, this release's")


@app.command()
def audit(data_dir: DataDir = None) -> None:
    """Prove the books of every account; print what is wrong with them, and fail if anything is."""
    settings = part("connecting").connected(read_settings(data_dir=data_dir))
    found = part("administering").audit(settings)
    for violation in found.violations:
        typer.echo(str(violation))
    if found.violations:
        raise typer.Exit(1)
    typer.echo(f"the books are right: {part('administering').summary(found)}")


@app.command(name="import")
def import_days(
    format_: Annotated[
        str,
        typer.Argument(
            metavar="FORMAT", help="auto, cboe, databento, lean, optionsdx, thetadata or zerodte."
        ),
    ],
    paths: Annotated[list[Path], typer.Argument(help="Files, archives or directories.")],
    data_dir: DataDir = None,
    settlement: Annotated[
        str | None, typer.Option(help="The official close of SPX, for files of a single day: 2743.15")
    ] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Read again what was imported before.")] = False,
) -> None:
    """Publish recorded days from vendors' files. The same import again goes on where it was interrupted."""
    root = read_settings(data_dir=data_dir).data_dir / "days"
    with told_of_files():
        part("recorded_days").import_days(root, format_, tuple(paths), settlement, force=force)


@app.command()
def generate(
    from_: Annotated[datetime, typer.Option("--from", formats=DATE, help="The first date, like 2025-01-13.")],
    days: Annotated[int, typer.Option(help="How many sessions.")],
    seed: Annotated[int | None, typer.Option(help="Another seed makes other days.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Publish synthetic days: the same bytes for the same seed on every machine."""
    root = read_settings(data_dir=data_dir).data_dir / "days"
    with told_of_files():
        part("recorded_days").generate_days(root, from_.date(), days, seed)


@app.command()
def days(
    *,
    verify: Annotated[bool, typer.Option("--verify", help="Read every file and check it.")] = False,
    data_dir: DataDir = None,
) -> None:
    """List the recorded days."""
    root = read_settings(data_dir=data_dir).data_dir / "days"
    recorded_days = part("recorded_days")
    with told_of_files():
        recorded_days.list_days(root)
        if verify:
            recorded_days.verify_days(root)


@app.command()
def export(
    on: Annotated[datetime, typer.Argument(metavar="DATE", formats=DATE, help="Which day, like 2025-01-15.")],
    format_: Annotated[
        str | None,
        typer.Option("--format", help="parquet or csv (default what --out ends in, else parquet)."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The file to write (default DATE.parquet).")] = None,
    data_dir: DataDir = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Write a recorded day as our own table, which `import zerodte` reads."""
    root = read_settings(data_dir=data_dir).data_dir / "days"
    with told_of_files():
        part("recorded_days").export_day(root, on.date(), format_, out, force=force)


@app.command()
def backtest(  # noqa: PLR0913 - one parameter for each option
    config: Annotated[
        Path, typer.Argument(help="A strategy as JSON, see docs/strategies.md; - reads it from a pipe.")
    ],
    *,
    from_: Annotated[
        datetime | None, typer.Option("--from", formats=DATE, help="The first date, like 2025-01-13.")
    ] = None,
    to: Annotated[datetime | None, typer.Option(formats=DATE, help="The last date.")] = None,
    slippage: Annotated[str, typer.Option(help="Points lost on each contract opened or closed: 0.05")] = "0",
    plot: Annotated[Path | None, typer.Option(help="Draw the equity curve into this PNG file.")] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Write days.csv, trades.csv and daily.csv into this directory.")
    ] = None,
    data_dir: DataDir = None,
    is_json: Annotated[
        bool, typer.Option("--json", help="Print everything as JSON instead of the report.")
    ] = False,
) -> None:
    """Run a strategy over the recorded days, or the synthetic ones where none is recorded, with no server."""
    command = part("backtest_command")
    window = command.window_of(from_, to)
    outputs = command.Outputs(is_json, plot, csv)
    with told_of_files():
        command.run(config, data_dir or command.data_dir_of(os.environ), window, slippage, outputs)


@app.command()
def schema(
    directory: Annotated[Path, typer.Argument(help="Where to write them.")] = Path("schema"),
) -> None:
    """Write the contracts of both faces: schema.graphql and openapi.yaml."""
    with told_of_files():
        part("contracts").write_contracts(directory)


@operators.command(name="add")
def add_operator(email: str, data_dir: DataDir = None) -> None:
    """Give the account of an address the operator's role: it sees how the product is doing."""
    settings = part("connecting").connected(read_settings(data_dir=data_dir))
    part("administering").add_operator(settings, email)
    typer.echo(f"{email} is an operator")


def main() -> None:
    """Run a command; what stops it is said in one line."""
    try:
        app()
    except CannotRun as reason:
        typer.echo(f"zerodte: {reason}", err=True)
        sys.exit(HOPELESS)


def read_settings(**options: Any) -> Any:
    """The settings of the environment, with the options that were given. Raises CannotRun."""
    return part("options").read_settings(**options)


def part(module: str) -> Any:
    """A part of the top room, imported now."""
    return import_module(f"zerodte.{module}")


def announced(url: str) -> None:
    typer.echo(f"zerodte is ready at {url}: GraphQL at /graphql, REST in /openapi.yaml. Ctrl-C stops it.")


if __name__ == "__main__":
    main()
