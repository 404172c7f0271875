"""The traps of LEAN's tree, one by one."""

import re
from pathlib import Path

import pytest

from engine.contracts import Contract, Right
from engine.market import MISSING_INDEX, SettlementSource
from marketdata.lean import read_name
from marketdata.refusals import SourceRefused
from marketdata.reports import Finding, Outcome
from tests.marketdata.lean_files import DAY, INDEX, bar, bars, index_bar, member, tree
from tests.marketdata.vendor_files import found, quotes, run, write_zip


def test_a_bar_is_known_when_it_is_over(tmp_path: Path) -> None:
    changing = [bar(0, bid="10000"), bar(1, bid="10500"), *bars()[2:]]
    _, (day,) = run("lean", tree(tmp_path, {member(): changing}, INDEX))
    assert quotes(day, "3700P", 59, 60, 119, 120) == [None, (1.0, 1.2), (1.0, 1.2), (1.05, 1.2)]
    assert (day.known_from, day.known_until) == (60, 23_400)


def test_the_index_is_an_hour_behind_and_in_plain_decimals(tmp_path: Path) -> None:
    _, (day,) = run("lean", tree(tmp_path, {member(): bars()}, INDEX))
    assert [day.spx(second) for second in (59, 60, 120, 23_400)] == [None, 37_000_000, 37_000_100, 37_038_900]
    assert not day.index_derived


def test_the_last_print_up_to_twenty_past_settles(tmp_path: Path) -> None:
    _, (day,) = run(
        "lean",
        tree(tmp_path, {member(): bars()}, [*INDEX[:409], index_bar(409, "3700.65"), index_bar(410, "1.00")]),
    )
    assert (day.settlement_cents, day.settlement_source) == (370_065, SettlementSource.PRINT)


def test_a_bar_without_a_bid_bids_zero(tmp_path: Path) -> None:
    report, (day,) = run("lean", tree(tmp_path, {member(): [bar(0, bid=""), *bars()[1:]]}, INDEX))
    assert quotes(day, "3700P", 60, 120) == [(0.0, 1.2), (1.0, 1.2)]
    assert found(report) == {Finding.NO_BID: 1}


def test_a_crossed_bar_has_no_quote_and_a_locked_one_has(tmp_path: Path) -> None:
    lines = [bar(0, bid="12500"), bar(1, bid="12000"), *bars()[2:]]
    report, (day,) = run("lean", tree(tmp_path, {member(): lines}, INDEX))
    assert quotes(day, "3700P", 60, 120) == [None, (1.2, 1.2)]
    assert found(report) == {Finding.CROSSED: 1}


def test_minutes_without_a_row_are_carried(tmp_path: Path) -> None:
    sparse = [bar(0, bid="10000"), bar(30, bid="11000")]
    _, (day,) = run("lean", tree(tmp_path, {member(): bars(), member("call"): sparse}, INDEX))
    assert quotes(day, "3700C", 60, 1859, 1860, 23_400) == [(1.0, 1.2), (1.0, 1.2), (1.1, 1.2), (1.1, 1.2)]


def test_other_branches_resolutions_and_kinds_are_not_opened(tmp_path: Path) -> None:
    """Trades, open interest, hours, equities' options: whatever they hold does no harm."""
    _, (alone,) = run("lean", tree(tmp_path / "alone", {member(): bars()}, INDEX))
    data = tree(tmp_path, {member(): bars()}, INDEX)
    for place in (
        f"indexoption/usa/minute/spxw/{DAY}_trade_european.zip.zip",
        f"indexoption/usa/minute/spxw/{DAY}_openinterest_european.zip",
        "indexoption/usa/hour/spxw_2021_quote_european.zip",
        f"option/usa/minute/goog/{DAY}_quote_american.zip",
    ):
        path = data / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"not even an archive")
    report, (day,) = run("lean", data)
    assert (day.content_hash, report.refused_days) == (alone.content_hash, ())


