"""The generated contracts of both faces, which `schema/` holds and a test compares."""

from pathlib import Path

from api.contract import schema_text
from rest_compat.application import OPERATIONS
from rest_compat.openapi import openapi_yaml


def write_contracts(directory: Path) -> None:
    """Write ``schema.graphql`` and ``openapi.yaml``."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "schema.graphql").write_text(schema_text())
    (directory / "openapi.yaml").write_text(openapi_yaml(OPERATIONS))
