from pathlib import Path

import pytest

from tests.marketdata.vendor_files import cboe_file, cboe_row, run

ROWS = (cboe_row("09:31"), cboe_row("16:00"))


@pytest.mark.parametrize(
    ("settlement_cents", "text"), [(2_743_150, "27431.50"), (27_431, "274.31"), (327_731, "3277.31")]
)
def test_a_settlement_with_a_slipped_digit_is_refused_beside_the_index(
    settlement_cents: int, text: str, tmp_path: Path
) -> None:
    report, days = run("cboe", cboe_file(tmp_path, *ROWS), settlement_cents)
    assert days == ()
    assert report.refused_days == (
        f"2018-01-05: settlement {text} is more than 20 % away from the day's last index value, 2731.09",
    )


def test_a_settlement_a_fifth_away_is_believed(tmp_path: Path) -> None:
    _, (day,) = run("cboe", cboe_file(tmp_path, *ROWS), 327_730)
    assert day.settlement_cents == 327_730
