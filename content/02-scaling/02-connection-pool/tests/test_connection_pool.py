"""The pool of lesson 2.2: its rules, any schedule, and its day in the demo's world."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.guest.loop import VirtualLoop
from tests.content.lessons import Event, lesson

LESSON = lesson("connection-pool")
reference = LESSON.module("reference.py")
ConnectionPool, PoolTimeout = reference.ConnectionPool, reference.PoolTimeout
PoolClosed, NotLent = reference.PoolClosed, reference.NotLent

DIALS = 0.5  # seconds


def in_virtual_time(body: Callable[[], Awaitable[None]]) -> None:
    """Run a scenario on a clock that moves by itself."""
    loop = VirtualLoop()
    try:
        loop.run_until_complete(body())
    finally:
        loop.close()


class Server:
    """Counts connections: numbers, open from the end of `dial` to `hang_up`."""

    def __init__(self) -> None:
        self.numbers = itertools.count(1)
        self.dialling = 0
        self.open: set[int] = set()
        self.dead: set[int] = set()
        self.most = 0
        self.refuses = False
        self.takes = DIALS

    async def dial(self) -> int:
        self.dialling += 1
        self.most = max(self.most, self.dialling + len(self.open))
        try:
            await asyncio.sleep(self.takes)
            if self.refuses:
                raise ConnectionRefusedError
            number = next(self.numbers)
            self.open.add(number)
            return number
        finally:
            self.dialling -= 1

    def hang_up(self, number: int) -> None:
        self.open.remove(number)  # KeyError: hung up twice

    async def is_alive(self, number: int) -> bool:
        await asyncio.sleep(0.01)
        return number not in self.dead

    def pool(self, **settings: Any) -> Any:
        settings = {"max_size": 2, "timeout": 5.0, "is_alive": self.is_alive, **settings}
        return ConnectionPool(self.dial, self.hang_up, **settings)


def start(call: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    return asyncio.get_running_loop().create_task(call)


def test_a_returned_connection_is_lent_again_and_the_last_returned_first() -> None:
    async def story() -> None:
        pool = Server().pool()
        first, second = await pool.acquire(), await pool.acquire()
        pool.release(first)
        pool.release(second)
        assert [await pool.acquire(), await pool.acquire()] == [second, first]

    in_virtual_time(story)


def test_those_who_wait_are_served_in_the_order_they_came() -> None:
    async def story() -> None:
        pool, served = Server().pool(max_size=1, is_alive=None), []
        held = await pool.acquire()

        async def caller(name: int) -> None:
            conn = await pool.acquire()
            served.append(name)
            pool.release(conn)

        waiting = [start(caller(name)) for name in range(5)]
        await asyncio.sleep(0.1)
        pool.release(held)
        late = start(caller(5))
        await asyncio.gather(*waiting, late)
        assert served == [0, 1, 2, 3, 4, 5]

    in_virtual_time(story)


def test_a_newcomer_does_not_slip_in_at_the_very_moment_of_a_return() -> None:
    async def story() -> None:
        pool, served = Server().pool(max_size=1, is_alive=None), []

        async def caller(name: str) -> None:
            await pool.acquire()
            served.append(name)

        held = await pool.acquire()
        waiting = start(caller("waiting"))
        await asyncio.sleep(0)
        pool.release(held)
        newcomer = start(caller("newcomer"))
        await asyncio.sleep(0.1)
        assert served == ["waiting"]
        for task in (waiting, newcomer):
            task.cancel()

    in_virtual_time(story)


@pytest.mark.parametrize("slow_part", ["line", "dial"])
def test_the_deadline_covers_line_and_dialling(slow_part: str) -> None:
    async def story() -> None:
        server = Server()
        pool = server.pool(max_size=1)
        if slow_part == "line":
            await pool.acquire()
        else:
            server.takes = 60.0
        begun = asyncio.get_running_loop().time()
        with pytest.raises(PoolTimeout):
            await pool.acquire()
        assert asyncio.get_running_loop().time() - begun == pytest.approx(5.0)

    in_virtual_time(story)


def test_a_timeout_of_the_dialler_itself_is_not_taken_for_ours() -> None:
    async def dial() -> int:
        raise TimeoutError("the network's")

    async def story() -> None:
        with pytest.raises(TimeoutError, match="the network's") as caught:
            await ConnectionPool(dial, print).acquire()
        assert not isinstance(caught.value, PoolTimeout)

    in_virtual_time(story)


def test_a_check_cancelled_half_way_costs_the_connection_and_not_the_place() -> None:
    async def story() -> None:
        server = Server()
        pool = server.pool(max_size=1)
        pool.release(await pool.acquire())
        checking = start(pool.acquire())
        await asyncio.sleep(0.005)
        checking.cancel()
        await asyncio.gather(checking, return_exceptions=True)
        assert not server.open
        assert await pool.acquire() == 2

    in_virtual_time(story)


def test_after_any_exception_in_the_block_the_connection_is_not_lent_again() -> None:
    async def story() -> None:
        server = Server()
        pool = server.pool()
        async with pool.connection() as kept:
            pass
        with pytest.raises(ZeroDivisionError):
            await fails_with(pool, kept)
        assert not server.open

    in_virtual_time(story)


def test_a_pool_opens_warm_and_closes_empty() -> None:
    async def story() -> None:
        server = Server()
        async with server.pool(min_size=2) as pool:
            assert len(server.open) == 2
            start(holds(pool, 3.0))
            await asyncio.sleep(0.1)
        assert not server.open
        with pytest.raises(PoolClosed):
            await pool.acquire()
        await pool.close()

    in_virtual_time(story)


def test_a_pool_that_cannot_warm_up_leaves_nothing_open() -> None:
    async def story() -> None:
        server = Server()
        pool = server.pool(min_size=2)
        start(refuse_later(server, 0.7))
        with pytest.raises(ConnectionRefusedError):
            await pool.__aenter__()
        assert not server.open

    in_virtual_time(story)


async def fails_with(pool: Any, expected: int) -> None:
    async with pool.connection() as conn:
        assert conn == expected
        raise ZeroDivisionError


async def refuse_later(server: Server, after: float) -> None:
    await asyncio.sleep(after)
    server.refuses = True


async def holds(pool: Any, time: float) -> None:
    async with pool.connection():
        await asyncio.sleep(time)


callers = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 0.1, 0.4, 1.0, 3.0]),  # after the one before
        st.sampled_from([0.0, 0.2, 0.6, 2.0, 7.0]),  # holds
        st.sampled_from(["returns", "returns", "breaks", "dies", "gives up"]),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(callers=callers, size=st.integers(1, 3), refuses=st.booleans())
def test_whatever_callers_do_the_limit_holds_and_no_place_is_lost(
    callers: list[tuple[float, float, str]], size: int, refuses: bool
) -> None:
    server = Server()

    async def caller(pool: Any, time: float, how: str) -> None:
        if how == "gives up":
            async with asyncio.timeout(0.3):
                await holds(pool, time)
            return
        conn = await pool.acquire()
        await asyncio.sleep(time)
        if how == "dies":
            server.dead.add(conn)
        pool.release(conn, broken=how == "breaks")

    async def story() -> None:
        pool = server.pool(max_size=size)
        tasks = []
        for number, (gap, time, how) in enumerate(callers):
            await asyncio.sleep(gap)
            server.refuses = refuses and number % 3 == 0
            tasks.append(start(caller(pool, time, how)))
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        expected = (TimeoutError, ConnectionRefusedError)
        assert not [end for end in ended if end is not None and not isinstance(end, expected)]
        server.refuses = False
        everyone = [await pool.acquire() for _ in range(size)]  # every place is still there
        assert len(set(everyone)) == size
        assert server.most <= size
        for conn in everyone:
            pool.release(conn)
        await pool.close()
        assert not server.open

    in_virtual_time(story)


# -- the demo ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def evening() -> list[Event]:
    return LESSON.recording


@pytest.fixture(scope="module")
def naive_evening() -> list[Event]:
    return LESSON.run("naive")


def ends(events: list[Event], first: float, last: float) -> list[str]:
    return [e["error"] for e in events if e["kind"] == "request.done" and first <= e["t"] < last]


def mean(events: list[Event], field: str, first: float, last: float) -> float:
    values = [e[field] for e in events if e["kind"] == "pool.gauge" and first <= e["t"] < last]
    return sum(values) / len(values)


def test_in_quiet_times_everyone_is_served_and_as_many_are_busy_as_the_law_says(evening: list[Event]) -> None:
    assert set(ends(evening, 0, 6)) == {""}
    assert mean(evening, "busy", 2, 6) == pytest.approx(1.6, abs=0.3)


def test_measured_and_predicted_agree_while_the_flow_is_steady(evening: list[Event]) -> None:
    for first, last in ((3, 6), (9.5, 12), (39, 42)):
        assert mean(evening, "busy", first, last) == pytest.approx(
            mean(evening, "little", first, last), rel=0.1
        )


def test_four_places_are_too_few_for_slow_queries_and_eight_are_enough(evening: list[Event]) -> None:
    assert "PoolTimeout" in ends(evening, 6, 12)
    assert set(ends(evening, 16, 23)) == {""}


def test_broken_connections_are_replaced_without_one_refusal(evening: list[Event]) -> None:
    assert len([e for e in evening if e["kind"] == "conn.dead"]) == 8
    assert set(ends(evening, 24, 27)) == {""}


def test_one_core_makes_eight_connections_wait_inside_the_server(evening: list[Event]) -> None:
    assert mean(evening, "busy", 31.5, 33) == pytest.approx(8, abs=0.1)
    assert mean(evening, "rate", 31.5, 33) == pytest.approx(5, abs=0.6)


def test_without_a_pool_the_handshake_is_paid_by_every_request(evening: list[Event]) -> None:
    took = sorted(e["ms"] for e in evening if e["kind"] == "request.done" and e["t"] > 37 and e["ok"])
    assert took[len(took) // 2] > 450


def test_the_naive_pool_refuses_in_quiet_times(naive_evening: list[Event]) -> None:
    assert "PoolTimeout" in ends(naive_evening, 0, 6)


def test_the_naive_pool_breaks_when_a_connection_comes_back_after_closing(naive_evening: list[Event]) -> None:
    assert {e["error"] for e in naive_evening if e["kind"] == "pool.crashed"} == {"AttributeError"}


def test_the_naive_pool_never_recovers_from_the_break(naive_evening: list[Event]) -> None:
    assert set(ends(naive_evening, 24, 36)) == {"PoolTimeout"}
