"""A pool that passes code review and fails in production. The mistakes are explained in the lesson."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Generic, Self, TypeVar

C = TypeVar("C", bound=Hashable)


class PoolTimeout(TimeoutError):
    """No connection is free."""


class PoolClosed(RuntimeError):
    """The pool is closed."""


class NotLent(ValueError):
    """What is returned was not lent."""


class ConnectionPool(Generic[C]):
    """Keeps up to `max_size` connections and lends the free ones."""

    def __init__(
        self,
        dial: Callable[[], Awaitable[C]],
        hang_up: Callable[[C], object],
        *,
        is_alive: Callable[[C], Awaitable[bool]] | None = None,
        min_size: int = 0,
        max_size: int = 10,
        timeout: float = 5.0,
        max_lifetime: float = 1800.0,
    ) -> None:
        self.dial, self.hang_up, self.is_alive = dial, hang_up, is_alive
        self.min_size, self.max_size, self.timeout = min_size, max_size, timeout
        self.count = 0
        self.lock = asyncio.Lock()
        self.idle: list[C] | None = []

    # [acquire]
    async def acquire(self) -> C:
        async with self.lock:  # the counter and the list are shared, so protect them
            if self.idle is None:
                raise PoolClosed
            while self.idle:
                conn = self.idle.pop(0)
                if self.is_alive is None or await self.is_alive(conn):
                    return conn
                self.hang_up(conn)
            if self.count >= self.max_size:
                raise PoolTimeout(f"all {self.max_size} connections are busy")
            self.count += 1
            return await self.dial()
        # [/acquire]

    # [release]
    def release(self, conn: C, *, broken: bool = False) -> None:
        if broken:
            self.hang_up(conn)
        else:
            self.idle.append(conn)

    async def close(self) -> None:
        for conn in self.idle:
            self.hang_up(conn)
        self.idle = None
        # [/release]

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[C]:
        conn = await self.acquire()
        try:
            yield conn
        finally:
            self.release(conn)

    async def __aenter__(self) -> Self:
        for _ in range(self.min_size):
            self.count += 1
            self.idle.append(await self.dial())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
