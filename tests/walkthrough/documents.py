"""Running a page of documentation: its commands in one shell, its outputs compared."""

import json
import re
import subprocess
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = "=== the next block ==="


@dataclass(frozen=True)
class Block:
    """Commands, and what they are said to print; empty where the page says nothing."""

    commands: str
    printed: str


def blocks_of(page: Path) -> list[Block]:
    """The page's ``sh`` blocks, each with the ``json`` or ``text`` block that follows it."""
    blocks: list[Block] = []
    for kind, body in _BLOCK.findall(page.read_text()):
        if kind == "sh":
            blocks.append(Block(body, ""))
        else:
            blocks[-1] = Block(blocks[-1].commands, body)
    return blocks


def run(blocks: list[Block], environment: dict[str, str]) -> list[str]:
    """What each block printed, all of them run in one shell that stops at the first failure."""
    script = "set -euo pipefail\n" + f"\necho; echo '{_MARK}'\n".join(block.commands for block in blocks)
    done = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout.split(_MARK)


def says(promised: str, printed: str) -> bool:
    """True when the page's output describes what was printed: JSON may leave fields out, and an
    ellipsis stands for anything."""
    promises, prints = _values(promised), _values(printed)
    return len(promises) == len(prints) and all(map(_describes, promises, prints))


def _values(text: str) -> list[Any]:
    """The text as a sequence of JSON values and, between them, lines."""
    values: list[Any] = []
    decoder, rest = json.JSONDecoder(), text.strip()
    while rest:
        try:
            value, end = decoder.raw_decode(rest)
        except json.JSONDecodeError:
            value, _, rest = rest.partition("\n")
        else:
            line, _, after = rest[end:].partition("\n")
            if line.strip():
                value, _, after = rest.partition("\n")
            rest = after
        values.append(value)
        rest = rest.lstrip()
    return values


def _describes(promised: Any, printed: Any) -> bool:
    match promised, printed:
        case dict(), dict():
            return all(key in printed and _describes(promised[key], printed[key]) for key in promised)
        case list(), list():
            return len(promised) == len(printed) and all(map(_describes, promised, printed))
        case str(), _ if "…" in promised:
            pattern = re.sub(r"([\[\]*?])", r"[\1]", promised).replace("…", "*")
            return fnmatchcase(str(printed), pattern)
        case _:
            return bool(promised == printed)
