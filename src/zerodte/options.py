"""Settings as a command gets them: from the environment, and from its options before that."""

from collections.abc import Container
from typing import Any

from pydantic import ValidationError

from runtime.settings import Settings
from zerodte.failures import CannotRun


def read_settings(**options: Any) -> Settings:
    """The settings of the environment, with the options that were given. Raises CannotRun."""
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        reasons = (f"{setting_name(str(one['loc'][0]), given)}: {one['msg']}" for one in error.errors())
        raise CannotRun("; ".join(reasons)) from error


def setting_name(field: str, given: Container[str]) -> str:
    """A setting by the name it was set with: that of its option where one was given."""
    return f"--{field.replace('_', '-')}" if field in given else f"ZERODTE_{field.upper()}"
