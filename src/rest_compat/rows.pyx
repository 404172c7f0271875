# cython: boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""A session's history as the documented JSON rows, written a chunk at a time without the GIL.

A general encoder would hold the interpreter for a tenth of a second over the 24 MB of a whole day.
The types are in ``rows.pyi``.
"""

from datetime import UTC

import numpy as np

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy


cdef enum:
    ROWS_A_CHUNK = 1_000
    DAY_SECONDS = 86_400
    ROW_FRAME_LENGTH = 12  # the separator, HH:MM:SSZ and the closing quote and brace
    MONEY_LENGTH_MAX = 21  # -92233720368547758.08 and a spare place


FIELDS = {
    "net_liquidation_value": "net_liquidation_cents",
    "profit_loss": "profit_cents",
    "unrealized_profit_loss": "unrealized_cents",
    "realized_profit_loss": "realized_cents",
    "credits": "credits_cents",
    "debits": "debits_cents",
    "fees": "fees_cents",
    "maintenance_buying_power": "margin_cents",
    "available_buying_power": "available_cents",
    "deposits": "opening_cents",
    "withdrawals": None,
    "equities_credits": None,
    "equities_debits": None,
    "equities_fees": None,
    "equities_unrealized_profit_loss": None,
    "equities_realized_profit_loss": None,
    "equities_profit_loss": None,
    "equities_maintenance_buying_power": None,
    "equities_net_liquidation_value": None,
    "equity_options_credits": "credits_cents",
    "equity_options_debits": "debits_cents",
    "equity_options_fees": "fees_cents",
    "equity_options_unrealized_profit_loss": "unrealized_cents",
    "equity_options_realized_profit_loss": "realized_cents",
    "equity_options_profit_loss": "profit_cents",
    "equity_options_maintenance_buying_power": "margin_cents",
    "equity_options_net_liquidation_value": "options_value_cents",
}


def history_rows(history, interval_seconds):
    """The documented ``/history`` array: the rows of ``history.seconds_every(interval_seconds)``.

    Yields about a megabyte at a time, each in under two milliseconds and without the GIL, so that a
    thread can run it beside the event loop. Raises ValueError for a session over UTC midnight.
    """
    cdef _Writer writer
    opened = history.open_at.astimezone(UTC)
    open_second = opened.hour * 3600 + opened.minute * 60 + opened.second
    rows = len(history.options_value_cents)
    close = rows - 1
    if open_second + rows > DAY_SECONDS:
        raise ValueError("a session ends on the UTC date on which it opens")

    writer = _Writer(f'{{"timestamp":"{opened:%Y-%m-%d}T', _columns(history, rows))
    chunk_seconds = ROWS_A_CHUNK * interval_seconds
    for start in range(0, close, chunk_seconds):
        yield writer.chunk(open_second, range(start, min(start + chunk_seconds, close), interval_seconds))
    yield writer.chunk(open_second, range(close, rows)) + b"]"


def _columns(history, rows):
    """One int64 column a field; a constant is an array that repeats its one cell."""
    sources = {name: getattr(history, name) if name else 0 for name in set(FIELDS.values())}
    columns = {name: np.broadcast_to(np.asarray(cents, np.int64), rows) for name, cents in sources.items()}
    return {field: columns[name] for field, name in FIELDS.items()}


cdef struct Text:
    const char *start
    Py_ssize_t length


cdef struct Field:
    Text label
    const char *cents
    Py_ssize_t stride


cdef class _Writer:
    """The fields as C reads them, with the objects whose memory they point into."""

    cdef Text row_start
    cdef Field *fields
    cdef Py_ssize_t count, row_length_max
    cdef list labels, columns

    def __cinit__(self, row_start, columns):
        cdef const int64_t[:] cents
        self.labels = [row_start.encode(), *(f'","{name}":"'.encode() for name in columns)]
        self.columns = list(columns.values())
        self.count = len(columns)
        self.row_start = text_of(self.labels[0])
        self.row_length_max = sum(map(len, self.labels)) + self.count * MONEY_LENGTH_MAX + ROW_FRAME_LENGTH
        self.fields = <Field *>malloc(self.count * sizeof(Field))
        if self.fields is NULL:
            raise MemoryError
        for index, cents in enumerate(self.columns):
            self.fields[index] = Field(
                text_of(self.labels[index + 1]), <const char *>&cents[0], cents.strides[0]
            )

    def __dealloc__(self):
        free(self.fields)

    cdef bytes chunk(self, int64_t open_second, seconds):
        """The rows of ``seconds``, each led by the comma or bracket that parts it from the last."""
        cdef bytes text = PyBytes_FromStringAndSize(NULL, len(seconds) * self.row_length_max)
        cdef char *begin = PyBytes_AS_STRING(text)
        cdef char *end = begin
        cdef int64_t second = seconds.start, until = seconds.stop, step = seconds.step
        with nogil:
            while second < until:
                end[0] = c',' if second else c'['
                end = self.put_row(end + 1, open_second, second)
                second += step
        return text[: end - begin]

    cdef char *put_row(self, char *at, int64_t open_second, int64_t second) noexcept nogil:
        cdef Py_ssize_t index
        cdef Field *field
        at = put_text(at, self.row_start)
        at = put_time(at, open_second + second)
        for index in range(self.count):
            field = &self.fields[index]
            at = put_text(at, field.label)
            at = put_money(at, (<const int64_t *>(field.cents + second * field.stride))[0])
        return put(at, b'"}', 2)


cdef Text text_of(bytes label):
    """Points into ``label``, which has to be kept."""
    return Text(PyBytes_AS_STRING(label), len(label))


cdef inline char *put(char *at, const char *start, Py_ssize_t length) noexcept nogil:
    memcpy(at, start, length)
    return at + length


cdef inline char *put_text(char *at, Text text) noexcept nogil:
    return put(at, text.start, text.length)


cdef inline char *put_pair(char *at, int64_t number) noexcept nogil:
    at[0] = <char>(c'0' + number // 10)
    at[1] = <char>(c'0' + number % 10)
    return at + 2


cdef inline char *put_time(char *at, int64_t second_of_day) noexcept nogil:
    at = put_pair(at, second_of_day // 3600)
    at[0] = c':'
    at = put_pair(at + 1, second_of_day // 60 % 60)
    at[0] = c':'
    at = put_pair(at + 1, second_of_day % 60)
    return put(at, b"Z", 1)


cdef inline char *put_money(char *at, int64_t cents) noexcept nogil:
    """As ``engine.money.money_text``."""
    cdef uint64_t size = <uint64_t>cents
    cdef uint64_t fraction
    if cents < 0:
        size = -size
        at = put(at, b"-", 1)
    fraction = size % 100
    at = put_whole(at, size // 100)
    if fraction:
        at[0] = c'.'
        at = put_pair(at + 1, fraction)
        if fraction % 10 == 0:
            at -= 1
    return at


cdef inline char *put_whole(char *at, uint64_t number) noexcept nogil:
    cdef char digits[MONEY_LENGTH_MAX]
    cdef int start = MONEY_LENGTH_MAX
    while True:
        start -= 1
        digits[start] = <char>(c'0' + number % 10)
        number //= 10
        if not number:
            return put(at, digits + start, MONEY_LENGTH_MAX - start)
