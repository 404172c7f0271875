# cython: boundscheck=False, wraparound=False, initializedcheck=False
"""Many strategies over many recorded days at once, without Python in between.

It decides what ``engine.stepping`` decides. What is read and written is checked and laid out here
and the sessions are run in C, without the GIL. Types are in ``backtests.pyi``.
"""

from array import array
from itertools import pairwise
from math import gcd

import numpy as np

from engine.contracts import Right
from engine.kernels import NARROW_WEIGHTS_MAX
from engine.moments import open_clock
from engine.strategies import After, StrikeMethod

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from libc.stdint cimport INT64_MIN, int16_t, int32_t, int64_t, uint8_t, uint16_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy


cdef extern from "backtests.h" nogil:
    enum: LEGS_MAX, TIMES_MAX, POSITIONS_MAX

    ctypedef struct Pair:
        pass
    ctypedef struct Tape:
        const uint16_t *bid
        const uint16_t *ask
        const int16_t *delta
        const int32_t *spx
        const int32_t *vix
        const int32_t *strike
        const uint8_t *is_call
        const Pair *pairs
        int64_t row_count, contract_count, pair_count
        int64_t close, known_from, known_until, open_clock, weekday, settlement, previous_settlement
    ctypedef struct ProgramLeg:
        int32_t method, from_leg, is_call, quantity
        int64_t weight, value_e4
    ctypedef struct Range:
        int64_t least, most
    ctypedef struct Program:
        int leg_count, time_count
        ProgramLeg legs[4]
        int64_t times[60]
        int64_t weekdays, max_open, units
        Range vix, expected_move, gap, move
        int64_t reentry_count, reentry_seconds, reentry_after
        int64_t target, stop_loss, stop_loss_credit, activate, trail, touch, delta_max, exit_time
    ctypedef struct Trade:
        pass
    ctypedef struct SessionRow:
        pass
    ctypedef struct Sink:
        Trade *trades
        int64_t *words
        int64_t trade_count, word_count
        int wants_words, is_full

    void run_session(const Program *, const Tape *, Sink *, SessionRow *, int32_t day, int32_t cell)


SESSION = np.dtype([
    ("status", "i4"), ("trade_count", "i4"), ("skipped", "i4"), ("first_skip", "i4"),
    ("first_trade", "i8"), ("word_count", "i8"), ("gross_cents", "i8"), ("drawdown_cents", "i8"),
    ("decisions_hash", "u8"),
])  # fmt: skip
TRADE = np.dtype([
    ("day", "i4"), ("cell", "i4"), ("entry", "i4"), ("reentry", "i4"),
    ("entry_second", "i4"), ("exit_second", "i4"), ("rule", "i4"), ("leg_count", "i4"),
    ("strike_points", "i4", 4), ("entry_price_cents", "i4", 4), ("exit_price_cents", "i4", 4),
    ("entry_spx_e4", "i4"), ("exit_spx_e4", "i4"), ("entry_vix_e4", "i4"), ("exit_vix_e4", "i4"),
    ("entry_net_cents", "i8"), ("exit_net_cents", "i8"), ("gross_cents", "i8"),
    ("max_profit_cents", "i8"), ("max_loss_cents", "i8"),
    ("adverse_cents", "i8"), ("favourable_cents", "i8"),
])  # fmt: skip

assert SESSION.itemsize == sizeof(SessionRow) and TRADE.itemsize == sizeof(Trade)

SIZE_MAX = 10**9

_METHODS = {method: code for code, method in enumerate([
    StrikeMethod.DELTA, StrikeMethod.PREMIUM, StrikeMethod.POINTS_OTM, StrikeMethod.PERCENT_OTM,
    StrikeMethod.ATM, StrikeMethod.EXPECTED_MOVE, StrikeMethod.WIDTH,
])}  # fmt: skip
_AFTER = {After.WIN: 0, After.LOSS: 1, After.ANY: 2}


cdef int64_t _known(value):
    return INT64_MIN if value is None else value


