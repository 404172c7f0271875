"""The tape file: what was written is read again, to the last whole row and never further."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.market import MISSING_TICKS
from marketdata.recordings import ChainRow
from marketdata.tapes import Appended, Kind, RowRefused, TapeRows, TapeWriter, all_rows, row_type
from tests.days import tiny_day
from tests.tapes import room_for, row_of, rows_of

DAY = tiny_day()
WIDTH = len(DAY.contracts)
ROW_BYTES = row_type(WIDTH).itemsize


def tape_with(path: Path, *rows: ChainRow) -> TapeWriter:
    writer = TapeWriter(path, WIDTH)
    for row in rows:
        writer.append(row, told_at_ns=row.second)
    return writer


def read(path: Path) -> TapeRows:
    return np.concatenate([*all_rows(path, WIDTH), np.empty(0, row_type(WIDTH))])


def test_a_row_is_read_as_it_was_told(tmp_path: Path) -> None:
    tape_with(tmp_path / "tape", row_of(DAY, 30)).close()

    (row,) = read(tmp_path / "tape")
    assert (row["second"], row["kind"], row["told_at_ns"]) == (30, Kind.TOLD, 30)
    assert (row["spx_e4"], row["vix_e4"]) == (59_500_000, 150_000)
    assert np.array_equal(row["bid_ticks"], DAY.bid_ticks[:, 30])
    assert np.array_equal(row["ask_ticks"], DAY.ask_ticks[:, 30])
    assert np.array_equal(row["delta_e4"], DAY.delta_e4[30])


def test_a_row_takes_28_bytes_and_6_a_contract(tmp_path: Path) -> None:
    tape_with(tmp_path / "tape", *rows_of(DAY, range(3))).close()
    assert (tmp_path / "tape").stat().st_size == 3 * (28 + 6 * WIDTH)


def test_more_rows_than_a_block_are_read(tmp_path: Path) -> None:
    tape_with(tmp_path / "tape", *rows_of(DAY, range(601))).close()
    assert read(tmp_path / "tape")["second"].tolist() == list(range(601))


def test_skipped_seconds_keep_the_quotes_for_five_seconds_and_then_have_none(tmp_path: Path) -> None:
    writer = tape_with(tmp_path / "tape", row_of(DAY, 10))
    assert writer.append(row_of(DAY, 19), told_at_ns=19) == Appended(carried=5, missing=3)

    rows = read(tmp_path / "tape")
    assert rows["second"].tolist() == list(range(10, 20))
    assert rows["kind"].tolist() == [Kind.TOLD] + [Kind.CARRIED] * 5 + [Kind.MISSING] * 3 + [Kind.TOLD]
    assert all(np.array_equal(row["bid_ticks"], DAY.bid_ticks[:, 10]) for row in rows[:6])
    assert (rows[6:9]["bid_ticks"] == MISSING_TICKS).all() and (rows[6:9]["ask_ticks"] == MISSING_TICKS).all()
    assert np.array_equal(rows[9]["ask_ticks"], DAY.ask_ticks[:, 19])


def test_index_and_deltas_stand_while_quotes_are_missing(tmp_path: Path) -> None:
    writer = tape_with(tmp_path / "tape", replace(row_of(DAY, 10), spx_e4=59_000_000))
    writer.append(row_of(DAY, 30), told_at_ns=0)

    rows = read(tmp_path / "tape")
    assert rows["spx_e4"].tolist() == [59_000_000] * 20 + [59_500_000]
    assert all(np.array_equal(row["delta_e4"], DAY.delta_e4[10]) for row in rows[:20])


def test_the_five_seconds_count_from_the_last_row_that_was_told_across_a_kill(tmp_path: Path) -> None:
    """A gap of nine seconds of which only three were written before the recorder was killed."""
    tape_with(tmp_path / "tape", row_of(DAY, 10), row_of(DAY, 20)).close()
    os.truncate(tmp_path / "tape", 4 * ROW_BYTES)
    writer = TapeWriter(tmp_path / "tape", WIDTH)

    assert writer.second == 13
    assert writer.append(row_of(DAY, 20), told_at_ns=0) == Appended(carried=2, missing=4)


@pytest.mark.parametrize("torn_bytes", [1, 27, ROW_BYTES - 1])
def test_a_torn_row_is_not_read_and_is_cut_off_by_the_next_writer(tmp_path: Path, torn_bytes: int) -> None:
    path = tmp_path / "tape"
    tape_with(path, *rows_of(DAY, range(4))).close()
    os.truncate(path, 3 * ROW_BYTES + torn_bytes)

    assert read(path)["second"].tolist() == [0, 1, 2]
    writer = TapeWriter(path, WIDTH)
    assert (writer.second, path.stat().st_size) == (2, 3 * ROW_BYTES)
    writer.append(row_of(DAY, 3), told_at_ns=3)
    assert read(path)["second"].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("place", [0, 8, 30, ROW_BYTES - 1])
def test_a_row_that_the_disk_lost_a_part_of_is_not_read(tmp_path: Path, place: int) -> None:
    """As after a loss of power: the file is long enough, its last page is not what was written."""
    path = tmp_path / "tape"
    tape_with(path, *rows_of(DAY, range(1, 4))).close()
    content = bytearray(path.read_bytes())
    content[2 * ROW_BYTES + place] ^= 0xFF
    path.write_bytes(content)

    assert read(path)["second"].tolist() == [1, 2]
    assert TapeWriter(path, WIDTH).second == 2


def test_a_row_of_zeros_is_no_row(tmp_path: Path) -> None:
    (tmp_path / "tape").write_bytes(bytes(3 * ROW_BYTES))
    assert len(read(tmp_path / "tape")) == 0
    assert TapeWriter(tmp_path / "tape", WIDTH).second == -1


@pytest.mark.parametrize("left_bytes", [0, 1, ROW_BYTES - 1])
def test_a_row_without_room_is_refused_whole_and_fits_when_there_is_room(
    tmp_path: Path, left_bytes: int
) -> None:
    path = tmp_path / "tape"
    writer = tape_with(path, row_of(DAY, 0), row_of(DAY, 600))
    size = path.stat().st_size
    with room_for(size + left_bytes), pytest.raises(RowRefused, match="the tape takes no"):
        writer.append(replace(row_of(DAY, 600), second=601), told_at_ns=0)

    assert (path.stat().st_size, writer.second) == (size, 600)
    writer.append(replace(row_of(DAY, 600), second=601), told_at_ns=0)
    assert read(path)["second"].tolist() == list(range(602))


def test_of_a_gap_all_rows_are_written_or_none(tmp_path: Path) -> None:
    writer = tape_with(tmp_path / "tape", row_of(DAY, 0), row_of(DAY, 400))
    with room_for(500 * ROW_BYTES), pytest.raises(RowRefused):
        writer.append(row_of(DAY, 600), told_at_ns=0)
    assert read(tmp_path / "tape")["second"][-1] == 400
