"""The npm packages of this folder, installed once under ``build/``, and scripts run with them."""

import asyncio
import hashlib
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build"
PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Node:
    """A folder of scripts beside the packages that they import."""

    directory: Path

    async def run(self, script: str, *arguments: str) -> Any:
        """The JSON that a script prints; its complaint fails the test."""
        process = await asyncio.create_subprocess_exec(
            "node",
            script,
            *arguments,
            cwd=self.directory,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            output, complaint = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
        finally:
            if process.returncode is None:
                process.kill()
        assert process.returncode == 0, complaint.decode()
        return orjson.loads(output)


def missing_programs() -> list[str]:
    return [name for name in ("node", "npm") if shutil.which(name) is None]


def installed() -> Node:
    """The packages of the lock file, in a folder that is named after it."""
    lock = (HERE / "package-lock.json").read_bytes()
    directory = BUILD / f"node-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not directory.is_dir():
        _install(directory)
    for script in HERE.glob("*.mjs"):
        shutil.copy(script, directory / script.name)
    return Node(directory)


def _install(directory: Path) -> None:
    """Install beside it and move: another process may do the same, and either may be interrupted."""
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="node-", dir=BUILD) as parent:
        place = Path(parent) / "packages"
        place.mkdir()
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(HERE / name, place)
        command = ["npm", "ci", "--no-audit", "--no-fund", "--prefer-offline"]
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        with suppress(OSError):
            place.rename(directory)
