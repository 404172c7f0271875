"""The exceptions that mean that a part of the house cannot be reached, or has too much to do; a face
answers them as such."""

from bus.connections import BusUnavailable
from marketdata.refusals import DayUnavailable
from store.database import DatabaseUnavailable
from usecases.folding import TooManyAtOnce

OUTAGES = (DatabaseUnavailable, BusUnavailable, DayUnavailable, TooManyAtOnce, OSError)
