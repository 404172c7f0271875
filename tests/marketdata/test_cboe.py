"""The traps of Cboe's interval files, one by one."""

import re
from pathlib import Path

import numpy as np
import pytest

from engine.contracts import Contract, Right
from engine.market import MISSING_DELTA, MISSING_INDEX, SettlementSource
from marketdata.refusals import SourceRefused
from marketdata.reports import Finding, Outcome
from tests.marketdata.vendor_files import (
    CALCS,
    CBOE_DEFAULTS,
    cboe_file,
    cboe_row,
    cboe_text,
    closing_row,
    found,
    quotes,
    run,
    write_zip,
)

MINUTES = [f"{9 + (30 + n) // 60:02d}:{(30 + n) % 60:02d}" for n in range(1, 391)]
HALF_HOURS = MINUTES[29::30]
BIDS = [f"{4.5 + place % 2 / 10:.4f}" for place in range(len(HALF_HOURS))]
PUT = {"option_type": "P", "bid": "4.8000", "ask": "5.2000", "delta": "-0.7500"}


def every_minute(**values: str) -> list[dict[str, str]]:
    """The 2735 put, quoted each minute, so that the chain is never silent."""
    return [cboe_row(minute, **PUT | values) for minute in MINUTES]


def test_a_stamp_is_the_end_of_its_interval_and_nothing_is_known_before(tmp_path: Path) -> None:
    _, (day,) = run("cboe", cboe_file(tmp_path, *every_minute()))
    assert (day.known_from, day.known_until) == (60, 23_400)
    assert quotes(day, "2735P", 0, 59, 60, 23_400) == [None, None, (4.8, 5.2), (4.8, 5.2)]
    assert (day.spx(59), day.spx(60)) == (None, 27_310_900)
    assert (day.delta_e4[59, 0], day.delta_e4[60, 0]) == (MISSING_DELTA, 7500)


def test_a_quote_stands_until_the_contracts_next_row(tmp_path: Path) -> None:
    calls = [cboe_row("09:32", bid="1.00", ask="1.20"), cboe_row("09:34", bid="1.10", ask="1.30")]
    _, (day,) = run("cboe", cboe_file(tmp_path, *every_minute(), *calls))
    assert quotes(day, "2735C", 119, 120, 239, 240) == [None, (1.0, 1.2), (1.0, 1.2), (1.1, 1.3)]
    assert quotes(day, "2735C", 23_400) == [(1.1, 1.3)]


def test_of_two_rows_at_one_stamp_the_later_counts(tmp_path: Path) -> None:
    calls = [cboe_row("09:32", bid="1.00"), cboe_row("09:32", bid="1.10")]
    _, (day,) = run("cboe", cboe_file(tmp_path, *every_minute(), *calls))
    assert quotes(day, "2735C", 120) == [(1.1, 1.2)]


def test_only_spxw_that_expires_on_the_day_is_taken_and_the_rest_counted(tmp_path: Path) -> None:
    rows = [cboe_row(root="SPX"), cboe_row(expiration="2018-02-02"), cboe_row(expiration="2018-02-09")]
    path = cboe_file(tmp_path, *every_minute(), *rows)
    report, (day,) = run("cboe", path)
    assert day.contracts == (Contract(2735, Right.PUT),)
    assert found(report) == {Finding.OTHER_ROOT: 1, Finding.OTHER_EXPIRY: 2}
    assert [report.rows(outcome) for outcome in Outcome] == [390, 0, 0, 3]
    assert report.rows_read == 393
    expiry = report.offences[1]
    assert (expiry.file, expiry.line) == (path.name, 393)
    assert expiry.text == path.read_text().splitlines()[392]


def test_rows_after_the_close_are_left_and_their_last_print_settles(tmp_path: Path) -> None:
    late = [
        cboe_row("16:01", bid="9.00", ask="9.10", active_underlying_price="2742.7000"),
        cboe_row("16:15", active_underlying_price="2743.1499"),
        cboe_row("16:21", active_underlying_price="2799.0000"),
    ]
    report, (day,) = run("cboe", cboe_file(tmp_path, *every_minute(), cboe_row("16:00"), *late))
    assert found(report) == {Finding.OUTSIDE_SESSION: 3}
    assert quotes(day, "2735C", 23_400) == [(1.0, 1.2)]
    assert day.spx(23_400) == 27_310_900
    assert (day.settlement_cents, day.settlement_source) == (274_315, SettlementSource.PRINT)


