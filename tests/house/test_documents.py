import re
from pathlib import Path

import typer
from typer.main import get_command

from runtime.settings import Settings
from tests.house.sources import REPOSITORY, tracked_files
from zerodte.cli import app

MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:root|home/[a-z]\w*|Users/\w+|work)/")
REGISTRIES = re.compile(r"--(?:extra-)?index-url|--find-links|//[^\s/]*(?:/simple\b|pypi\.)", re.IGNORECASE)
COMMANDS = re.compile(r"`(?:\.venv/bin/)?zerodte ([a-z]+(?: add)?)")
TARGETS = re.compile(r"`make ([a-z]+)")
LINKS = re.compile(r"\]\((?!https?:)([^)#]+)")
DECISION_PARTS = ("Context", "Decision", "Consequences", "Alternatives")
DOCUMENTS = [path for path in tracked_files() if path.suffix == ".md"]


def text_of(path: Path) -> str:
    return path.read_bytes().decode(errors="ignore")


def test_no_file_names_a_path_of_a_machine_or_a_registry() -> None:
    ours = Path(__file__)
    found = {
        f"{path.relative_to(REPOSITORY)}: {match[0]}"
        for path in tracked_files()
        if path != ours
        for pattern in (MACHINE_PATHS, REGISTRIES)
        for match in pattern.finditer(text_of(path))
    }
    assert found == set()


def test_documents_name_commands_that_exist() -> None:
    commands = get_command(app)
    assert isinstance(commands, typer.core.TyperGroup)
    known = {*commands.commands, "operator add"}
    named = {name for path in DOCUMENTS for name in COMMANDS.findall(text_of(path))}
    assert named - known == set()
    assert known - {"operator"} <= set(COMMANDS.findall(text_of(REPOSITORY / "README.md")))


def test_documents_name_targets_that_exist() -> None:
    known = set(re.findall(r"^([a-z]+):", text_of(REPOSITORY / "Makefile"), re.MULTILINE))
    named = {name for path in DOCUMENTS for name in TARGETS.findall(text_of(path))}
    assert named - known == set()
    assert {"run", "test", "check", "bench", "soak"} <= known


def test_the_readme_lists_every_setting_as_it_is() -> None:
    told = re.findall(
        r"^\| `(ZERODTE_[A-Z_]+)` \| (.*) \| (.*) \|$", text_of(REPOSITORY / "README.md"), re.MULTILINE
    )
    assert told == [
        (f"ZERODTE_{name.upper()}", _default_text(field.default), field.description)
        for name, field in Settings.model_fields.items()
    ]


def _default_text(value: object) -> str:
    if value is None:
        return ""
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value}`"


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{path.relative_to(REPOSITORY)}: {link}"
        for path in DOCUMENTS
        for link in LINKS.findall(text_of(path))
        if not (path.parent / link).exists()
    ]
    assert broken == []


def test_decisions_have_a_number_of_their_own_and_the_same_parts() -> None:
    records = sorted((REPOSITORY / "docs" / "decisions").glob("*.md"))
    numbers = [path.name[:4] for path in records]
    assert [number for number in numbers if numbers.count(number) > 1 or not number.isdigit()] == []
    incomplete = [
        path.name
        for path in records
        if not all(f"**{part}.**" in path.read_text() for part in DECISION_PARTS)
    ]
    assert incomplete == []
