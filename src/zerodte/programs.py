"""Starting a program so that it never outlives its parent, and never runs as root if it must not."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any, BinaryIO

NOBODY = "nobody"
NOBODY_ID = 65534
CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
LOG_BYTES_MAX = 16 * 1024 * 1024
LIBC = ctypes.CDLL(None, use_errno=True)


class Confinement(Enum):
    """Whom a program runs as."""

    SAME_USER = auto()
    NAMESPACE = auto()  # nobody to itself, root to all others: private directories stay within reach
    NOBODY = auto()


@dataclass(frozen=True, slots=True)
class Program:
    """What to run and how to stop it. ``is_ready`` is told the process id, and must not block.

    Its output goes to the file ``log``, or where ours goes without one. A program that ``ends`` is
    ready when it has ended well, and is then not started again. ``death_signal`` is what it is told
    when we die without stopping it, ``stop_signal`` unless it is named.
    """

    name: str
    argv: tuple[str, ...]
    is_ready: Callable[[int], bool] = lambda _: True
    environment: Mapping[str, str] = field(default_factory=dict)
    confinement: Confinement = Confinement.SAME_USER
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals | None = None
    log: Path | None = None
    inherited: tuple[int, ...] = ()
    niceness: int = 0
    ends: bool = False


def server_confinement() -> Confinement:
    """How to start a server that refuses to be root."""
    if os.geteuid() != 0:
        return Confinement.SAME_USER
    return Confinement.NAMESPACE if _is_namespace_allowed() else Confinement.NOBODY


def spawn(program: Program) -> subprocess.Popen[bytes]:
    """Start a program that is told to stop when we die, however we die.

    Call this from the main thread: to Linux the parent is the thread that spawned. The program is
    no member of our process group, so that Ctrl-C in a terminal reaches only us.
    """
    lifeline = None if sys.platform == "linux" else os.pipe()
    with _output(program.log) as output:
        process = subprocess.Popen(
            program.argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=program.inherited,
            process_group=0,
            **circumstances(program),
        )
    if lifeline is not None:
        stop_at_our_death(process.pid, program.death_signal or program.stop_signal, lifeline)
    return process


def run_to_the_end(program: Program, text: str = "") -> None:
    """Run a program with ``text`` as its input. Raises CalledProcessError, with all it printed.

    Ctrl-C in a terminal does not reach it: it is let end its work.
    """
    subprocess.run(
        program.argv,
        input=text.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=True,
        process_group=0,
        **circumstances(program),
    )


def stop_at_our_death(pid: int, stop_signal: signal.Signals, lifeline: tuple[int, int]) -> None:
    """For systems where the kernel does not do it: a shell in the background waits until our end of
    a pipe is closed, which it is when we are gone."""
    reading, _ = lifeline
    order = f"exec 3<&0; (read -r _ <&3; kill -{int(stop_signal)} {pid}) &"
    subprocess.run(["/bin/sh", "-c", order], stdin=reading, process_group=0, check=True)
    os.close(reading)


def own(directory: Path, confinement: Confinement) -> None:
    """Make a private directory and give it, with all inside, to whom a confined program is."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return
    owner = pwd.getpwnam(NOBODY if confinement is Confinement.NOBODY else "root")
    if directory.stat().st_uid != owner.pw_uid:
        for path in (directory, *directory.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


def circumstances(program: Program) -> dict[str, Any]:
    """What the subprocess module is told about who a program is and what it inherits."""
    parent = os.getpid()

    def prepare() -> None:
        """Runs in the child. The signal is asked for last: changes of identity cancel it."""
        os.nice(program.niceness)
        if program.confinement is Confinement.NAMESPACE:
            _become_nobody_in_a_namespace()
        if sys.platform == "linux":
            _stop_with_parent(parent, program.death_signal or program.stop_signal)

    nobody = pwd.getpwnam(NOBODY) if program.confinement is Confinement.NOBODY else None
    identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []} if nobody else {}
    return {"env": {**os.environ, **program.environment}, "preexec_fn": prepare, **identity}


def _stop_with_parent(parent: int, stop_signal: signal.Signals) -> None:
    if LIBC.prctl(PR_SET_PDEATHSIG, int(stop_signal)) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:
        os._exit(1)


def _become_nobody_in_a_namespace() -> None:
    if LIBC.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    for kind in ("uid", "gid"):
        Path(f"/proc/self/{kind}_map").write_text(f"{NOBODY_ID} 0 1")


def _is_namespace_allowed() -> bool:
    """Containers often forbid user namespaces; a process that tries is the only reliable answer."""
    if sys.platform != "linux":
        return False
    attempt = Program("attempt", ("/bin/sh", "-c", ":"), confinement=Confinement.NAMESPACE)
    try:
        run_to_the_end(attempt)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _output(log: Path | None) -> AbstractContextManager[BinaryIO | None]:
    """The file that takes a program's output, begun anew when it has grown large; or our own."""
    if log is None:
        return nullcontext()
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(log.with_suffix(".old"))
    return log.open("ab")
