"""Our own source, as the house's tests read it."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
ROOMS = (
    "zerodte",
    "api",
    "rest_compat",
    "workers",
    "runtime",
    "usecases",
    "store",
    "marketdata",
    "bus",
    "engine",
)


def modules(*directories: str) -> Iterator[Path]:
    for directory in directories:
        yield from sorted((REPOSITORY / directory).rglob("*.py"))


def rooms(*names: str) -> Iterator[Path]:
    return modules(*(f"src/{name}" for name in names))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def nodes(paths: Iterator[Path], *kinds: type[ast.AST]) -> Iterator[tuple[str, ast.AST]]:
    """Every node of some kinds, with the place it is at."""
    for path in paths:
        for node in ast.walk(parsed(path)):
            if isinstance(node, kinds):
                line = getattr(node, "lineno", 0)
                yield f"{path.relative_to(REPOSITORY)}:{line}", node


def called_name(call: ast.Call) -> str:
    """The last part of what is called: ``now`` of ``datetime.now()``."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def tracked_files() -> list[Path]:
    """What is committed or about to be: everything that git does not ignore."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    return [REPOSITORY / name for name in listed.split("\0") if name and (REPOSITORY / name).is_file()]
