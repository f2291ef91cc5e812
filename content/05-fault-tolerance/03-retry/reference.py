"""Retries for asyncio that do not finish off the service they are waiting for.

Backoff and jitter follow Marc Brooker, "Exponential Backoff And Jitter" (AWS, 2015); the budget is the token
bucket of his "Fixing retries with token buckets and circuit breakers" (2022). All times are seconds.
"""

from __future__ import annotations

import asyncio
import math
import random as chance
from collections.abc import Awaitable, Callable
from typing import Literal, ParamSpec, TypeVar, get_args

Jitter = Literal["none", "tenth", "equal", "full", "decorrelated"]
P = ParamSpec("P")
T = TypeVar("T")


# [budget]
class RetryBudget:
    """How many retries one client can still afford at one service; shared by all its calls there.

    Starts with `capacity` tokens and never holds more. A retry takes one, a success brings `ratio`: so over
    any stretch there are at most `capacity + ratio * successes` retries. Counted in thousandths, because
    ten times 0.1 must make one. Raises ValueError when either number is negative.
    """

    def __init__(self, capacity: float = 10.0, ratio: float = 0.1) -> None:
        if capacity < 0 or ratio < 0:
            raise ValueError(f"{capacity=}, {ratio=}: must not be negative")
        self._capacity = self._left = round(capacity * 1000)
        self._ratio = round(ratio * 1000)

    @property
    def tokens(self) -> float:
        """Retries left, with a fraction."""
        return self._left / 1000

    def deposit(self) -> None:
        """A call has succeeded."""
        self._left = min(self._capacity, self._left + self._ratio)

    def withdraw(self) -> bool:
        """Pay for one retry. False: there is nothing to pay with."""
        if self._left < 1000:
            return False
        self._left -= 1000
        return True
        # [/budget]


# [policy]
class RetryPolicy:
    """When to try again, and after what pause. Holds no state of a call: one policy serves many at once.

    At most `max_retries` retries after the first attempt. The pause grows from `initial_delay` by
    `multiplier` up to `max_delay`; `jitter` says what part of it is left to chance (`random` gives numbers
    from 0 to 1). Only `retryable` exceptions are worth another attempt. `deadline` bounds the whole of
    `retry`, attempts and pauses together. Raises ValueError if a setting is out of range.
    """

    def __init__(
        self,
        max_retries: int,
        initial_delay: float,
        max_delay: float,
        multiplier: float = 2.0,
        jitter: Jitter = "full",
        retryable: tuple[type[Exception], ...] = (ConnectionError, TimeoutError),
        *,
        budget: RetryBudget | None = None,
        deadline: float | None = None,
        random: Callable[[], float] = chance.random,
    ) -> None:
        if max_retries < 0 or not 0 <= initial_delay <= max_delay or multiplier < 1:
            raise ValueError(f"{max_retries=}, {initial_delay=}, {max_delay=}, {multiplier=}: out of range")
        if jitter not in get_args(Jitter) or (deadline is not None and deadline <= 0):
            raise ValueError(f"{jitter=}, {deadline=}: no such jitter, or no time at all")
        self.max_retries = max_retries
        self.initial_delay = initial_delay
        self.max_delay = max_delay
        self.multiplier = multiplier
        self.jitter = jitter
        self.retryable = retryable
        self.budget = budget
        self.deadline = deadline
        self._random = random
        # [/policy]

    # [retry]
    async def retry(self, function: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Await `function(*args, **kwargs)` until it succeeds or another attempt makes no sense.

        Raises what the last attempt raised, the very same object, with a note if it was the deadline or
        the budget that forbade another; TimeoutError when the deadline cut an attempt short. Cancellation
        goes through at once. The work must bear repetition.
        """
        now = asyncio.get_running_loop().time
        until = math.inf if self.deadline is None else now() + self.deadline
        retries, pause = 0, self.initial_delay
        while True:
            try:
                result = await self._attempt(until, function(*args, **kwargs))
            except Exception as error:
                if not self.should_retry(error, retries):
                    raise
                pause = self.delay(retries, pause)
                wait = pause + asked_to_wait(error)
                if now() + wait >= until:
                    error.add_note(f"no retry: {wait:.2f} s more would miss the deadline")
                    raise
                if self.budget and not self.budget.withdraw():
                    error.add_note("no retry: the budget is spent")
                    raise
            else:
                if self.budget:
                    self.budget.deposit()
                return result
            await asyncio.sleep(wait)
            retries += 1
            # [/retry]

    async def _attempt(self, until: float, work: Awaitable[T]) -> T:
        if until == math.inf:
            return await work
        async with asyncio.timeout_at(until):
            return await work

    # [delay]
    def should_retry(self, error: Exception, retries: int) -> bool:
        """Whether `error` is worth another attempt after so many `retries`. Knows nothing of the budget."""
        return retries < self.max_retries and isinstance(error, self.retryable)

    def delay(self, retries: int, previous: float = 0.0) -> float:
        """Seconds to wait after so many `retries`; decorrelated jitter looks at the `previous` pause."""
        try:
            ceiling = min(self.max_delay, self.initial_delay * self.multiplier**retries)
        except OverflowError:  # 2.0 ** 1024: whoever retries for days gets here
            ceiling = self.max_delay if self.initial_delay else 0.0
        match self.jitter:
            case "none":
                return ceiling
            case "tenth":  # here to be compared with: it does not disperse a crowd
                return ceiling * (0.9 + 0.2 * self._random())
            case "equal":
                return ceiling * (0.5 + 0.5 * self._random())
            case "full":
                return ceiling * self._random()
        low, high = self.initial_delay, max(self.initial_delay, 3 * previous)
        return min(self.max_delay, low + (high - low) * self._random())
        # [/delay]


# [after]
def asked_to_wait(error: Exception) -> float:
    """Seconds the service asked to stay away (`error.retry_after`, from its Retry-After header), or 0."""
    asked = getattr(error, "retry_after", None)
    return max(0.0, float(asked)) if isinstance(asked, int | float) else 0.0
    # [/after]
