# cython: boundscheck=False, wraparound=False, initializedcheck=False
"""The loops over a day's seconds that everything waits for, checked here and written in C.

All run without the GIL. Their types are in ``kernels.pyi``.
"""

import numpy as np

from libc.stdint cimport INT32_MAX, int16_t, int32_t, int64_t, uint16_t, uint32_t
from libc.stdlib cimport free, malloc


cdef extern from "kernels.h" nogil:
    ctypedef struct Leg:
        const uint16_t *bid
        const uint16_t *ask
        int64_t weight

    int64_t scan_legs(const Leg *, int leg_count, int32_t bound, int64_t first, int64_t until)
    void add_legs(Leg *, int leg_count, bint is_narrow, int64_t first, int64_t until, int64_t *into)
    void add_cents(const int64_t *column, int64_t cents, int64_t count, int64_t *into)

cdef extern from "waiting.h" nogil:
    enum:
        LEGS_A_ORDER
        SUMS

    void sum_quotes(
        const uint16_t *bid, const uint16_t *ask, int64_t contracts, int64_t stride, uint32_t *sums
    )
    int64_t reached(
        const uint32_t *sums,
        const uint16_t *rows,
        const int16_t *weights,
        const int32_t *bounds,
        int64_t orders,
        int32_t *places,
    )


QUOTE_SUMS = SUMS

# bid + ask is at most 131,070, and 32 bits hold this many of them
NARROW_WEIGHTS_MAX = INT32_MAX // 131_070


cdef class _Legs:
    """The legs as C reads them. The caller keeps the two views alive."""

    cdef Leg *items
    cdef int count
    cdef int64_t gross_weight

    def __cinit__(self, const uint16_t[:, ::1] bid, const uint16_t[:, ::1] ask, legs):
        cdef int64_t row, weight
        if bid.shape[0] != ask.shape[0] or bid.shape[1] != ask.shape[1]:
            raise ValueError("bids and asks differ in shape")
        self.count = len(legs)
        self.items = <Leg *>malloc(max(self.count, 1) * sizeof(Leg))
        if self.items is NULL:
            raise MemoryError
        for index, (row, weight) in enumerate(legs):
            if not 0 <= row < bid.shape[0]:
                raise IndexError(f"leg {index} names row {row} of {bid.shape[0]}")
            self.items[index] = Leg(&bid[row, 0], &ask[row, 0], weight)
            self.gross_weight += abs(weight)

    cdef bint is_narrow(self):
        """True when the weighted sum of any quotes fits in 32 bits."""
        return self.gross_weight <= NARROW_WEIGHTS_MAX

    def __dealloc__(self):
        free(self.items)


cdef bint _is_empty(seconds, Py_ssize_t length) except *:
    """True for no second at all; raises for seconds that the day does not have."""
    if len(seconds) and not (seconds.step == 1 and 0 <= seconds.start and seconds.stop <= length):
        raise IndexError(f"{seconds} is not within the {length} seconds of the day")
    return not len(seconds)


def first_at_or_below(
    const uint16_t[:, ::1] bid_ticks, const uint16_t[:, ::1] ask_ticks, legs, threshold_half_ticks, seconds
):
    """The first of ``seconds`` at which every leg has a quote and the net is at most the threshold.

    ``bid_ticks`` and ``ask_ticks`` are the day's uint16 [contract, second]; a leg is (day row,
    signed ratio), and the net is the sum of ratio times (bid + ask). -1 if there is no such second.
    Raises IndexError for a row or a second outside the day and ValueError when the ratios' sizes
    add up to more than ``NARROW_WEIGHTS_MAX``.
    """
    cdef _Legs items = _Legs(bid_ticks, ask_ticks, legs)
    cdef int32_t bound = min(max(threshold_half_ticks, -INT32_MAX - 1), INT32_MAX)
    cdef int64_t first, until, second

    if not items.is_narrow():
        raise ValueError(f"the ratios add up to more than {NARROW_WEIGHTS_MAX}")
    if _is_empty(seconds, bid_ticks.shape[1]):
        return -1

    first, until = seconds.start, seconds.stop
    with nogil:
        second = scan_legs(items.items, items.count, bound, first, until)
    return second


