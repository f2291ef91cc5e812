"""An HTTP client that keeps its word about time: a deadline, careful retries, a breaker for each host.

The parts come from "Release It!" (M. Nygard); handing the deadline on to those we call is described in
"Site Reliability Engineering", chapter 22. All times are seconds of the running loop's clock.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from urllib.parse import urlsplit

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})  # RFC 9110, 9.2.2
TIME_LEFT = "X-Timeout-Ms"  # tells the server how long its caller is going to wait


# [outside]
@dataclass(frozen=True, slots=True)
class Response:
    """The head of an answer; the body is still on the wire. Whoever holds one must await `aclose()`."""

    status: int
    headers: Mapping[str, str]
    aclose: Callable[[], Awaitable[None]]  # gives the connection back to its pool
    body: object = None


# (method, url, headers) -> Response. A network failure is an OSError: refused, reset, TimeoutError.
Send = Callable[[str, str, Mapping[str, str]], Awaitable[Response]]


class DeadlineExceeded(TimeoutError):
    """The caller's time is up. Whether the server did what it was asked is not known."""


class CircuitOpen(Exception):
    """`host` was not asked: it fails too often. Its next probe is in `retry_in` s; 0.0: it is under way."""

    def __init__(self, host: str, retry_in: float) -> None:
        super().__init__(f"circuit of {host} is open, retry in {retry_in:.2f} s")
        self.host, self.retry_in = host, retry_in
        # [/outside]


# [breaker]
@dataclass
class Breaker:
    """The breaker of lesson 5.1, cut down: `threshold` failures in a row open it, one probe closes it."""

    host: str
    threshold: int
    pause: float
    state: str = "closed"
    failures: int = 0
    _opened_at: float = 0.0
    _probing: bool = False
    _generation: int = 0  # grows with every change of state

    def admit(self) -> int:
        """Let one attempt through; the number returned goes to `settle`. Raises CircuitOpen."""
        if self.state == "open":
            retry_in = self._opened_at + self.pause - asyncio.get_running_loop().time()
            if retry_in > 0:
                raise CircuitOpen(self.host, retry_in)
            self._become("half_open")
        if self._probing:
            raise CircuitOpen(self.host, 0.0)
        self._probing = self.state == "half_open"
        return self._generation

    def settle(self, admitted: int, ok: bool | None) -> None:
        """How an attempt ended; None: it says nothing of the host."""
        if admitted != self._generation:
            return  # stale news
        self._probing = False
        if ok:
            self.failures = 0
            if self.state == "half_open":
                self._become("closed")
        elif ok is False:
            self.failures += 1
            if self.state == "half_open" or self.failures >= self.threshold:
                self._opened_at = asyncio.get_running_loop().time()
                self._become("open")

    def _become(self, state: str) -> None:
        self.state = state
        self._generation += 1
        # [/breaker]


# [settings]
@dataclass
class ResilientClient:
    """Asks, retries what may be repeated, and answers within the deadline whatever the servers do.

    `chance` returns floats in [0, 1). Raises ValueError for numbers out of range.
    """

    send: Send
    _: KW_ONLY
    deadline: float = 2.0  # of a whole request
    attempt_timeout: float = 0.8  # of one attempt
    attempts: int = 3
    backoff: float = 0.1  # longest pause after the first attempt; doubles with each one
    max_backoff: float = 1.0
    threshold: int = 5  # failures of a host in a row that open its circuit
    pause: float = 4.0  # of an open circuit, until a probe
    chance: Callable[[], float] = random.random
    breakers: dict[str, Breaker] = field(default_factory=dict, init=False)  # by host:port

    def __post_init__(self) -> None:
        times = self.deadline, self.attempt_timeout, self.backoff, self.max_backoff, self.pause
        if min(times) <= 0 or min(self.attempts, self.threshold) < 1:
            raise ValueError(f"every number must be positive: {self}")
            # [/settings]

    # [request]
    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        deadline: float | None = None,
    ) -> Response:
        """One answer, whatever its status; the caller closes it. `deadline`: a moment of the loop's clock.

        Raises DeadlineExceeded, CircuitOpen, OSError of the last attempt, and whatever else `send` raises.
        """
        now, told = asyncio.get_running_loop().time, dict(headers or {})
        ends = min(now() + self.deadline, math.inf if deadline is None else deadline)
        host = urlsplit(url).netloc
        breaker = self.breakers.setdefault(host, Breaker(host, self.threshold, self.pause))
        left = self.attempts if repeatable(method, told) else 1
        wait = self.backoff
        while True:
            left -= 1
            pause = self.chance() * min(wait, self.max_backoff)
            try:
                response = await self._attempt(breaker, method, url, told, ends)
            except DeadlineExceeded:
                raise
            except OSError:
                if not left or breaker.state == "open" or now() + pause >= ends:
                    raise
            else:
                if response.status < 500 and response.status != 429:
                    return response
                pause = max(pause, retry_after(response))
                if not left or breaker.state == "open" or now() + pause >= ends:
                    return response  # no time for another attempt: give what there is
                await response.aclose()
            await asyncio.sleep(pause)
            wait *= 2
            # [/request]

    # [attempt]
    async def _attempt(
        self, breaker: Breaker, method: str, url: str, headers: Mapping[str, str], ends: float
    ) -> Response:
        left = ends - asyncio.get_running_loop().time()
        if left <= 0:
            raise DeadlineExceeded(f"no time left to ask {breaker.host}")
        limit = min(self.attempt_timeout, left)
        admitted, ok = breaker.admit(), None
        try:
            async with asyncio.timeout(limit) as scope:
                response = await self.send(method, url, {**headers, TIME_LEFT: str(int(limit * 1000))})
            ok = response.status < 500
            return response
        except OSError as error:
            if scope.expired() and limit < self.attempt_timeout:  # we were in a hurry: not its fault
                raise DeadlineExceeded(f"{breaker.host} had no time to answer") from error
            ok = False
            raise
        finally:
            breaker.settle(admitted, ok)
            # [/attempt]


# [rules]
def repeatable(method: str, headers: Mapping[str, str]) -> bool:
    """Whether doing it twice is the same as once: by the method, or by a key that the server remembers."""
    return method.upper() in IDEMPOTENT or any(name.lower() == "idempotency-key" for name in headers)


def retry_after(response: Response) -> float:
    """Seconds the server asks to wait. The header's other form, a date, is read as nothing asked."""
    asked = response.headers.get("retry-after", "")
    return float(asked) if asked.isdecimal() else 0.0
    # [/rules]
