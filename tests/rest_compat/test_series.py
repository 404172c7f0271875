import json
from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.aggregates import PLACES, UNKNOWN, Series
from engine.money import fixed_text
from rest_compat.series import KEYS, PLACES_MIN, series_rows
from rest_compat.wire import instant_text
from tests.rest_compat.views import OPEN_AT
from usecases.market import SeriesFrame

values = st.one_of(
    st.just(UNKNOWN), st.integers(-(10**9), 10**9), st.integers(-999, 999).map(lambda n: n * 1_000)
)


def frame(columns: dict[Series, list[int]], step: int) -> SeriesFrame:
    count = len(next(iter(columns.values())))
    seconds = range(step, step * (count + 1), step)
    return SeriesFrame(
        date(2025, 1, 15), "hash", OPEN_AT, seconds, {name: np.array(c) for name, c in columns.items()}
    )


def slow_rows(one: SeriesFrame) -> list[dict[str, object]]:
    return [
        {
            "datetime": instant_text(OPEN_AT + timedelta(seconds=second)),
            "datetimeUnix": int(OPEN_AT.timestamp()) + second,
            **{
                KEYS[name]: None
                if column[row] == UNKNOWN
                else fixed_text(int(column[row]), PLACES[name], PLACES_MIN[name])
                for name, column in one.columns.items()
            },
        }
        for row, second in enumerate(one.seconds)
    ]


@given(st.data(), st.sets(st.sampled_from(Series), min_size=1), st.integers(1, 2_500), st.integers(1, 9))
def test_rows_are_those_of_a_general_encoder(
    data: st.DataObject, names: set[Series], count: int, step: int
) -> None:
    some = data.draw(st.lists(values, min_size=1, max_size=20))
    one = frame(dict.fromkeys(sorted(names), (some * count)[:count]), step)

    rows = json.loads(b"".join(series_rows(one)))

    assert rows == slow_rows(one)
    assert list(rows[0]) == ["datetime", "datetimeUnix", *(KEYS[name] for name in one.columns)]


def test_no_rows_are_an_empty_array() -> None:
    empty = SeriesFrame(date(2025, 1, 15), "hash", OPEN_AT, range(0), {Series.SPX: np.array([], np.int64)})

    assert b"".join(series_rows(empty)) == b"[]"
