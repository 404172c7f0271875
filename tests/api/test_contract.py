from pathlib import Path

from api.contract import schema_text, unannounced_changes

ROOT = Path(__file__).parents[2]
PROMISED = ROOT / "schema" / "schema.graphql"
OLD = "type Query { viewer: User } type User { email: String! name: String }"
NEW = "type Query { viewer: User } type User { email: String! }"


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    assert schema_text() == PROMISED.read_text(), "run `zerodte schema` and read the difference"


def test_no_change_breaks_a_client_without_a_word_in_the_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert unannounced_changes(PROMISED.read_text(), schema_text(), changelog) == []


def test_a_removed_field_must_be_named_and_an_added_one_need_not() -> None:
    assert unannounced_changes(OLD, NEW, "## Unreleased") == ["Field User.name was removed."]
    assert unannounced_changes(OLD, NEW, "- Breaking: Field User.name was removed.") == []
    assert unannounced_changes(NEW, OLD, "") == []
