from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from store.database import Database
from tests.people import Town
from workers.outlasting import outlasting
from workers.sweeping import tidy


async def test_an_outage_puts_a_look_off_and_is_one_line_in_the_log(town: Town) -> None:
    gone = Database("postgresql://zerodte@nowhere.invalid/zerodte")
    with capture_logs() as logs:
        await tidy({"ports": replace(town.ports, database=gone)})
    await gone.close()
    ((event, level, look, has_traceback),) = [
        (entry["event"], entry["log_level"], entry["look"], "exc_info" in entry) for entry in logs
    ]
    assert (event, level, look, has_traceback) == ("look_postponed", "warning", "tidy", False)


async def test_a_fault_of_ours_is_no_outage() -> None:
    @outlasting
    async def look(ctx: dict[str, Any]) -> None:
        raise AssertionError(ctx)

    with pytest.raises(AssertionError):
        await look({})
