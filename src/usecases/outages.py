"""The exceptions that mean a part of the house cannot be reached; a face answers them as such."""

from bus.connections import BusUnavailable
from marketdata.refusals import DayUnavailable
from store.database import DatabaseUnavailable

OUTAGES = (DatabaseUnavailable, BusUnavailable, DayUnavailable, OSError)