def add_option_values(
    const uint16_t[:, ::1] bid_ticks, const uint16_t[:, ::1] ask_ticks, legs, seconds, int64_t[::1] into
):
    """Adds what the legs are worth in cents at each of ``seconds`` to ``into``, one place each.

    A leg is (day row, signed contracts), worth contracts times the mid. Where it has no quote its
    last one counts, which may lie before the first of ``seconds``; one that never had a quote is
    worth nothing. Raises IndexError for a row or a second outside the day and ValueError when
    ``into`` has another length.
    """
    cdef _Legs items = _Legs(bid_ticks, ask_ticks, legs)
    cdef int64_t first, until
    cdef bint is_narrow

    if into.shape[0] != len(seconds):
        raise ValueError(f"{into.shape[0]} places for the values of {len(seconds)} seconds")
    if _is_empty(seconds, bid_ticks.shape[1]):
        return

    first, until, is_narrow = seconds.start, seconds.stop, items.is_narrow()
    with nogil:
        add_legs(items.items, items.count, is_narrow, first, until, &into[0])


def with_steps(const int64_t[::1] column, steps):
    """A copy of ``column`` to which each step adds its cents, until the next one takes over.

    A step is (second, cents); the first is at 0 and they ascend. Raises ValueError otherwise.
    """
    cdef int64_t[::1] stepped = np.empty(column.shape[0], np.int64)
    cdef int64_t until = column.shape[0], second, cents
    for second, cents in reversed(steps):
        if not 0 <= second < until:
            raise ValueError(f"a step at {second} does not come before {until}")
        with nogil:
            add_cents(&column[second], cents, until - second, &stepped[second])
        until = second
    if until:
        raise ValueError(f"nothing is said of the seconds before {until}")
    return stepped.base


def orders_reached(
    const uint16_t[:, ::1] bid_ticks,
    const uint16_t[:, ::1] ask_ticks,
    int64_t second,
    waiting,
    uint32_t[::1] sums,
    int32_t[::1] places,
):
    """Which of the waiting orders have a quote for every leg at ``second`` and a net of at most their
    bound: their places, as the first of ``places``, of which the number is returned.

    ``waiting`` is (rows, weights, bounds): uint16 [order, 4], int16 [order, 4] and int32 [order]. A leg
    that an order does not have weighs 0 and names the row behind the last contract. ``sums`` is room for
    ``QUOTE_SUMS`` values, of which those behind the contracts are 0. Raises IndexError for a second
    outside the day and ValueError for arrays of other sizes.
    """
    cdef const uint16_t[:, ::1] rows = waiting[0]
    cdef const int16_t[:, ::1] weights = waiting[1]
    cdef const int32_t[::1] bounds = waiting[2]
    cdef int64_t orders = bounds.shape[0], contracts = bid_ticks.shape[0], found

    if bid_ticks.shape[0] != ask_ticks.shape[0] or bid_ticks.shape[1] != ask_ticks.shape[1]:
        raise ValueError("bids and asks differ in shape")
    if not 0 <= second < bid_ticks.shape[1]:
        raise IndexError(f"second {second} is not within the {bid_ticks.shape[1]} of the day")
    if rows.shape[0] != orders or weights.shape[0] != orders or places.shape[0] < orders:
        raise ValueError(f"{orders} orders need as many rows, weights and places")
    if rows.shape[1] != LEGS_A_ORDER or weights.shape[1] != LEGS_A_ORDER:
        raise ValueError(f"an order has {LEGS_A_ORDER} rows and weights")
    if sums.shape[0] != SUMS or contracts >= SUMS:
        raise ValueError(f"{contracts} contracts need fewer than {SUMS} sums")
    if not orders or not contracts:
        return 0

    with nogil:
        sum_quotes(&bid_ticks[0, second], &ask_ticks[0, second], contracts, bid_ticks.shape[1], &sums[0])
        found = reached(&sums[0], &rows[0, 0], &weights[0, 0], &bounds[0], orders, &places[0])
    return found
