"""The lesson's pool beside SQLAlchemy's: the same limit, the same service of who waits, like refusals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import TimeoutError as PeerTimeout
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import greenlet_spawn

from tests.content.lessons import lesson

reference = lesson("connection-pool").module("reference.py")
PATIENCE = 0.05  # seconds


class Conn:
    """What both pools keep: it knows its number and whether it is closed."""

    def __init__(self, number: int) -> None:
        self.number, self.closed = number, False

    def close(self) -> None:
        self.closed = True

    def rollback(self) -> None:
        """SQLAlchemy rolls back what is returned."""


class Pool(Protocol):
    """What the two have in common."""

    made: list[Conn]

    async def take(self) -> Any: ...
    def give(self, held: Any, broken: bool) -> None: ...
    def conn(self, held: Any) -> Conn: ...


class Ours:
    def __init__(self, size: int) -> None:
        self.made: list[Conn] = []
        self.pool = reference.ConnectionPool(self.dial, Conn.close, max_size=size, timeout=PATIENCE)

    async def dial(self) -> Conn:
        self.made.append(Conn(len(self.made)))
        return self.made[-1]

    async def take(self) -> Any:
        return await self.pool.acquire()

    def give(self, held: Conn, broken: bool) -> None:
        self.pool.release(held, broken=broken)

    def conn(self, held: Conn) -> Conn:
        return held


class Theirs:
    def __init__(self, size: int) -> None:
        self.made: list[Conn] = []
        self.pool = AsyncAdaptedQueuePool(
            self.dial, pool_size=size, max_overflow=0, timeout=PATIENCE, use_lifo=True
        )

    def dial(self) -> Any:
        self.made.append(Conn(len(self.made)))
        return self.made[-1]

    async def take(self) -> Any:
        try:
            return await greenlet_spawn(self.pool.connect)
        except PeerTimeout:
            raise reference.PoolTimeout from None

    def give(self, held: Any, broken: bool) -> None:
        if broken:
            held.invalidate()
        held.close()

    def conn(self, held: Any) -> Conn:
        return held.dbapi_connection


both = pytest.mark.parametrize("make", [Ours, Theirs])
Make = Callable[[int], Pool]


@both
def test_the_limit_holds_and_the_one_too_many_is_refused(make: Make) -> None:
    async def story() -> None:
        pool = make(2)
        held = [await pool.take(), await pool.take()]
        with pytest.raises(reference.PoolTimeout):
            await pool.take()
        assert len(pool.made) == 2
        for one in held:
            pool.give(one, broken=False)

    asyncio.run(story())


@both
def test_who_waits_gets_what_is_returned(make: Make) -> None:
    async def story() -> None:
        pool = make(1)
        held = await pool.take()
        waiting = asyncio.create_task(pool.take())
        await asyncio.sleep(PATIENCE / 10)
        conn = pool.conn(held)
        pool.give(held, broken=False)
        got = await waiting
        assert pool.conn(got) is conn
        pool.give(got, broken=False)

    asyncio.run(story())


@both
def test_a_broken_connection_is_closed_and_replaced(make: Make) -> None:
    async def story() -> None:
        pool = make(1)
        held = await pool.take()
        spoilt = pool.conn(held)
        pool.give(held, broken=True)
        assert spoilt.closed
        fresh = await pool.take()
        assert pool.conn(fresh) is not spoilt
        assert len(pool.made) == 2
        pool.give(fresh, broken=False)

    asyncio.run(story())


# Without broken ones: after such SQLAlchemy lends the emptied record first, and dials though another is idle.
steps = st.lists(st.sampled_from(["take", "take", "give first", "give last"]), max_size=40)


@settings(max_examples=40, deadline=None)
@given(steps=steps, size=st.integers(1, 3))
def test_one_step_after_another_both_lend_the_same_connections(steps: list[str], size: int) -> None:
    async def told(make: Make) -> list[int | None]:
        pool, held, lent = make(size), [], []
        for step in steps:
            if step == "take" and len(held) < size:
                held.append(await pool.take())
                lent.append(pool.conn(held[-1]).number)
            elif step != "take" and held:
                pool.give(held.pop(0 if step == "give first" else -1), broken=False)
        for one in held:
            pool.give(one, broken=False)
        return lent

    assert asyncio.run(told(Ours)) == asyncio.run(told(Theirs))
