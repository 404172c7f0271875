# cython: boundscheck=False, wraparound=False, initializedcheck=False
"""The two loops over a day's quotes that everything waits for: the scan and the marks.

Integers only, without the GIL, in blocks that stay in the first-level cache. On x86-64 with glibc
the loops are compiled for several instruction sets and the machine's best is taken at load time.
"""

from libc.stdint cimport INT32_MAX, INT32_MIN, int64_t, uint16_t
from libc.stdlib cimport free, malloc

cdef extern from * nogil:
    """
    #if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
    #define WIDEST __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
    #else
    #define WIDEST
    #endif

    enum { BLOCK_SECONDS = 512, MISSING_TICKS = 65535 };

    /* One contract's quotes, how much of it counts, and bid + ask when it last had a quote. */
    typedef struct { const uint16_t *bid, *ask; int64_t weight, carried; } Leg;

    static int block_length(int64_t start, int64_t until)
    {
        return until - start < BLOCK_SECONDS ? (int)(until - start) : BLOCK_SECONDS;
    }

    /* The first second in [from, until) with a quote for every leg and side * net <= threshold, or
       -1. The caller has made sure that the net fits in 32 bits. */
    WIDEST static int64_t touch_second(
        const Leg *legs, Py_ssize_t leg_count,
        int32_t side, int32_t threshold, int64_t from, int64_t until)
    {
        int32_t net[BLOCK_SECONDS];
        uint16_t worst_ask[BLOCK_SECONDS];

        for (int64_t start = from; start < until; start += BLOCK_SECONDS) {
            const int count = block_length(start, until);
            for (int i = 0; i < count; i++) net[i] = 0;
            for (int i = 0; i < count; i++) worst_ask[i] = 0;

            for (Py_ssize_t leg = 0; leg < leg_count; leg++) {
                const uint16_t *bid = legs[leg].bid + start, *ask = legs[leg].ask + start;
                const int32_t weight = side * (int32_t)legs[leg].weight;
                for (int i = 0; i < count; i++) net[i] += weight * ((int32_t)bid[i] + ask[i]);
                for (int i = 0; i < count; i++)
                    worst_ask[i] = ask[i] > worst_ask[i] ? ask[i] : worst_ask[i];
            }

            int touched = 0;
            for (int i = 0; i < count; i++)
                touched |= (net[i] <= threshold) & (worst_ask[i] != MISSING_TICKS);
            for (int i = 0; touched && i < count; i++)
                if (net[i] <= threshold && worst_ask[i] != MISSING_TICKS) return start + i;
        }
        return -1;
    }

    /* bid + ask at the last second up to `second` that has a quote; 0 if none has. */
    static int64_t last_sum(const Leg *leg, int64_t second)
    {
        while (second >= 0 && leg->ask[second] == MISSING_TICKS) second--;
        return second < 0 ? 0 : (int64_t)leg->bid[second] + leg->ask[second];
    }

    /* Adds the legs' weight * (bid + ask) to into[0 .. until - from), repeating a leg's last quote
       where it has none. */
    WIDEST static void sum_marks(
        Leg *legs, Py_ssize_t leg_count, int64_t from, int64_t until, int64_t *into)
    {
        for (Py_ssize_t leg = 0; leg < leg_count; leg++)
            legs[leg].carried = last_sum(legs + leg, from);

        for (int64_t start = from; start < until; start += BLOCK_SECONDS) {
            const int count = block_length(start, until);
            int64_t *out = into + (start - from);

            for (Py_ssize_t leg = 0; leg < leg_count; leg++) {
                const uint16_t *bid = legs[leg].bid + start, *ask = legs[leg].ask + start;
                const int64_t weight = legs[leg].weight;
                int64_t carried = legs[leg].carried;

                uint16_t worst_ask = 0;
                for (int i = 0; i < count; i++) worst_ask = ask[i] > worst_ask ? ask[i] : worst_ask;
                if (worst_ask != MISSING_TICKS) {
                    for (int i = 0; i < count; i++) out[i] += weight * ((int32_t)bid[i] + ask[i]);
                    carried = (int64_t)bid[count - 1] + ask[count - 1];
                } else {
                    for (int i = 0; i < count; i++) {
                        if (ask[i] != MISSING_TICKS) carried = (int64_t)bid[i] + ask[i];
                        out[i] += weight * carried;
                    }
                }
                legs[leg].carried = carried;
            }
        }
    }
    """
    ctypedef struct Leg:
        const uint16_t *bid
        const uint16_t *ask
        int64_t weight

    int64_t touch_second(const Leg *, Py_ssize_t, int, int, int64_t, int64_t)
    void sum_marks(Leg *, Py_ssize_t, int64_t, int64_t, int64_t *)


