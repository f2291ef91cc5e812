import asyncio
import random
from dataclasses import KW_ONLY, dataclass, field
from urllib.parse import urlsplit

# ---- Дано. Менять не нужно. ----


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


# ---- Ваше. ----


@dataclass
class ResilientClient:
    send: object
    _: KW_ONLY
    deadline: float = 2.0  # весь вызов, с
    attempt_timeout: float = 0.8  # одна попытка, с
    attempts: int = 3
    backoff: float = 0.1  # самая долгая пауза после первой попытки, с; дальше удваивается
    max_backoff: float = 1.0
    threshold: int = 5  # ошибок хоста подряд, чтобы разомкнуть цепь
    pause: float = 4.0  # сколько цепь разомкнута до пробы, с
    chance: object = random.random
    breakers: dict = field(default_factory=dict, init=False)  # хост → Breaker

    async def request(self, method, url, *, headers=None, deadline=None):
        host = urlsplit(url).netloc
        breaker = self.breakers.setdefault(host, Breaker(host, self.threshold, self.pause))
        admitted = breaker.admit()
        # Пока одна попытка, без тайм-аута и без дедлайна. Ваш ход.
        response = await self.send(method, url, headers or {})
        breaker.settle(admitted, True)
        return response
