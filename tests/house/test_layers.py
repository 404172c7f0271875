import subprocess
import sys
import tomllib
from pathlib import Path

from tests.house.sources import REPOSITORY, ROOMS

LINT = Path(sys.executable).with_name("lint-imports")


def test_rooms_import_downward_only() -> None:
    ended = subprocess.run([LINT, "--no-cache"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


def test_every_room_is_in_the_contracts_and_in_the_distribution() -> None:
    pyproject = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]
    present = {path.parent.name for path in (REPOSITORY / "src").glob("*/__init__.py")}
    assert present == set(ROOMS)
    assert set(pyproject["importlinter"]["root_packages"]) == present
    layers = pyproject["importlinter"]["contracts"][0]["layers"]
    assert {room for layer in layers for room in layer.split(" | ")} == present
    assert {name.rstrip("*") for name in pyproject["setuptools"]["packages"]["find"]["include"]} == present


def test_each_room_has_a_door_plate_and_nothing_else_at_its_door() -> None:
    for room in ROOMS:
        text = (REPOSITORY / "src" / room / "__init__.py").read_text().strip()
        assert text.startswith('"""'), room
        assert text.endswith('"""'), room
        assert text.count('"""') == 2, room
