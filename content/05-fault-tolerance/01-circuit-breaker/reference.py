"""A circuit breaker for asyncio: stop calling what does not answer, and find out cheaply when it is back.

The idea is Michael Nygard's ("Release It!", 2007, the stability patterns); Martin Fowler described
it in 2014 (martinfowler.com/bliki/CircuitBreaker.html). All times are seconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Literal, ParamSpec, TypeVar

State = Literal["closed", "open", "half_open"]
Listener = Callable[[str, State, State], None]
P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger(__name__)


# [refusal]
class CircuitOpen(Exception):
    """The call was refused without reaching the service.

    `retry_in` is how many seconds remain until the next probe; 0.0 while a probe is under way.
    """

    def __init__(self, name: str, retry_in: float) -> None:
        super().__init__(f"circuit {name!r} is open, retry in {retry_in:.2f} s")
        self.name = name
        self.retry_in = retry_in
        # [/refusal]


# [settings]
class CircuitBreaker:
    """Guards calls to one service: one breaker for each thing that can fail on its own.

    Opens after `failure_threshold` failures in a row. Refuses everything for `timeout` seconds, then
    lets probes through one at a time. Closes after `success_threshold` successful probes in a row;
    one failed probe opens it again.

    `excluded` exceptions are answers of a live service ("card declined") and count as successes.
    `clock` returns seconds and never goes back; by default it is the running loop's.
    Each of `listeners` is called as `listener(name, before, after)` when the state changes.
    Raises ValueError if a number is out of range. Not for sharing between threads or loops.
    """

    def __init__(
        self,
        name: str,
        timeout: float,
        failure_threshold: int,
        success_threshold: int,
        *,
        excluded: Iterable[type[Exception]] = (),
        clock: Callable[[], float] | None = None,
        listeners: Iterable[Listener] = (),
    ) -> None:
        if timeout <= 0 or failure_threshold < 1 or success_threshold < 1:
            raise ValueError(f"{timeout=}, {failure_threshold=}, {success_threshold=}: all must be positive")
        self.name = name
        self.timeout = timeout
        self.failure_threshold = failure_threshold
        self.success_threshold = success_threshold
        self.failures = 0  # in a row, while closed
        self.successes = 0  # of probes in a row, while half-open
        self._excluded = tuple(excluded)
        self._clock = clock
        self._listeners = tuple(listeners)
        self._state: State = "closed"
        self._opened_at = 0.0
        self._probing = False
        self._generation = 0  # grows with every change of state
        # [/settings]

    @property
    def state(self) -> State:
        """Where the breaker is now. An open one turns half-open when a call comes, not by a timer."""
        return self._state

    # [call]
    async def call(self, function: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Await `function(*args, **kwargs)` if the circuit lets it through, and learn from the outcome.

        Raises CircuitOpen on refusal, and whatever `function` raises. The time limit of one call
        belongs inside `function`: a cancellation from outside says nothing about the service.
        """
        self._admit()
        generation = self._generation
        try:
            result = await function(*args, **kwargs)
        except self._excluded:
            self._succeeded(generation)
            raise
        except Exception:
            self._failed(generation)
            raise
        except BaseException:  # cancelled: neither success nor failure, but the slot must be freed
            self._abandoned(generation)
            raise
        self._succeeded(generation)
        return result
        # [/call]

    # [admit]
    def _admit(self) -> None:
        """Let the call go, or raise CircuitOpen. There is no await here, so no other task can cut in."""
        if self._state == "open":
            retry_in = self._opened_at + self.timeout - self._now()
            if retry_in > 0:
                raise CircuitOpen(self.name, retry_in)
            self._become("half_open")  # and this very call is the first probe
        if self._state == "half_open":
            if self._probing:
                raise CircuitOpen(self.name, 0.0)
            self._probing = True
            # [/admit]

    # [outcomes]
    def _succeeded(self, generation: int) -> None:
        if generation != self._generation:
            return  # the call set out before the last change of state: its news is stale
        self._probing = False
        self.failures = 0
        if self._state == "half_open":
            self.successes += 1
            if self.successes >= self.success_threshold:
                self._become("closed")

    def _failed(self, generation: int) -> None:
        if generation != self._generation:
            return
        self._probing = False
        if self._state == "closed":
            self.failures += 1
        if self._state == "half_open" or self.failures >= self.failure_threshold:
            self._opened_at = self._now()
            self._become("open")

    def _abandoned(self, generation: int) -> None:
        if generation == self._generation:
            self._probing = False
            # [/outcomes]

    # [become]
    def _become(self, after: State) -> None:
        before, self._state = self._state, after
        self._generation += 1
        self._probing = False
        self.successes = 0
        for listener in self._listeners:
            try:
                listener(self.name, before, after)
            except Exception:  # a broken dashboard must not break the calls
                log.exception("listener of circuit %r failed", self.name)
                # [/become]

    def _now(self) -> float:
        return self._clock() if self._clock else asyncio.get_running_loop().time()