def test_an_official_value_overrules_the_print(tmp_path: Path) -> None:
    _, (day,) = run("cboe", cboe_file(tmp_path, *every_minute()), settlement_cents=274_399)
    assert (day.settlement_cents, day.settlement_source) == (274_399, SettlementSource.OFFICIAL)


def test_a_half_day_ends_at_one(tmp_path: Path) -> None:
    rows = [cboe_row(minute, "2018-07-03", **PUT) for minute in MINUTES]
    report, (day,) = run("cboe", cboe_file(tmp_path, *rows))
    assert (day.close_second, day.known_until) == (12_600, 12_600)
    assert found(report) == {Finding.OUTSIDE_SESSION: 180}


def test_rows_on_a_holiday_are_counted_and_make_no_day(tmp_path: Path) -> None:
    report, days = run("cboe", cboe_file(tmp_path, cboe_row(day="2018-01-01"), cboe_row(day="2018-01-01")))
    assert days == ()
    assert found(report) == {Finding.NO_SESSION: 2}


def test_without_calcs_the_index_is_the_middle_of_its_quote_and_deltas_are_computed(tmp_path: Path) -> None:
    base = [column for column in CBOE_DEFAULTS if column not in CALCS]
    path = tmp_path / "UnderlyingOptionsIntervals_60sec_2018-01-05.csv"
    path.write_text(cboe_text([*every_minute(), cboe_row("09:31")], base))
    _, (day,) = run("cboe", path)
    assert day.spx(60) == 27_320_000
    assert not day.index_derived
    call, put = day.delta_e4[60].tolist()
    assert call + put == 10_000
    assert 1000 < call < 4000


def test_the_vendors_delta_is_kept_except_where_its_volatility_was_pinned(tmp_path: Path) -> None:
    rows = [
        cboe_row("09:31", delta="0.2500"),
        cboe_row("09:32", delta="1.0000", implied_volatility="0.0200"),
    ]
    _, (day,) = run("cboe", cboe_file(tmp_path, *every_minute(), *rows))
    assert day.delta_e4[60].tolist() == [2500, 7500]
    call, put = day.delta_e4[120].tolist()
    assert put == 7500
    assert 1000 < call < 4000


def test_irregular_quotes_are_handled_by_rule_and_counted(tmp_path: Path) -> None:
    irregular = {
        "09:32": {"bid": "0.0000", "ask": "0.0500"},
        "09:33": {"bid": "1.0000", "ask": "0.0000"},
        "09:34": {"bid": "1.3000", "ask": "1.2000"},
        "09:35": {"bid": "-1.0000", "ask": "1.2000"},
        "09:36": {"bid": "1.0300", "ask": "1.1200"},
        "09:37": {"bid": "none", "ask": "1.2000"},
        "09:38": {"bid": "1.2000", "ask": "1.2000"},
        "09:39": {"bid": "", "ask": "1.2000"},
    }
    rows = [cboe_row(minute, **prices) for minute, prices in irregular.items()]
    report, (day,) = run("cboe", cboe_file(tmp_path, *every_minute(), *rows))
    assert quotes(day, "2735C", *range(120, 600, 60)) == [
        (0.0, 0.05), None, None, None, (1.0, 1.15), None, (1.2, 1.2), (0.0, 1.2),
    ]  # fmt: skip
    assert found(report) == {
        Finding.NO_BID: 2,
        Finding.NO_ASK: 1,
        Finding.CROSSED: 1,
        Finding.NEGATIVE: 1,
        Finding.UNREADABLE_PRICE: 1,
        Finding.OFF_GRID: 1,
    }
    assert [report.rows(outcome) for outcome in Outcome] == [394, 4, 0, 0]


def test_a_contract_that_overflows_is_refused_whole(tmp_path: Path) -> None:
    deep = [
        cboe_row("09:31", strike="100.000", bid="3276.6500", ask="3276.7000"),
        cboe_row("09:32", strike="100.000", bid="3276.7000", ask="3276.7500"),
        cboe_row("09:31", strike="105.000", bid="3276.6500", ask="3276.7000"),
    ]
    report, (day,) = run("cboe", cboe_file(tmp_path, *every_minute(), *deep))
    assert [contract.strike_points for contract in day.contracts] == [105, 2735]
    assert found(report) == {Finding.OVERFLOW: 2}
    assert report.rows(Outcome.REFUSED) == 2


