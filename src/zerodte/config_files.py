"""A strategy's config as a file has it: one JSON object, in UTF-8."""

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zerodte.failures import CannotRun


def read_config_file(path: Path) -> Mapping[str, Any]:
    """The object of a file, or of standard input for ``-``; a byte order mark is passed over.

    Raises CannotRun naming the file, and OSError where it cannot be read.
    """
    try:
        read = _parsed(sys.stdin.buffer.read() if path == Path("-") else path.read_bytes())
    except ValueError as error:
        raise CannotRun(f"{path}: {error}") from error
    if not isinstance(read, dict):
        raise CannotRun(f"{path}: must be a JSON object with legs, entry and exit")
    return read


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content.decode("utf-8-sig"), object_pairs_hook=_object)
    except UnicodeDecodeError as error:
        raise ValueError(f"must be UTF-8 text, and byte {error.start} is not") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from error
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error


def _object(pairs: Sequence[tuple[str, Any]]) -> Mapping[str, Any]:
    """JSON leaves open which of two equal keys counts, so that neither is taken."""
    times = Counter(key for key, _ in pairs)
    for key, count in times.items():
        if count > 1:
            raise ValueError(f"the key {key!r} is given {count} times in one object")
    return dict(pairs)
