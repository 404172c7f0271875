import pytest

from engine.clocks import clock_text, read_clock


@pytest.mark.parametrize(
    ("text", "second", "canonical"),
    [
        ("00:00", 0, "00:00"),
        ("09:30", 34_200, "09:30"),
        ("09:30:00", 34_200, "09:30"),
        ("15:59:59", 57_599, "15:59:59"),
        ("23:59:59", 86_399, "23:59:59"),
    ],
)
def test_a_time_is_read_and_written_without_needless_seconds(text: str, second: int, canonical: str) -> None:
    assert read_clock(text) == second
    assert clock_text(second) == canonical


@pytest.mark.parametrize(
    "text", ["", "9:30", "09:60", "24:00", "09:30:60", "09:30:5", "09:30 ", "0930", "٠٩:٣٠", 34_200, None]
)
def test_what_is_no_time_is_none(text: object) -> None:
    assert read_clock(text) is None