def test_strikes_between_points_and_unreadable_rows_are_refused(tmp_path: Path) -> None:
    rows = [
        cboe_row(strike="2737.500"),
        cboe_row(option_type="X"),
        cboe_row(quote_datetime="2018-01-05 25:00:00"),
        cboe_row(strike="low"),
    ]
    path = cboe_file(tmp_path, *every_minute(), *rows)
    with path.open("a") as file:
        file.write("too,few,fields\n")
    report, (day,) = run("cboe", path)
    assert len(day.contracts) == 1
    assert found(report) == {Finding.MALFORMED: 4, Finding.FRACTIONAL_STRIKE: 1}
    assert (report.rows_read, report.rows(Outcome.KEPT)) == (395, 390)
    malformed, fractional = report.offences
    assert (fractional.line, malformed.line) == (392, 393)
    assert malformed.text.split(",")[5] == "X"


def test_lines_are_counted_past_a_malformed_row(tmp_path: Path) -> None:
    path = tmp_path / "day_2018-01-05.csv"
    header, *lines = cboe_text([*every_minute(), cboe_row(root="SPX")]).splitlines()
    path.write_text("\n".join([header, "short,row", *lines]) + "\n")
    report, _ = run("cboe", path)
    assert [(offence.finding, offence.line) for offence in report.offences] == [
        (Finding.MALFORMED, 2),
        (Finding.OTHER_ROOT, 393),
    ]
    assert report.offences[0].text == "short,row"


def test_a_chain_that_falls_silent_has_no_quotes_until_it_speaks_again(tmp_path: Path) -> None:
    rows = [row for row in every_minute() if not "09:41:00" <= row["quote_datetime"][11:] <= "09:45:00"]
    calls = [cboe_row("09:31"), cboe_row("09:50")]
    report, (day,) = run("cboe", cboe_file(tmp_path, *rows, *calls))
    assert quotes(day, "2735P", 600, 665, 666, 959, 960) == [(4.8, 5.2), (4.8, 5.2), None, None, (4.8, 5.2)]
    assert quotes(day, "2735C", 665, 666, 960, 1199, 1200) == [(1.0, 1.2), None, None, None, (1.0, 1.2)]
    assert report.silent_seconds == 960 - 666
    assert (day.delta_e4[60:] != MISSING_DELTA).all()


def test_a_recording_that_stops_is_known_no_further(tmp_path: Path) -> None:
    report, (day,) = run("cboe", cboe_file(tmp_path, *every_minute()[:30]), settlement_cents=273_500)
    assert day.known_until == 1800 + 65
    assert quotes(day, "2735P", 1865, 1866) == [(4.8, 5.2), None]
    assert day.spx(1866) is None
    assert report.refused_days == ()


def test_a_day_without_a_value_to_settle_at_is_refused(tmp_path: Path) -> None:
    report, days = run("cboe", cboe_file(tmp_path, *every_minute()[:30], cboe_row("09:40")))
    assert days == ()
    assert report.refused_days == (
        "2018-01-05: no index at the close to settle at; name it with --settlement",
    )


def test_without_an_index_it_is_derived_by_parity_and_the_day_says_so(tmp_path: Path) -> None:
    blank = {"active_underlying_price": "", "underlying_bid": "0.0000", "underlying_ask": "0.0000"}
    calls = [cboe_row(minute, **blank) for minute in MINUTES]
    _, (day,) = run("cboe", cboe_file(tmp_path, *every_minute(**blank), *calls))
    assert day.index_derived
    assert day.spx(60) == 27_311_000
    assert (day.settlement_cents, day.settlement_source) == (273_110, SettlementSource.DERIVED)


def test_the_vix_is_taken_where_the_files_have_it(tmp_path: Path) -> None:
    vix = [
        cboe_row(minute, underlying_symbol="^VIX", root="VIX", active_underlying_price=level)
        for minute, level in (("09:32", "9.2100"), ("09:34", "9.2500"))
    ]
    (tmp_path / "feed").mkdir()
    cboe_file(tmp_path / "feed", *every_minute())
    (tmp_path / "feed" / "vix_2018-01-05.csv").write_text(cboe_text(vix))
    report, (day,) = run("cboe", tmp_path / "feed")
    assert day.vix_e4[[119, 120, 239, 240]].tolist() == [MISSING_INDEX, 92_100, 92_100, 92_500]
    assert found(report) == {Finding.OTHER_ROOT: 2}


def test_a_zipped_file_and_a_plain_one_are_the_same_day(tmp_path: Path) -> None:
    text = cboe_text(every_minute())
    plain = cboe_file(tmp_path, *every_minute())
    zipped = write_zip(tmp_path / "day.zip", {"2018-01-05.csv": text})
    _, (first,) = run("cboe", plain)
    _, (second,) = run("cboe", zipped)
    assert first.content_hash == second.content_hash