# bid + ask is at most 131,070, and the scan adds in 32 bits
SCAN_WEIGHTS_MAX = INT32_MAX // 131_070


cdef class _Legs:
    """The legs as C sees them; keeps the memory, which the views of the caller must outlive."""

    cdef Leg *items
    cdef Py_ssize_t count
    cdef int64_t gross_weight

    def __cinit__(self, const uint16_t[:, ::1] bid, const uint16_t[:, ::1] ask, legs):
        cdef int64_t row, weight
        self.count = len(legs)
        self.items = <Leg *>malloc(max(self.count, 1) * sizeof(Leg))
        if self.items is NULL:
            raise MemoryError
        if bid.shape[0] != ask.shape[0] or bid.shape[1] != ask.shape[1]:
            raise ValueError("bids and asks differ in shape")
        for index, (row, weight) in enumerate(legs):
            if not 0 <= row < bid.shape[0]:
                raise IndexError(f"leg {index} names row {row} of {bid.shape[0]}")
            self.items[index] = Leg(&bid[row, 0], &ask[row, 0], weight)
            self.gross_weight += abs(weight)

    def __dealloc__(self):
        free(self.items)


cdef int64_t _scan(
    const uint16_t[:, ::1] bid, const uint16_t[:, ::1] ask, legs, int64_t threshold, seconds, int side
) except -2:
    cdef _Legs items = _Legs(bid, ask, legs)
    cdef int64_t first = seconds.start, until = seconds.stop, second
    cdef int bound = <int>min(max(side * threshold, <int64_t>INT32_MIN), <int64_t>INT32_MAX)
    _check_seconds(seconds, bid.shape[1])
    if items.gross_weight > SCAN_WEIGHTS_MAX:
        raise ValueError(f"the weights add up to more than {SCAN_WEIGHTS_MAX}")
    with nogil:
        second = touch_second(items.items, items.count, side, bound, first, until)
    return second


cdef _check_seconds(seconds, Py_ssize_t length):
    if seconds.step != 1 or (len(seconds) and not 0 <= seconds.start < seconds.stop <= length):
        raise IndexError(f"{seconds} is not within the {length} seconds of the day")


def first_at_or_below(bid_ticks, ask_ticks, legs, threshold_half_ticks, seconds):
    return _scan(bid_ticks, ask_ticks, legs, threshold_half_ticks, seconds, 1)


def first_at_or_above(bid_ticks, ask_ticks, legs, threshold_half_ticks, seconds):
    return _scan(bid_ticks, ask_ticks, legs, threshold_half_ticks, seconds, -1)


def add_marks(
    const uint16_t[:, ::1] bid_ticks, const uint16_t[:, ::1] ask_ticks, legs, seconds, int64_t[::1] into
):
    cdef _Legs items = _Legs(bid_ticks, ask_ticks, legs)
    cdef int64_t first = seconds.start, until = seconds.stop
    _check_seconds(seconds, bid_ticks.shape[1])
    if into.shape[0] != len(seconds):
        raise ValueError(f"{into.shape[0]} places for the marks of {len(seconds)} seconds")
    if len(seconds):
        with nogil:
            sum_marks(items.items, items.count, first, until, &into[0])
