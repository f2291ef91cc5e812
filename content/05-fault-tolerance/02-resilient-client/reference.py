"""An HTTP client that keeps its word about time: a deadline, careful retries, a breaker for each host.

Sources: M. Nygard, "Release It!"; "Site Reliability Engineering", ch. 22. Seconds of the loop's clock.
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
Headers = Mapping[str, str]


# [outside]
@dataclass(frozen=True, slots=True)
class Response:
    """The head of an answer; the body is still on the wire. Whoever holds one must await `aclose()`."""

    status: int
    headers: Headers
    aclose: Callable[[], Awaitable[None]]  # gives the connection back to its pool
    body: object = None


# (method, url, headers) -> Response. A network failure is an OSError: refused, reset, TimeoutError.
Send = Callable[[str, str, Headers], Awaitable[Response]]


class DeadlineExceeded(TimeoutError):
    """The caller's time is up. Whether the server did what it was asked is not known."""


class CircuitOpen(Exception):
    """`host` was not asked: it fails too often. Its next probe is in `retry_in` s; 0.0: it is under way."""

    def __init__(self, host: str, retry_in: float) -> None:
        super().__init__(f"circuit of {host} is open, retry in {retry_in:.2f} s")
        self.host, self.retry_in = host, retry_in
        # [/outside]


# [breaker]
class Breaker:
    """The breaker of lesson 5.1, cut down: `threshold` failures in a row open it, one probe closes it."""

    def __init__(self, host: str, threshold: int, pause: float) -> None:
        self.host, self.threshold, self.pause = host, threshold, pause
        self.state, self.failures = "closed", 0
        self._since, self._probing, self._generation = 0.0, False, 0

    def admit(self) -> int:
        """Let one attempt through; the number returned goes to `settle`. Raises CircuitOpen."""
        if self.state == "open":
            retry_in = self._since + self.pause - asyncio.get_running_loop().time()
            if retry_in > 0:
                raise CircuitOpen(self.host, retry_in)
            self._become("half_open")
        if self._probing:
            raise CircuitOpen(self.host, 0.0)
        self._probing = self.state == "half_open"
        return self._generation

    def settle(self, admitted: int, ok: bool | None) -> None:
        """How an attempt ended; None: it says nothing of the host. News of an earlier state is dropped."""
        if admitted != self._generation:
            return
        self._probing = False
        if ok is not None:
            self.failures = 0 if ok else self.failures + 1
            if ok and self.state == "half_open":
                self._become("closed")
            elif not ok and (self.state == "half_open" or self.failures >= self.threshold):
                self._become("open")

    def _become(self, state: str) -> None:
        self.state, self._since = state, asyncio.get_running_loop().time()
        self._generation += 1
        # [/breaker]


# [settings]
@dataclass
class ResilientClient:
    """Asks, repeats what may be repeated, and answers within the deadline whatever the servers do."""

    send: Send
    _: KW_ONLY
    deadline: float = 2.0  # of a whole request
    attempt_timeout: float = 0.8  # of one attempt
    attempts: int = 3
    backoff: float = 0.1  # longest pause after the first attempt; doubles with each one
    max_backoff: float = 1.0
    threshold: int = 5  # failures of a host in a row that open its circuit
    pause: float = 4.0  # of an open circuit, until a probe
    chance: Callable[[], float] = random.random  # [0, 1)
    breakers: dict[str, Breaker] = field(default_factory=dict, init=False)  # by host:port
    # [/settings]

    # [request]
    async def request(
        self, method: str, url: str, *, headers: Headers | None = None, deadline: float | None = None
    ) -> Response:
        """One answer, whatever its status; the caller closes it. `deadline`: a moment of the loop's clock.

        Raises DeadlineExceeded, CircuitOpen, OSError of the last attempt, and whatever else `send` raises.
        """
        now, told = asyncio.get_running_loop().time, dict(headers or {})
        ends = min(now() + self.deadline, math.inf if deadline is None else deadline)
        host = urlsplit(url).netloc
        breaker = self.breakers.setdefault(host, Breaker(host, self.threshold, self.pause))
        keyed = any(name.lower() == "idempotency-key" for name in told)
        left = self.attempts if method.upper() in IDEMPOTENT or keyed else 1
        longest = self.backoff
        while True:
            left -= 1
            pause = self.chance() * min(longest, self.max_backoff)
            try:
                response = await self._attempt(breaker, method, url, told, ends)
            except OSError as error:
                hopeless = isinstance(error, DeadlineExceeded) or not left or breaker.state == "open"
                if hopeless or now() + pause >= ends:
                    raise
            else:
                if response.status < 500 and response.status != 429:
                    return response
                asked = response.headers.get("retry-after", "")
                pause = max(pause, float(asked) if asked.isdecimal() else 0.0)  # a date is not understood
                if not left or breaker.state == "open" or now() + pause >= ends:
                    return response  # another attempt would be too late: give what there is
                await response.aclose()
            await asyncio.sleep(pause)
            longest *= 2
            # [/request]

    # [attempt]
    async def _attempt(self, breaker: Breaker, method: str, url: str, told: Headers, ends: float) -> Response:
        left = ends - asyncio.get_running_loop().time()
        if left <= 0:
            raise DeadlineExceeded(f"no time left to ask {breaker.host}")
        limit = min(self.attempt_timeout, left)
        admitted, ok = breaker.admit(), None
        try:
            async with asyncio.timeout(limit) as scope:
                response = await self.send(method, url, {**told, TIME_LEFT: str(int(limit * 1000))})
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
