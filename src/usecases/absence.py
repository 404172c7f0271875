"""A field that was not sent, where None would mean something."""

from enum import Enum


class Absent(Enum):
    ABSENT = "absent"


ABSENT = Absent.ABSENT