cdef class Tapes:
    """Recorded days laid out for the kernel, which reads the days' own arrays: nothing is copied.

    ``previous_settlements_cents`` has one for each day, None where no day was recorded before.
    Raises ValueError for a day whose arrays do not fit each other.
    """

    cdef Tape *items
    cdef readonly Py_ssize_t count
    cdef list kept

    def __cinit__(self, days, previous_settlements_cents):
        self.count, self.kept = len(days), []
        self.items = <Tape *>calloc(max(self.count, 1), sizeof(Tape))
        if self.items is NULL:
            raise MemoryError
        for place, (day, previous) in enumerate(zip(days, previous_settlements_cents, strict=True)):
            self._lay_out(&self.items[place], day, previous)

    def __len__(self):
        return self.count

    cdef _lay_out(self, Tape *tape, day, previous_cents):
        self._check(day)
        tape.row_count, tape.contract_count = day.spx_e4.shape[0], len(day.contracts)
        tape.close, tape.known_from, tape.known_until = day.close_second, day.known_from, day.known_until
        tape.open_clock, tape.weekday = open_clock(day), day.date.weekday()
        tape.settlement, tape.previous_settlement = _known(day.settlement_cents), _known(previous_cents)
        tape.bid, tape.ask = <const uint16_t *>self._at(day.bid_ticks), <const uint16_t *>self._at(day.ask_ticks)
        tape.delta = <const int16_t *>self._at(day.delta_e4)
        tape.spx, tape.vix = <const int32_t *>self._at(day.spx_e4), <const int32_t *>self._at(day.vix_e4)
        strikes = array("i", [strike for strike, _ in day.contracts])
        calls = bytes([right is Right.CALL for _, right in day.contracts])
        pairs = _pairs(strikes)
        tape.strike, tape.is_call = <const int32_t *>self._at(strikes), <const uint8_t *>self._at(calls)
        tape.pairs, tape.pair_count = <const Pair *>self._at(pairs), len(pairs) // 3

    cdef size_t _at(self, values) except? 0:
        """Where the values lie: an array's own attribute for it takes ten times as long."""
        cdef Py_buffer view
        self.kept.append(values)
        PyObject_GetBuffer(values, &view, PyBUF_SIMPLE)
        address = <size_t>view.buf
        PyBuffer_Release(&view)
        return address

    cdef _check(self, day):
        rows, contracts = day.close_second + 1, len(day.contracts)
        wanted = {
            "bid_ticks": (day.bid_ticks, np.uint16, (contracts, rows)),
            "ask_ticks": (day.ask_ticks, np.uint16, (contracts, rows)),
            "delta_e4": (day.delta_e4, np.int16, (rows, contracts)),
            "spx_e4": (day.spx_e4, np.int32, (rows,)),
            "vix_e4": (day.vix_e4, np.int32, (rows,)),
        }
        for name, (values, kind, shape) in wanted.items():
            if values.dtype != kind or values.shape != shape or not values.flags.c_contiguous:
                raise ValueError(f"{day.date}: {name} is not contiguous {np.dtype(kind)} {list(shape)}")
        if not 0 <= day.known_from <= day.known_until < rows:
            raise ValueError(f"{day.date}: {day.known_from} to {day.known_until} is not within its {rows} seconds")

    def __dealloc__(self):
        free(self.items)


def _pairs(strikes):
    """Strike and rows of the call and the put, for each strike listed on both sides: in a day's
    contracts a call comes just before the put of its strike."""
    pairs = array("i")
    for call, (strike, following) in enumerate(pairwise(strikes)):
        if strike == following:
            pairs.extend((strike, call, call + 1))
    return pairs


cdef class _Programs:
    """Strategies as C reads them."""

    cdef Program *items
    cdef Py_ssize_t count

    def __cinit__(self, strategies):
        self.count = len(strategies)
        self.items = <Program *>calloc(max(self.count, 1), sizeof(Program))
        if self.items is NULL:
            raise MemoryError
        for place, strategy in enumerate(strategies):
            _check_program(strategy)
            _write_legs(&self.items[place], strategy)
            _write_entry(&self.items[place], strategy.entry)
            _write_exit(&self.items[place], strategy.exit)

    def __dealloc__(self):
        free(self.items)


cdef int64_t _number(value) except? -1:
    """A value of a strategy, UNKNOWN for None. Raises ValueError for one that products would overflow."""
    if value is None:
        return INT64_MIN
    if abs(value) > SIZE_MAX:
        raise ValueError(f"{value} is larger than {SIZE_MAX}")
    return value


cdef Range _range(bounds) except *:
    return Range(_number(bounds.least_e4), _number(bounds.most_e4))


