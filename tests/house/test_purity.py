import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.sources import ROOMS, called_name, modules, nodes, rooms

AMBIENT = {
    "now",
    "utcnow",
    "today",
    "monotonic",
    "perf_counter",
    "sleep",
    "uuid1",
    "uuid4",
    "default_rng",
    "getenv",
    "urandom",
    "open",
    "read_text",
    "write_text",
    "print",
    "token_bytes",
    "token_hex",
}
OUTSIDE = {
    "asyncio",
    "io",
    "logging",
    "os",
    "pathlib",
    "random",
    "secrets",
    "socket",
    "structlog",
    "subprocess",
    "sys",
    "threading",
    "time",
}


def calls(paths: Iterator[Path], names: set[str]) -> list[str]:
    return [
        f"{place} {ast.unparse(node.func)}"
        for place, node in nodes(paths, ast.Call)
        if isinstance(node, ast.Call) and called_name(node) in names
    ]


def imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.ImportFrom):
        return {(node.module or "").partition(".")[0]}
    return {alias.name.partition(".")[0] for alias in node.names} if isinstance(node, ast.Import) else set()


def test_the_engine_reads_no_ambient_state() -> None:
    assert calls(rooms("engine"), AMBIENT) == []


def test_the_engine_imports_nothing_that_could() -> None:
    found = [
        f"{place} {sorted(imported(node) & OUTSIDE)}"
        for place, node in nodes(rooms("engine"), ast.Import, ast.ImportFrom)
        if imported(node) & OUTSIDE
    ]
    assert found == []


def test_nothing_in_the_engine_is_asynchronous() -> None:
    kinds = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    assert [place for place, _ in nodes(rooms("engine"), *kinds)] == []


def test_only_the_store_commits_and_locks() -> None:
    others = [room for room in ROOMS if room != "store"]
    assert calls(rooms(*others), {"commit", "rollback", "with_for_update"}) == []
    beside_locks = (path for path in rooms("store") if path.stem != "locks")
    assert calls(beside_locks, {"with_for_update"}) == []


def test_faces_and_use_cases_ask_no_ambient_clock() -> None:
    above = [room for room in ROOMS if room not in {"runtime", "zerodte"}]
    assert calls(rooms(*above), {"utcnow", "today", "uuid4"}) == []
    assert [call for call in calls(rooms(*above), {"now"}) if "datetime" in call] == []


def test_imports_stand_at_the_top() -> None:
    hidden = [
        place
        for path in modules("src", "tests", "bench")
        for place, function in nodes(iter([path]), ast.FunctionDef, ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_assertions_are_never_switched_off() -> None:
    assert __debug__