def test_rows_after_the_close_are_left(tmp_path: Path) -> None:
    """Files of 2023 go on to 16:59."""
    report, (day,) = run(
        "lean", tree(tmp_path, {member(): [*bars(), bar(390, bid="11000"), bar(449)]}, INDEX)
    )
    assert found(report) == {Finding.OUTSIDE_SESSION: 2}
    assert quotes(day, "3700P", 23_400) == [(1.0, 1.2)]


def test_other_expiries_and_roots_are_counted_by_their_rows(tmp_path: Path) -> None:
    data = tree(tmp_path, {member(): bars(), member(expiry="20210106"): bars(5)}, INDEX)
    others = {member(root="spx", expiry="20210115"): "\n".join(bars(7)) + "\n"}
    write_zip(data / f"indexoption/usa/minute/spx/{DAY}_quote_european.zip", others)
    report, (day,) = run("lean", data)
    assert day.contracts == (Contract(3700, Right.PUT),)
    assert found(report) == {Finding.OTHER_EXPIRY: 5, Finding.OTHER_ROOT: 7}
    assert [report.rows(outcome) for outcome in Outcome] == [390 + len(INDEX), 0, 0, 12]
    assert [offence.file for offence in report.offences] == [
        f"{DAY}_quote_european.zip/{member(root='spx', expiry='20210115')}",
        f"{DAY}_quote_european.zip/{member(expiry='20210106')}",
    ]


def test_a_doubled_extension_is_read(tmp_path: Path) -> None:
    _, (day,) = run("lean", tree(tmp_path, {member(): bars()}, INDEX, ending="zip.zip"))
    assert day.settlement_cents == 370_409


def test_a_day_without_an_index_derives_it_by_parity(tmp_path: Path) -> None:
    contracts = {member("call"): bars(bid="30000", ask="32000"), member("put"): bars()}
    _, (day,) = run("lean", tree(tmp_path, contracts))
    assert day.index_derived
    assert [day.spx(second) for second in (59, 60, 23_400)] == [None, 37_020_000, 37_020_000]
    assert (day.settlement_cents, day.settlement_source) == (370_200, SettlementSource.DERIVED)
    assert (day.vix_e4 == MISSING_INDEX).all()


def test_a_day_on_which_nothing_expires_is_no_day(tmp_path: Path) -> None:
    report, days = run("lean", tree(tmp_path, {member(expiry="20210106"): bars(3)}))
    assert (days, report.refused_days) == ((), ())
    assert found(report) == {Finding.OTHER_EXPIRY: 3}


def test_a_half_day_ends_at_one(tmp_path: Path) -> None:
    name = member(day="20151224", expiry="20151224")
    report, (day,) = run("lean", tree(tmp_path, {name: bars(215)}), settlement_cents=206_099)
    assert (day.close_second, day.known_until) == (12_600, 12_600)
    assert found(report) == {Finding.OUTSIDE_SESSION: 5}


def test_strikes_between_points_and_unreadable_times_are_refused(tmp_path: Path) -> None:
    contracts = {member(): bars(), member(strike="37025000"): bars(2), member("call"): ["soon" + bar(0)[8:]]}
    report, (day,) = run("lean", tree(tmp_path, contracts, INDEX))
    assert day.contracts == (Contract(3700, Right.PUT),)
    assert found(report) == {Finding.FRACTIONAL_STRIKE: 2, Finding.MALFORMED: 1}


def test_a_member_with_another_name_is_refused(tmp_path: Path) -> None:
    report, _ = run("lean", tree(tmp_path, {member(): bars(), f"{DAY}_notes.csv": ["a", "b"]}, INDEX))
    assert found(report) == {Finding.MALFORMED: 2}


@pytest.mark.parametrize(
    "name", ["20210104_spxw_minute_quote_european_put_37000000_20211304.csv", "x.csv", ""]
)
def test_a_name_without_a_contract_is_none(name: str) -> None:
    assert read_name(name) is None


def test_a_directory_without_option_quotes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Data").mkdir()
    with pytest.raises(SourceRefused, match=re.escape(f"{tmp_path / 'Data'}: no indexoption/usa/minute/")):
        run("lean", tmp_path / "Data")