def _check_program(strategy):
    """Raises ValueError for what the kernel has no room for, and for a risk that is not defined."""
    legs, entry = strategy.legs, strategy.entry
    if not 1 <= len(legs) <= LEGS_MAX:
        raise ValueError(f"{len(legs)} legs, not 1 to {LEGS_MAX}")
    if len(entry.times) > TIMES_MAX or not 1 <= entry.max_open <= POSITIONS_MAX:
        raise ValueError(f"more than {TIMES_MAX} times, or not 1 to {POSITIONS_MAX} open positions")
    if sum(leg.quantity for leg in legs) > NARROW_WEIGHTS_MAX:
        raise ValueError(f"more than {NARROW_WEIGHTS_MAX} contracts")
    for right in {leg.right for leg in legs}:
        if sum(leg.side.sign * leg.quantity for leg in legs if leg.right is right) < 0:
            raise ValueError(f"sells more {right.name.lower()}s than it buys")
    for place, leg in enumerate(legs):
        if leg.strike.method is StrikeMethod.WIDTH and not 0 <= (leg.strike.from_leg or 0) < place:
            raise ValueError(f"leg {place} counts its width from a leg that is not before it")


cdef _write_legs(Program *program, strategy):
    program.leg_count = len(strategy.legs)
    program.units = gcd(*[leg.quantity for leg in strategy.legs])
    for place, leg in enumerate(strategy.legs):
        weight = leg.side.sign * leg.quantity // program.units
        program.legs[place] = ProgramLeg(
            _METHODS[leg.strike.method], leg.strike.from_leg or 0, leg.right is Right.CALL, leg.quantity,
            weight, _number(leg.strike.value_e4),
        )


cdef _write_entry(Program *program, entry):
    program.time_count = len(entry.times)
    for place, time in enumerate(entry.times):
        program.times[place] = _number(time)
    program.weekdays = sum(1 << weekday for weekday in set(entry.weekdays))
    program.max_open = entry.max_open
    program.vix, program.expected_move = _range(entry.vix), _range(entry.expected_move)
    program.gap, program.move = _range(entry.gap), _range(entry.move)
    if entry.reentry is not None:
        program.reentry_count = _number(entry.reentry.count)
        program.reentry_seconds = 60 * _number(entry.reentry.wait_minutes)
        program.reentry_after = _AFTER[entry.reentry.after]


cdef _write_exit(Program *program, rules):
    trailing = rules.trailing_stop
    program.target = _number(rules.profit_target_pct_e4)
    program.stop_loss = _number(rules.stop_loss_pct_e4)
    program.stop_loss_credit = _number(rules.stop_loss_credit_pct_e4)
    program.activate = _number(trailing.activate_e4 if trailing else None)
    program.trail = _number(trailing.trail_e4 if trailing else None)
    program.touch = rules.short_strike_touch
    program.delta_max = _number(rules.short_delta_max_e4)
    program.exit_time = _number(rules.time)


cdef class _Output:
    """What the sessions write, freed with it."""

    cdef Sink sink

    def __cinit__(self, bint wants_words):
        self.sink.wants_words = wants_words

    def trades(self):
        into = np.empty(self.sink.trade_count, TRADE)
        memcpy(<void *><size_t>into.ctypes.data, self.sink.trades, into.nbytes)
        return into

    def words(self):
        into = np.empty(self.sink.word_count, np.int64)
        memcpy(<void *><size_t>into.ctypes.data, self.sink.words, into.nbytes)
        return into

    def __dealloc__(self):
        free(self.sink.trades)
        free(self.sink.words)


def run_sessions(Tapes tapes, strategies, bint wants_words=False):
    """Each strategy on each day: ``SESSION`` [day, strategy], then the ``TRADE`` rows and the words
    of the decisions, both by day, then by strategy, then as they came.

    Raises ValueError for a strategy that the kernel cannot hold, MemoryError where trades find no room.
    """
    cdef _Programs programs = _Programs(strategies)
    cdef _Output output = _Output(wants_words)
    rows = np.zeros((tapes.count, programs.count), SESSION)
    cdef SessionRow *row = <SessionRow *><size_t>rows.ctypes.data
    cdef Py_ssize_t day, cell
    with nogil:
        for day in range(tapes.count):
            for cell in range(programs.count):
                run_session(
                    &programs.items[cell], &tapes.items[day], &output.sink, row, <int32_t>day, <int32_t>cell
                )
                row += 1
                if output.sink.is_full:
                    break
            if output.sink.is_full:
                break
    if output.sink.is_full:
        raise MemoryError
    return rows, output.trades(), output.words()
