from contextlib import asynccontextmanager


class PoolTimeout(TimeoutError):
    """За `timeout` секунд соединения не дождались."""


class PoolClosed(RuntimeError):
    """Пул закрыт или закрывается."""


class NotLent(ValueError):
    """Возвращают то, чего не выдавали, или уже вернули."""


class ConnectionPool:
    """Выдаёт соединения с одним сервером, не больше `max_size` одновременно. Правила — в задании."""

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
        self.dial = dial
        self.hang_up = hang_up
        self.is_alive = is_alive
        self.min_size = min_size
        self.max_size = max_size
        self.timeout = timeout
        self.max_lifetime = max_lifetime

    async def acquire(self):
        # Пока это не пул: каждому новое соединение, и мест сколько угодно. Ваш ход.
        return await self.dial()

    def release(self, conn, *, broken=False):
        self.hang_up(conn)

    async def close(self):
        pass

    # Остальное уже написано и держится на трёх методах выше.

    @asynccontextmanager
    async def connection(self):
        conn = await self.acquire()
        try:
            yield conn
        except BaseException:
            self.release(conn, broken=True)
            raise
        self.release(conn)

    async def __aenter__(self):
        warm = [await self.acquire() for _ in range(self.min_size)]
        for conn in warm:
            self.release(conn)
        return self

    async def __aexit__(self, *_):
        await self.close()
