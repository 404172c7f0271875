"""The promise that ``schema/schema.graphql`` makes, and what would break it."""

from graphql import build_schema as parse_schema
from graphql import find_breaking_changes

from api.limits import Limits
from api.schema import build_schema


def schema_text() -> str:
    """The schema as it is promised in ``schema/schema.graphql``."""
    return build_schema(Limits()).as_str() + "\n"


def unannounced_changes(promised: str, actual: str, changelog: str) -> list[str]:
    """The changes from one schema to another that break a client and that the changelog does not name.

    A change is named by its own words, such as "Field User.email was removed."
    """
    changes = find_breaking_changes(parse_schema(promised), parse_schema(actual))
    return [change.description for change in changes if change.description not in changelog]
