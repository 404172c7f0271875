"""A day's identity: SHA-256 over its values, whatever file holds them and wherever they came from."""

import hashlib
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from engine.market import Day

HASH_VERSION = 1


def content_hash(day: Day) -> str:
    """64 hex digits over everything the engine can see of a day, the hash itself excepted.

    Covered are the text of ``_header``, then the strikes (int32) and rights (one letter each), bids,
    asks, deltas, SPX and VIX, little-endian in C order. Provenance and file bytes are not.
    """
    digest = hashlib.sha256(_header(day).encode())
    digest.update(np.array([c.strike_points for c in day.contracts], "<i4").data)
    digest.update("".join(c.right for c in day.contracts).encode())
    for values in (day.bid_ticks, day.ask_ticks, day.delta_e4, day.spx_e4, day.vix_e4):
        digest.update(_canonical(values).data)
    return digest.hexdigest()


def _header(day: Day) -> str:
    fields = {
        "hash_version": HASH_VERSION,
        "date": day.date.isoformat(),
        "open_at": int(day.open_at.timestamp()),
        "close_second": day.close_second,
        "known_from": day.known_from,
        "known_until": day.known_until,
        "settlement_cents": day.settlement_cents,
        "settlement_source": day.settlement_source,
        "synthetic": day.synthetic,
        "index_derived": day.index_derived,
        "contracts": len(day.contracts),
    }
    return "".join(chain.from_iterable((name, "=", str(value), "\n") for name, value in fields.items()))


def _canonical(values: NDArray[np.integer]) -> NDArray[np.integer]:
    return np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