def test_an_archive_of_several_days_gives_each(tmp_path: Path) -> None:
    members = {
        f"Intervals_{day}.csv": cboe_text([cboe_row(minute, day, **PUT) for minute in MINUTES])
        for day in ("2018-01-05", "2018-01-08")
    }
    report, days = run("cboe", write_zip(tmp_path / "month.zip", members))
    assert [day.date.isoformat() for day in days] == ["2018-01-05", "2018-01-08"]
    assert report.contracts == 2


def test_importing_again_changes_nothing(tmp_path: Path) -> None:
    path = cboe_file(tmp_path, *every_minute())
    first, _ = run("cboe", path)
    again, _ = run("cboe", path)
    assert (again.days, again.unchanged_days, again.unread_files) == ((), first.days, 1)
    assert len(list((tmp_path / "days" / "2018-01-05").glob("*/manifest.json"))) == 1


def test_columns_are_found_by_name(tmp_path: Path) -> None:
    path = tmp_path / "reversed_2018-01-05.csv"
    path.write_text(cboe_text(every_minute(), reversed(CBOE_DEFAULTS)))
    _, (day,) = run("cboe", path)
    assert np.count_nonzero(day.ask_ticks != 65_535) == 23_341


def test_further_columns_and_a_mark_before_the_header_change_nothing(tmp_path: Path) -> None:
    """The 26 columns of files with open interest, and the byte order mark that some have."""
    rows = [row | {"open_interest": "1234"} for row in every_minute()]
    path = tmp_path / "UnderlyingOptionsIntervals_60sec_calcs_oi_2018-01-05.csv"
    path.write_text("\ufeff" + cboe_text(rows, [*CBOE_DEFAULTS, "open_interest"]))
    _, (marked,) = run("cboe", path)
    _, (plain,) = run("cboe", cboe_file(tmp_path, *every_minute()))
    assert len(rows[0]) == 26
    assert marked.content_hash == plain.content_hash


def test_the_vendors_forward_and_greeks_but_delta_are_not_used(tmp_path: Path) -> None:
    """Near expiry its forward differs by strike, and theta and rho are no rates."""
    garbage = {"implied_underlying_price": "1.0000", "theta": "-9.0", "rho": "99.0", "gamma": "-1.0"}
    _, (odd,) = run("cboe", cboe_file(tmp_path, *every_minute(**garbage)))
    _, (plain,) = run("cboe", cboe_file(tmp_path, *every_minute()))
    assert odd.content_hash == plain.content_hash


def test_an_interval_of_half_an_hour_is_carried_to_its_next(tmp_path: Path) -> None:
    rows = [cboe_row(minute, **PUT | {"bid": bid}) for minute, bid in zip(HALF_HOURS, BIDS, strict=True)]
    report, (day,) = run("cboe", cboe_file(tmp_path, *rows))
    assert quotes(day, "2735P", 1799, 1800, 3599, 3600) == [None, (4.5, 5.2), (4.5, 5.2), (4.6, 5.2)]
    assert (report.days[0].resolution_seconds, report.silent_seconds) == (1800, 0)


def test_end_of_day_files_are_refused_by_their_columns(tmp_path: Path) -> None:
    path = tmp_path / "UnderlyingOptionsEODCalcs_2018-01-05.csv"
    path.write_text(
        "\ufeffunderlying_symbol,quote_date,root,expiration,strike,option_type,bid_1545,ask_1545\n"
    )
    report, days = run("cboe", path)
    assert days == ()
    assert report.refused_days[0].startswith(f"{path.name}: missing column 'quote_datetime'")


def test_a_file_of_another_kind_is_refused_by_its_missing_column(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    report, days = run("cboe", path)
    assert days == ()
    assert report.refused_days == ("other.csv: missing column 'underlying_symbol', there are: a, b",)


def test_what_cannot_be_opened_is_refused_by_name(tmp_path: Path) -> None:
    broken, absent = tmp_path / "half.zip", tmp_path / "absent.zip"
    broken.write_bytes(b"PK\x03\x04")
    report, _ = run("cboe", broken)
    assert report.refused_days == ("half.zip: not a zip archive, or an incomplete one",)
    with pytest.raises(SourceRefused, match=re.escape(f"{absent}: no such file or directory")):
        run("cboe", absent)


def test_one_value_cannot_settle_several_days(tmp_path: Path) -> None:
    members = {f"{day}.csv": cboe_text([closing_row(day)]) for day in ("2018-01-05", "2018-01-08")}
    path = write_zip(tmp_path / "month.zip", members)
    with pytest.raises(SourceRefused, match="settlement: one value for one day, but the files are of 2"):
        run("cboe", path, settlement_cents=1)
