# fails: too_many_requests
# 429 записан в ошибки хоста.
import asyncio
import random
from dataclasses import KW_ONLY, dataclass, field
from urllib.parse import urlsplit

@dataclass
class Response:
    """Голова ответа: тело ещё в сети. У кого ответ на руках, тот и зовёт `await response.aclose()`."""

    status: int
    headers: dict
    aclose: object
    body: object = None


class DeadlineExceeded(TimeoutError):
    """Время вышло. Сделал ли сервер, что просили, неизвестно."""


class CircuitOpen(Exception):
    """Хост не спросили: он слишком часто ошибается."""

    def __init__(self, host, retry_in):
        super().__init__(f"цепь к {host!r} разомкнута, повторите через {retry_in:.2f} с")
        self.host = host
        self.retry_in = retry_in


class Breaker:
    """Предохранитель из прошлого урока, в двух методах: `admit` — до попытки, `settle` — после."""

    def __init__(self, host, threshold, pause):
        self.host, self.threshold, self.pause = host, threshold, pause
        self.state = "closed"
        self.failures = 0
        self._since, self._probing, self._generation = 0.0, False, 0

    def admit(self):
        """Пропускает попытку и даёт число для `settle`. Бросает CircuitOpen."""
        if self.state == "open":
            retry_in = self._since + self.pause - asyncio.get_running_loop().time()
            if retry_in > 0:
                raise CircuitOpen(self.host, retry_in)
            self._become("half_open")
        if self._probing:
            raise CircuitOpen(self.host, 0.0)
        self._probing = self.state == "half_open"
        return self._generation

    def settle(self, admitted, ok):
        """Чем кончилась попытка: True — удача, False — ошибка, None — о хосте ничего не известно."""
        if admitted != self._generation:
            return
        self._probing = False
        if ok is not None:
            self.failures = 0 if ok else self.failures + 1
            if ok and self.state == "half_open":
                self._become("closed")
            elif not ok and (self.state == "half_open" or self.failures >= self.threshold):
                self._become("open")

    def _become(self, state):
        self.state, self._since = state, asyncio.get_running_loop().time()
        self._generation += 1


IDEMPOTENT = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"}


@dataclass
class ResilientClient:
    send: object
    _: KW_ONLY
    deadline: float = 2.0
    attempt_timeout: float = 0.8
    attempts: int = 3
    backoff: float = 0.1
    max_backoff: float = 1.0
    threshold: int = 5
    pause: float = 4.0
    chance: object = random.random
    breakers: dict = field(default_factory=dict, init=False)

    async def request(self, method, url, *, headers=None, deadline=None):
        loop = asyncio.get_running_loop()
        headers = dict(headers or {})
        ends = loop.time() + self.deadline
        if deadline is not None:
            ends = min(ends, deadline)
        host = urlsplit(url).netloc
        breaker = self.breakers.setdefault(host, Breaker(host, self.threshold, self.pause))
        keyed = any(name.lower() == "idempotency-key" for name in headers)
        attempts = self.attempts if method in IDEMPOTENT or keyed else 1
        for number in range(1, attempts + 1):
            response = error = None
            try:
                response = await self.attempt(breaker, method, url, headers, ends)
            except DeadlineExceeded:
                raise
            except OSError as failure:
                error = failure
            if response and response.status < 500 and response.status != 429:
                return response
            wait = self.chance() * min(self.max_backoff, self.backoff * 2 ** (number - 1))
            asked = response.headers.get("retry-after", "") if response else ""
            if asked.isdecimal():
                wait = max(wait, float(asked))
            if number == attempts or breaker.state == "open" or loop.time() + wait >= ends:
                break
            if response:
                await response.aclose()
            await asyncio.sleep(wait)
        if error:
            raise error
        return response

    async def attempt(self, breaker, method, url, headers, ends):
        left = ends - asyncio.get_running_loop().time()
        if left <= 0:
            raise DeadlineExceeded("время вышло")
        limit = min(left, self.attempt_timeout)
        admitted, ok = breaker.admit(), None
        told = {**headers, "X-Timeout-Ms": str(int(limit * 1000))}
        try:
            async with asyncio.timeout(limit) as scope:
                response = await self.send(method, url, told)
            ok = response.status < 500 and response.status != 429
            return response
        except OSError as failure:
            if scope.expired() and limit < self.attempt_timeout:
                raise DeadlineExceeded("время вышло") from failure
            ok = False
            raise
        finally:
            breaker.settle(admitted, ok)
