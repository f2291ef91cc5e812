"""A small exercise for tests of the judge: a keeper of a sum that also talks to a backend."""

CASES = """
from sandbox.judge import Case, case


@case("Складывает", limit=1.0)
async def adds(c: Case) -> None:
    keeper = await c.new("Keeper", 100)
    total = 0
    for _ in range(5):
        number = c.random.randint(1, 10)
        total += number
        c.returned(await c.call(keeper, "add", number), total, "Сумма")
    c.equal(await c.get(keeper, "total"), total, "total")


@case("Удваивает ответ сервиса", limit=1.0)
async def doubles(c: Case) -> None:
    secret = c.random.randint(1000, 9999)
    backend = c.stub("backend").returns(secret).takes(0.5)
    keeper = await c.new("Keeper", 100)
    c.returned(await c.call(keeper, "fetch", backend, "ключ"), secret * 2, "Удвоенный ответ")
    c.equal([call.args for call in backend.calls], [["ключ"]], "Сервис вызван один раз")
    c.close(c.now, 0.5, "Ответ ждали столько, сколько отвечал сервис")


@case("Зовёт сервис не раньше срока", limit=1.0)
async def waits(c: Case) -> None:
    backend = c.stub("backend").returns(1)
    keeper = await c.new("Keeper", 100)
    pause = c.random.randint(2, 9)
    task = c.begin(keeper, "later", backend, pause)
    await c.advance(pause - 0.5)
    c.equal(len(backend.calls), 0, "Рано")
    await c.advance(1.0)
    c.equal([call.at for call in backend.calls], [pause], "Сервис вызван в срок")
    c.check(task.done, "Вызов завершён")


@case("Сверх предела бросает LimitReached", limit=1.0)
async def limits(c: Case) -> None:
    bound = c.random.randint(3, 9)
    keeper = await c.new("Keeper", bound)
    got = await c.call(keeper, "add", bound + 1)
    c.raised(got, "LimitReached", "Предел")
    c.equal(got.attrs.get("limit"), bound, "LimitReached.limit")


@case("Складывает всегда", seeds=5, limit=1.0)
async def adds_always(c: Case) -> None:
    keeper = await c.new("Keeper", 10**6)
    numbers = [c.random.randint(-50, 50) for _ in range(c.size)]
    for number in numbers:
        await c.call(keeper, "add", number)
    c.equal(await c.get(keeper, "total"), sum(numbers), "total")
"""

SOLUTION = """
import asyncio


class LimitReached(Exception):
    def __init__(self, limit):
        super().__init__(limit)
        self.limit = limit


class Keeper:
    def __init__(self, limit):
        self.limit = limit
        self.total = 0

    def add(self, number):
        if self.total + number > self.limit:
            raise LimitReached(self.limit)
        self.total += number
        return self.total

    async def fetch(self, backend, key):
        return 2 * await backend(key)

    async def later(self, backend, seconds):
        await asyncio.sleep(seconds)
        return await backend()
"""
