from collections.abc import Iterator

from engine.history import History

FIELDS: dict[str, str | None]
"""The documented fields of a row after its timestamp, and what of ``History`` each shows; None is 0."""

def history_rows(history: History, interval_seconds: int) -> Iterator[bytes]: ...
