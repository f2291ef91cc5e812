"""A client with a timeout, retries and a breaker, and still not a resilient one. The lesson says why."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from urllib.parse import urlsplit

Headers = Mapping[str, str]


@dataclass
class Response:
    """An answer: `status`, `headers`, and `aclose()` to give the connection back."""

    status: int
    headers: Headers
    aclose: Callable[[], Awaitable[None]]
    body: object = None


class CircuitOpen(Exception):
    """The host was not asked. `retry_in` is in seconds."""

    def __init__(self, host: str, retry_in: float) -> None:
        super().__init__(f"circuit of {host} is open, retry in {retry_in:.2f} s")
        self.host, self.retry_in = host, retry_in


@dataclass
class Breaker:
    """Opens after `threshold` failures in a row, tries again after `pause` seconds."""

    host: str
    threshold: int
    pause: float
    state: str = "closed"
    failures: int = 0
    opened_at: float = 0.0

    def admit(self) -> None:
        """Raises CircuitOpen."""
        if self.state == "open":
            retry_in = self.opened_at + self.pause - asyncio.get_running_loop().time()
            if retry_in > 0:
                raise CircuitOpen(self.host, retry_in)
            self.state = "half_open"

    def succeeded(self) -> None:
        self.state, self.failures = "closed", 0

    def failed(self) -> None:
        self.failures += 1
        if self.state == "half_open" or self.failures >= self.threshold:
            self.state, self.opened_at = "open", asyncio.get_running_loop().time()


@dataclass
class ResilientClient:
    """Timeouts, retries with a growing pause, a breaker for each host. All times are seconds."""

    send: Callable[[str, str, Headers], Awaitable[Response]]
    _: KW_ONLY
    deadline: float = 2.0
    attempt_timeout: float = 0.8
    attempts: int = 3
    backoff: float = 0.1
    max_backoff: float = 1.0
    threshold: int = 5
    pause: float = 4.0
    chance: Callable[[], float] = random.random
    breakers: dict[str, Breaker] = field(default_factory=dict, init=False)

    # [request]
    async def request(
        self, method: str, url: str, *, headers: Headers | None = None, deadline: float | None = None
    ) -> Response:
        host = urlsplit(url).netloc
        breaker = self.breakers.setdefault(host, Breaker(host, self.threshold, self.pause))
        for number in range(1, self.attempts + 1):
            breaker.admit()
            try:
                async with asyncio.timeout(self.attempt_timeout):
                    response = await self.send(method, url, headers or {})
                breaker.succeeded()  # it has answered, so it is alive
                if response.status < 500 or number == self.attempts:
                    return response
            except OSError:
                breaker.failed()
                if number == self.attempts:
                    raise
            await asyncio.sleep(self.backoff * 2 ** (number - 1))
        raise AssertionError("not reached")
        # [/request]
