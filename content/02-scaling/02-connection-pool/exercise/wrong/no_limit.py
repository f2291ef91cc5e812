# fails: waits_for_a_place, first_come_first_served, deadline, failed_dial, cancelled_while_dialling, broken, not_lent, failing_hang_up, close_refuses_the_line
# Мест нет — открывает лишнее соединение: «временно».
import asyncio
from collections import deque


class PoolTimeout(TimeoutError):
    pass


class PoolClosed(RuntimeError):
    pass


class NotLent(ValueError):
    pass


class ConnectionPool:
    def __init__(
        self,
        dial,
        hang_up,
        *,
        is_alive=None,
        min_size=0,
        max_size=10,
        timeout=5.0,
        max_lifetime=1800.0,
    ):
        if not 0 <= min_size <= max_size or max_size < 1 or timeout <= 0 or max_lifetime <= 0:
            raise ValueError("так пул не настроить")
        self.dial, self.hang_up, self.is_alive = dial, hang_up, is_alive
        self.max_size, self.timeout, self.max_lifetime = max_size, timeout, max_lifetime
        self.taken = 0
        self.born = {}
        self.idle = []
        self.lent = set()
        self.line = deque()
        self.closed = False
        self.empty = asyncio.Event()

    async def acquire(self):
        try:
            async with asyncio.timeout(self.timeout) as patience:
                await self._enter()
                return await self._take()
        except TimeoutError:
            if patience.expired():
                raise PoolTimeout("не дождались") from None
            raise

    async def _enter(self):
        if self.closed:
            raise PoolClosed("пул закрыт")
        self.taken += 1

    def _leave(self):
        while self.line:
            turn = self.line.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.taken -= 1
        if self.closed and self.taken == 0:
            self.empty.set()

    async def _take(self):
        try:
            while self.idle:
                conn = self.idle.pop()
                if await self._fit(conn):
                    break
                self._forget(conn)
            else:
                conn = await self.dial()
                self.born[conn] = asyncio.get_running_loop().time()
            if self.closed:
                self._forget(conn)
                raise PoolClosed("пул закрыт")
        except BaseException:
            self._leave()
            raise
        self.lent.add(conn)
        return conn

    async def _fit(self, conn):
        if asyncio.get_running_loop().time() - self.born[conn] >= self.max_lifetime:
            return False
        try:
            return self.is_alive is None or await self.is_alive(conn)
        except Exception:
            return False

    def _forget(self, conn):
        self.born.pop(conn, None)
        try:
            self.hang_up(conn)
        except Exception:
            pass

    def release(self, conn, *, broken=False):
        if conn not in self.lent:
            raise NotLent(conn)
        self.lent.remove(conn)
        if broken or self.closed:
            self._forget(conn)
        else:
            self.idle.append(conn)
        self._leave()

    async def close(self):
        self.closed = True
        while self.line:
            turn = self.line.popleft()
            if not turn.done():
                turn.set_exception(PoolClosed("пул закрыт"))
        while self.idle:
            self._forget(self.idle.pop())
        if self.taken:
            await self.empty.wait()
