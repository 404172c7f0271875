"""What a session settles at where nobody says it."""

import numpy as np

from engine.market import MISSING_INDEX, Day, SettlementSource
from engine.money import Cents, round_half_up
from marketdata.assembling import LAST_PRINT_SECONDS


def settled_by_index(day: Day) -> tuple[Cents | None, SettlementSource | None]:
    """What a day settles at by nothing but its own index: the last known value. It is a print within
    a minute of the close, and derived before that or where the index itself is."""
    known = np.flatnonzero(day.spx_e4 != MISSING_INDEX)
    if not len(known):
        return None, None
    second = int(known[-1])
    is_print = second >= day.close_second - LAST_PRINT_SECONDS and not day.index_derived
    source = SettlementSource.PRINT if is_print else SettlementSource.DERIVED
    return round_half_up(int(day.spx_e4[second]), 100), source
