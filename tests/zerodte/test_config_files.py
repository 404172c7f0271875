"""Configs as people's editors save them."""

from pathlib import Path

import pytest

from zerodte.config_files import read_config_file
from zerodte.failures import CannotRun

TEXT = '{"legs": [], "entry": {"time": "10:00"}}'


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "bom.json").write_text(TEXT, "utf-8-sig")
    assert read_config_file(tmp_path / "bom.json") == {"legs": [], "entry": {"time": "10:00"}}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (TEXT.encode("utf-16"), "must be UTF-8 text, and byte 0 is not"),
        ('{"größe": 1}'.encode("latin-1"), "must be UTF-8 text, and byte 4 is not"),
        (b"[" * 100_000 + b"]" * 100_000, "is nested too deeply"),
        (b'{"legs": [{"qty": 1, "qty": 2}]}', "the key 'qty' is given 2 times in one object"),
        (b"", "not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"1" * 5_000, "Exceeds the limit (4300 digits) for integer string conversion"),
        (b"[]", "must be a JSON object with legs, entry and exit"),
    ],
)
def test_a_file_that_is_no_config_is_refused_in_a_line(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(CannotRun) as refused:
        read_config_file(path)
    assert str(refused.value).startswith(f"{path}: {reason}")
    assert "\n" not in str(refused.value)
