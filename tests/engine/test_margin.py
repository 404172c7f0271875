import pytest

from engine.contracts import Contract, Right
from engine.margin import margin_cents

AT_THE_MONEY_E4 = 59_500_000


def book(text: str) -> dict[Contract, int]:
    """``"-1 5950C +1 5970C"`` as signed contracts."""
    words = text.split()
    return {
        Contract(int(name[:-1]), Right(name[-1])): int(count)
        for count, name in zip(words[::2], words[1::2], strict=True)
    }


@pytest.mark.parametrize(
    ("legs", "dollars"),
    [
        pytest.param("+1 5950C -1 5970C", 0, id="debit vertical"),
        pytest.param("-1 5950C +1 5970C", 2_000, id="credit vertical 20 wide"),
        pytest.param("+1 5880P -1 5900P -1 6000C +1 6050C", 5_000, id="condor 20 and 50 wide"),
        pytest.param("+1 5930C -2 5950C +1 5970C", 0, id="long butterfly"),
        pytest.param("+1 5900C -2 5950C +1 6020C", 2_000, id="broken-wing butterfly 50 and 70"),
        pytest.param("-1 5900C +2 5950C -1 6000C", 5_000, id="short butterfly 50 wide"),
        pytest.param("+1 5950C -2 5970C", 119_400, id="1x2 calls"),
        pytest.param("-1 5900P -1 6000C", 120_000, id="strangle"),
        pytest.param("-1 5900P -1 5980C +1 6000C", 118_000, id="jade lizard"),
        pytest.param("+1 5950C -1 5970C -1 5950P +1 5970P", 0, id="long box"),
        pytest.param("-1 5950P", 119_000, id="naked put at the money"),
        pytest.param("-1 4000C", 235_000, id="naked call deep in the money"),
        pytest.param("-1 2725C +1 2735C -1 2740P +1 2730P", 1_500, id="overlapping spreads"),
    ],
)
def test_examples_of_the_rulings(legs: str, dollars: int) -> None:
    assert margin_cents(book(legs), AT_THE_MONEY_E4) == dollars * 100
