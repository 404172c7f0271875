"""Settings as a command gets them: from the environment, and from its options before that."""

import os
import sys
from collections.abc import Container
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from runtime.settings import PREFIX, Settings, unknown_variables
from zerodte.failures import CannotRun


def read_settings(**options: Any) -> Settings:
    """The settings of the environment, with the options that were given. Raises CannotRun.

    Tells of variables that look like settings and are none.
    """
    for name in unknown_variables(os.environ):
        sys.stderr.write(f"zerodte: {name} is no setting{_meant(name)}\n")
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        reasons = (f"{setting_name(str(one['loc'][0]), given)}: {one['msg']}" for one in error.errors())
        raise CannotRun("; ".join(reasons)) from error


def setting_name(field: str, given: Container[str]) -> str:
    """A setting by the name it was set with: that of its option where one was given."""
    return f"--{field.replace('_', '-')}" if field in given else f"{PREFIX}{field.upper()}"


def _meant(name: str) -> str:
    near = get_close_matches(name.lower().removeprefix(PREFIX.lower()), Settings.model_fields, 1)
    return f"; {setting_name(near[0], ())} is" if near else ", see the README for those there are"
