"""The path parameters: how each is read, by its name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from rest_compat.wire import DateIn, SnapshotTime


@dataclass(frozen=True, slots=True)
class PathParameter:
    """``identifies`` is the kind of thing that an id names; what is no id names nothing: 404."""

    adapter: TypeAdapter[Any]
    identifies: str | None = None


PATH_PARAMETERS: Mapping[str, PathParameter] = {
    "simulation_id": PathParameter(TypeAdapter(UUID), "session"),
    "account_id": PathParameter(TypeAdapter(UUID), "account"),
    "session_id": PathParameter(TypeAdapter(UUID), "session"),
    "order_id": PathParameter(TypeAdapter(UUID), "order"),
    "date": PathParameter(TypeAdapter(DateIn)),
    "timestamp": PathParameter(TypeAdapter(SnapshotTime)),
    "start": PathParameter(TypeAdapter(SnapshotTime)),
    "end": PathParameter(TypeAdapter(SnapshotTime)),
}
