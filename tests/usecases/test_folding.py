import asyncio
from collections.abc import Awaitable, Callable

import pytest

from usecases.crowds import let_others_first
from usecases.folding import CROWD_WAITING_MAX, WAITING_MAX, Folding, TooManyAtOnce


class Bench:
    """Work that is noted when it begins, and ends when it is let to."""

    def __init__(self) -> None:
        self.folding, self.begun, self.free = Folding(), list[str](), asyncio.Event()

    def ask(self, name: str, *, in_crowd: bool = False) -> asyncio.Task[str]:
        async def asked() -> str:
            if in_crowd:
                let_others_first()
            return await self.folding.once(name, self.work(name))

        return asyncio.create_task(asked())

    def work(self, name: str) -> Callable[[], Awaitable[str]]:
        async def worked() -> str:
            self.begun.append(name)
            await self.free.wait()
            return f"{name} is done"

        return worked


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_one_thing_is_worked_out_at_a_time_in_the_order_of_asking() -> None:
    bench = Bench()
    asked = [bench.ask(name) for name in "abc"]
    await settle()
    assert bench.begun == ["a"]
    bench.free.set()
    assert await asyncio.gather(*asked) == ["a is done", "b is done", "c is done"]
    assert bench.begun == ["a", "b", "c"]


async def test_what_many_want_at_once_is_worked_out_once() -> None:
    bench = Bench()
    asked = [bench.ask("a", in_crowd=True) for _ in range(2 * WAITING_MAX)]
    await settle()
    bench.free.set()
    assert await asyncio.gather(*asked) == ["a is done"] * 2 * WAITING_MAX
    assert bench.begun == ["a"]


async def test_whoever_is_none_of_the_crowd_has_one_of_it_before_him_at_most() -> None:
    bench = Bench()
    asked = [bench.ask(name, in_crowd=True) for name in "abc"]
    await settle()
    asked.append(bench.ask("user"))
    await settle()
    bench.free.set()
    await asyncio.gather(*asked)
    assert bench.begun == ["a", "user", "b", "c"]


@pytest.mark.parametrize(("in_crowd", "most"), [(True, CROWD_WAITING_MAX), (False, WAITING_MAX)])
async def test_more_than_can_be_done_soon_is_turned_away(*, in_crowd: bool, most: int) -> None:
    bench = Bench()
    asked = [bench.ask(str(number), in_crowd=in_crowd) for number in range(most)]
    await settle()
    with pytest.raises(TooManyAtOnce):
        await bench.ask("one more", in_crowd=in_crowd)
    bench.free.set()
    assert len(await asyncio.gather(*asked)) == most
    assert await bench.ask("one more", in_crowd=in_crowd) == "one more is done"


async def test_who_goes_away_stops_it_for_nobody_else() -> None:
    bench = Bench()
    gone, left = bench.ask("a"), bench.ask("a")
    await settle()
    gone.cancel()
    await settle()
    bench.free.set()
    assert (gone.cancelled(), await left) == (True, "a is done")


async def test_a_failure_is_everybodys_who_waits_and_not_kept() -> None:
    folding = Folding()

    async def broken() -> str:
        raise OSError("no disk")

    async def mended() -> str:
        return "read"

    outcomes = await asyncio.gather(*(folding.once("a", broken) for _ in range(2)), return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["no disk"] * 2
    assert await folding.once("a", mended) == "read"
