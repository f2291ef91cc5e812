"""Retries that pass code review and keep the service down. The mistakes are explained in the lesson."""

from __future__ import annotations

import asyncio
import random as chance
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class RetryBudget:
    """Nobody has asked for it yet."""

    def __init__(self, capacity: float = 10.0, ratio: float = 0.1) -> None:
        self.tokens = capacity
        self.ratio = ratio


class RetryPolicy:
    """Tries up to `max_retries` times more, with pauses that grow. Seconds."""

    def __init__(
        self,
        max_retries: int,
        initial_delay: float,
        max_delay: float,
        multiplier: float = 2.0,
        jitter: str = "full",
        retryable: tuple[type[Exception], ...] = (ConnectionError, TimeoutError),
        *,
        budget: RetryBudget | None = None,
        deadline: float | None = None,
        random: Callable[[], float] = chance.random,
    ) -> None:
        self.max_retries = max_retries
        self.initial_delay = initial_delay
        self.max_delay = max_delay
        self.multiplier = multiplier
        self.jitter = jitter
        self.retryable = retryable
        self.budget = budget
        self.deadline = deadline
        self._random = random

    # [retry]
    async def retry(self, function: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        for retries in range(self.max_retries):
            try:
                return await function(*args, **kwargs)
            except Exception as error:
                if not self.should_retry(error, retries):
                    raise
            await asyncio.sleep(self.delay(retries))
        return await function(*args, **kwargs)

    def should_retry(self, error: Exception, retries: int) -> bool:
        return retries < self.max_retries  # the next attempt may be luckier

    def delay(self, retries: int, previous: float = 0.0) -> float:
        ms = int(min(self.max_delay, self.initial_delay * self.multiplier**retries) * 1000)
        spread = ms // 10  # ten per cent, so that clients do not come all at once
        return (ms + int(self._random() * 1_000_000) % spread) / 1000
        # [/retry]
