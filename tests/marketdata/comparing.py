"""Days compared by value."""

from dataclasses import fields

import numpy as np

from engine.market import Day


def difference(one: Day, other: Day) -> list[str]:
    """The names of the fields in which two days differ."""
    return [
        field.name
        for field in fields(Day)
        if not np.array_equal(getattr(one, field.name), getattr(other, field.name))
    ]
