"""Margin of many books at once: the sums of some of a few parts, such as orders that may fill.

What a book loses is linear in its parts, so one matrix product prices every sum. A sum in which
some short has to stay uncovered, or had better, is priced by itself.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.contracts import Contract
from engine.margin import POINT_CENTS, Book, margin_cents, short_need_cents
from engine.money import IndexE4

NO_NEED_CENTS = np.iinfo(np.int64).max


def margins_cents(parts: Sequence[Book], chosen: NDArray[np.int64], spx_e4: IndexE4) -> NDArray[np.int64]:
    """``margin_cents`` of each sum of ``parts``: int64 [sum]. ``chosen`` [sum, part] holds 1 where a
    sum takes a part and 0 where it does not."""
    contracts = sorted({contract for part in parts for contract in part})
    of_parts = np.array([[part.get(contract, 0) for contract in contracts] for part in parts], np.int64)
    needs = np.array([short_need_cents(contract, spx_e4) for contract in contracts], np.int64)
    payoffs = _payoffs_points(contracts)
    held = chosen @ of_parts
    margins = np.zeros(len(chosen), np.int64)
    covers = np.ones(len(chosen), np.bool_)
    calls = np.array([contract.is_call for contract in contracts], np.bool_)
    for side in (calls, ~calls):
        worst = _worst_cents(chosen, of_parts[:, side], payoffs[side])
        least_need = np.where(held[:, side] < 0, needs[side], NO_NEED_CENTS)
        covers &= held[:, side].sum(axis=1) >= 0
        covers &= worst <= least_need.min(axis=1, initial=NO_NEED_CENTS)
        margins = np.maximum(margins, worst)
    margins = np.maximum(margins, _worst_cents(chosen, of_parts, payoffs))
    for row in np.flatnonzero(~covers):
        margins[row] = margin_cents(dict(zip(contracts, held[row].tolist(), strict=True)), spx_e4)
    return margins


def _payoffs_points(contracts: Sequence[Contract]) -> NDArray[np.int64]:
    """What one of each contract pays at expiry, at each strike of all of them: [contract, level]."""
    strikes = np.array([contract.strike_points for contract in contracts], np.int64)
    signs = np.array([1 if contract.is_call else -1 for contract in contracts], np.int64)
    return np.maximum(signs[:, None] * (np.unique(strikes)[None, :] - strikes[:, None]), 0)


def _worst_cents(
    chosen: NDArray[np.int64], of_parts: NDArray[np.int64], payoffs_points: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The worst loss at expiry of each sum, at least 0."""
    losses = chosen @ -(of_parts @ payoffs_points)
    worst: NDArray[np.int64] = losses.max(axis=1, initial=0) * POINT_CENTS
    return worst
