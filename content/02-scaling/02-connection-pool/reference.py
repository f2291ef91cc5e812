"""A pool of connections for asyncio, after HikariCP and SQLAlchemy's QueuePool. Times are in seconds."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import KW_ONLY, dataclass
from typing import Generic, Self, TypeVar

C = TypeVar("C", bound=Hashable)
log = logging.getLogger(__name__)


# [errors]
class PoolTimeout(TimeoutError):
    """No connection came within the pool's `timeout`."""


class PoolClosed(RuntimeError):
    """The pool is closed or closing: it lends nothing more."""


class NotLent(ValueError):
    """What is returned was not lent: somebody else's, or returned already."""

    # [/errors]


# [settings]
@dataclass(eq=False)
class ConnectionPool(Generic[C]):
    """Lends connections to one server: `dial` makes one, `hang_up` ends one without waiting.

    A connection is anything hashable. `is_alive` is asked before a used one is lent again, an exception means
    no; give it a time limit of its own. One older than `max_lifetime` by the loop's clock is not lent again.
    `timeout` bounds all of `acquire`: line, check, dialling. `async with` dials `min_size` in advance and
    closes at the end. Raises ValueError if a number is out of range.
    """

    dial: Callable[[], Awaitable[C]]
    hang_up: Callable[[C], object]
    _: KW_ONLY
    is_alive: Callable[[C], Awaitable[bool]] | None = None
    min_size: int = 0
    max_size: int = 10
    timeout: float = 5.0
    max_lifetime: float = 1800.0

    def __post_init__(self) -> None:
        if not (0 <= self.min_size <= self.max_size > 0 < self.timeout and self.max_lifetime > 0):
            raise ValueError(f"a number is out of range: {self}")
        self._born: dict[C, float] = {}  # every open connection, and since when
        self._idle: list[C] = []  # the last returned is the first lent
        self._lent: set[C] = set()
        self._places = asyncio.Semaphore(self.max_size)  # a place is the right to one connection
        self._taken = 0  # places in somebody's hands
        self._closed = False
        self._all_back = asyncio.Event()
        # [/settings]

    # [acquire]
    async def acquire(self) -> C:
        """Borrow a connection until `release`. Raises PoolTimeout, PoolClosed and whatever `dial` raises."""
        try:
            async with asyncio.timeout(self.timeout) as patience:
                await self._places.acquire()  # the line: first come, first served
                return await self._check_out()
        except TimeoutError:
            if not patience.expired():
                raise  # the dialler's own
            raise PoolTimeout(f"{len(self._lent)} lent, none came back in {self.timeout:g} s") from None
        # [/acquire]

    # [check-out]
    async def _check_out(self) -> C:
        """Turn a place into a connection. Whatever happens, the place is not lost."""
        self._taken += 1
        try:
            while self._idle:
                if await self._is_fit(conn := self._idle.pop()):
                    break
            else:
                if self._closed:
                    raise PoolClosed
                conn = await self.dial()
                self._born[conn] = asyncio.get_running_loop().time()
            if self._closed:
                self._forget(conn)
                raise PoolClosed
        except BaseException:
            self._give_place()
            raise
        self._lent.add(conn)
        return conn

    async def _is_fit(self, conn: C) -> bool:
        age, fit = asyncio.get_running_loop().time() - self._born[conn], False
        try:
            fit = age < self.max_lifetime and (self.is_alive is None or await self.is_alive(conn))
        except Exception as error:
            log.info("a connection did not survive its check: %r", error)
        finally:  # cancelled in the middle of it, too: who knows what is still on the wire
            if not fit:
                self._forget(conn)
        return fit
        # [/check-out]

    # [release]
    def release(self, conn: C, *, broken: bool = False) -> None:
        """Return a connection; a broken one is not lent again. Nothing is awaited here. Raises NotLent."""
        if conn not in self._lent:
            raise NotLent(f"not lent, or returned already: {conn!r}")
        self._lent.remove(conn)
        if broken or self._closed:
            self._forget(conn)
        else:
            self._idle.append(conn)
        self._give_place()

    def _give_place(self) -> None:
        self._taken -= 1
        self._places.release()  # to the first in line, from hand to hand
        if self._closed and not self._taken:
            self._all_back.set()

    def _forget(self, conn: C) -> None:
        del self._born[conn]
        with suppress(Exception):  # it is dead anyway; the place it held must not die with it
            self.hang_up(conn)
        # [/release]

    # [connection]
    @asynccontextmanager
    async def connection(self) -> AsyncIterator[C]:
        """Borrow for a block. After an exception or a cancellation the connection is not trusted."""
        conn = await self.acquire()
        try:
            yield conn
        except BaseException:
            self.release(conn, broken=True)
            raise
        self.release(conn)
        # [/connection]

    # [close]
    async def close(self) -> None:
        """Lend nothing more, refuse those in line, wait until all that was lent is back."""
        if not self._closed:
            self._closed = True
            self._places.release()  # one place too many: each in line finds the pool closed and passes it on
        while self._idle:
            self._forget(self._idle.pop())
        if self._taken:
            await self._all_back.wait()
        # [/close]

    # [warm]
    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as warm:  # one by one: no storm of handshakes
            for _ in range(self.min_size):
                await warm.enter_async_context(self.connection())
        return self
        # [/warm]

    async def __aexit__(self, *_: object) -> None:
        await self.close()
