"""The promise that ``schema/openapi.yaml`` makes."""

from rest_compat.application import OPERATIONS
from rest_compat.openapi import openapi_yaml


def openapi_text() -> str:
    """The document as it is promised in ``schema/openapi.yaml``."""
    return openapi_yaml(OPERATIONS)
