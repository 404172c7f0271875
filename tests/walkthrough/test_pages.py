"""The tours in the documentation, run as they stand against a fresh installation."""

from pathlib import Path

import pytest

from tests.walkthrough.conftest import Installation
from tests.walkthrough.documents import blocks_of, run, says

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("page", ["walkthrough.md", "walkthrough-graphql.md"])
def test_a_page_prints_what_it_says(page: str, installation: Installation) -> None:
    prints_what_it_says(page, installation)


def test_the_page_about_accounts_prints_what_it_says(generated: Installation) -> None:
    prints_what_it_says("accounts.md", generated)


def prints_what_it_says(page: str, installation: Installation) -> None:
    blocks = blocks_of(DOCS / page)
    printed = run(blocks, installation.environment)
    assert len(printed) == len(blocks)
    for block, output in zip(blocks, printed, strict=True):
        assert says(block.printed, output), f"{block.commands}\nsays:\n{block.printed}\nprinted:\n{output}"


@pytest.mark.parametrize(
    ("promised", "printed", "described"),
    [
        ("200\n204", "200\n204\n", True),
        ("200\n204", "200\n404\n", False),
        ("200", "200\n204\n", False),
        ('{"status": "filled"}', '{"status":"filled","fees":"3.44"}\n', True),
        ('{"status": "filled"}', '{"status":"pending","fees":"3.44"}\n', False),
        ('{"id": "…", "n": [1]}', '{"id":"7","n":[1]}', True),
        ('{"id": "…", "n": [1]}', '{"id":"7","n":[1,2]}', False),
        ('{"id": "…"}', '{"other":"7"}', False),
        ("{'a'…}", "{'a': 1}", True),
        ("{'a'…}", "{'b': 1}", False),
    ],
)
def test_a_page_that_lies_is_caught(promised: str, printed: str, described: object) -> None:
    assert says(promised, printed) is described
