"""The oracle itself, against figures read off the vendor's file by eye."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.oracle.vendor import VendorDay, VendorRow, single_leg_price, vendor_day


@pytest.fixture(scope="module")
def day(shared_data: Path) -> VendorDay:
    return vendor_day(shared_data)


def test_the_day_has_every_minute_and_contract(day: VendorDay) -> None:
    assert len(day.rows) == 318 * 405
    assert (len(day.minutes), day.minutes[0], day.minutes[-1]) == (390, "09:31", "16:00")
    assert len(day.contracts) == 318


def test_a_quote_is_the_row_of_its_minute(day: VendorDay) -> None:
    assert day.row("10:00", "2735C") == VendorRow(
        *map(Decimal, ("1.25", "1.45", "2731.0901", "0.2882", "0.1008"))
    )


def test_the_day_settles_at_the_last_print_and_not_at_the_mark_of_the_close(day: VendorDay) -> None:
    assert (day.index("16:00"), day.settlement) == (Decimal("2743.05"), Decimal("2743.15"))


def test_a_vertical_is_netted_snapped_and_settled(day: VendorDay) -> None:
    assert day.net_mid("10:00", "+1 2730C, -1 2735C") == Decimal("2.10")
    assert day.snapped("10:00", "+1 2735C, -1 2740C") == Decimal("0.95")
    assert day.settlement_cash("+1 2735C, -1 2740C") == Decimal(500)
    assert day.settlement_cash("+1 2740C") == Decimal(315)


def test_a_credit_is_rounded_down_and_a_single_leg_keeps_to_its_own_grid(day: VendorDay) -> None:
    assert day.snapped("10:00", "-1 2710P, +1 2705P") == Decimal("-0.05")
    assert single_leg_price(Decimal("3.45"), buying=True) == Decimal("3.50")
    assert single_leg_price(Decimal("3.45"), buying=False) == Decimal("3.40")
    assert single_leg_price(Decimal("2.975"), buying=True) == Decimal("3.00")


def test_a_waiting_order_fills_at_the_first_minute_that_reaches_its_limit(day: VendorDay) -> None:
    legs = "-1 2735C, +1 2740C"
    minute = day.first_minute("10:00", legs, Decimal("-1.50"))
    assert minute is not None
    assert day.snapped(minute, legs) <= Decimal("-1.50")
    assert all(
        day.snapped(earlier, legs) > Decimal("-1.50")
        for earlier in day.minutes
        if "10:00" <= earlier < minute
    )
