"""A breaker that passes code review and fails in production. The mistakes are explained in the lesson."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class CircuitOpen(Exception):
    """The circuit is open. `retry_in` is in seconds."""

    def __init__(self, name: str, retry_in: float) -> None:
        super().__init__(f"circuit {name!r} is open, retry in {retry_in:.2f} s")
        self.name = name
        self.retry_in = retry_in


class CircuitBreaker:
    """Opens after `failure_threshold` failures, tries again after `timeout` seconds."""

    def __init__(
        self,
        name: str,
        timeout: float,
        failure_threshold: int,
        success_threshold: int,
        *,
        excluded: Iterable[type[Exception]] = (),
        clock: Callable[[], float] | None = None,
        listeners: Iterable[Callable[[str, str, str], None]] = (),
    ) -> None:
        self.name = name
        self.timeout = timeout
        self.failure_threshold = failure_threshold
        self.success_threshold = success_threshold
        self.failures = 0
        self.successes = 0
        self.state = "closed"
        self._excluded = tuple(excluded)
        self._clock = clock or asyncio.get_running_loop().time
        self._listeners = tuple(listeners)
        self._opened_at = 0.0
        self._lock = asyncio.Lock()

    # [call]
    async def call(self, function: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        if self.state == "half_open":
            # Do not make a recovering service wait for our queue.
            return await self._attempt(function, *args, **kwargs)
        async with self._lock:  # the state is shared, so protect it
            if self.state == "open":
                retry_in = self._opened_at + self.timeout - self._clock()
                if retry_in <= 0:
                    self.successes = 0
                    self._become("half_open")
                raise CircuitOpen(self.name, retry_in)
            return await self._attempt(function, *args, **kwargs)
        # [/call]

    async def _attempt(self, function: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            result = await function(*args, **kwargs)
        except self._excluded:
            raise
        except Exception:
            self._on_failure()
            raise
        self._on_success()
        return result

    def _on_success(self) -> None:
        self.failures = 0
        if self.state == "half_open":
            self.successes += 1
            if self.successes >= self.success_threshold:
                self._become("closed")

    def _on_failure(self) -> None:
        self.failures += 1
        if self.state == "half_open" or self.failures >= self.failure_threshold:
            self._opened_at = self._clock()
            self._become("open")

    def _become(self, after: str) -> None:
        before, self.state = self.state, after
        if after != before:
            for listener in self._listeners:
                listener(self.name, before, after)
