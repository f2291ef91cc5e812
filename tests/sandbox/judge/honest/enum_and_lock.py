"""States in an Enum of strings, a lock around the decisions only, a monotonic clock."""

import asyncio
import time
from enum import Enum


class State(str, Enum):  # noqa: UP042 - what many learners write
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitOpen(RuntimeError):
    def __init__(self, name, retry_in):
        super().__init__(name)
        self.__name, self.__retry_in = name, retry_in

    @property
    def name(self):
        return self.__name

    @property
    def retry_in(self):
        return self.__retry_in


class CircuitBreaker:
    def __init__(
        self, name, timeout, failure_threshold, success_threshold, *, excluded=(), clock=None, listeners=()
    ):
        for value in (timeout, failure_threshold, success_threshold):
            if value <= 0:
                raise ValueError(value)
        self.name, self.timeout = name, timeout
        self.limits = {State.CLOSED: failure_threshold, State.HALF_OPEN: success_threshold}
        self.excluded, self.clock, self.listeners = tuple(excluded), clock or time.monotonic, list(listeners)
        self.state, self.failures, self.successes = State.CLOSED, 0, 0
        self.deadline, self.probe, self.age = None, None, 0
        self.lock = asyncio.Lock()

    async def call(self, function, *args):
        ticket = object()
        async with self.lock:
            self._admit(ticket)
            age = self.age
        verdict = None
        try:
            result = await function(*args)
            verdict = True
            return result
        except Exception as error:
            verdict = isinstance(error, self.excluded)
            raise
        finally:
            # No await here: a cancelled task must not wait for a lock to give its place back.
            if self.probe is ticket:
                self.probe = None
            if verdict is not None and age == self.age:
                self._learn(verdict)

    def _admit(self, ticket):
        if self.state is State.OPEN:
            left = self.deadline - self.clock()
            if left > 0:
                raise CircuitOpen(self.name, left)
            self._move(State.HALF_OPEN)
        if self.state is State.HALF_OPEN:
            if self.probe is not None:
                raise CircuitOpen(self.name, 0)
            self.probe = ticket

    def _learn(self, good):
        if self.state is State.HALF_OPEN:
            if not good:
                return self._open()
            self.successes += 1
            if self.successes == self.limits[State.HALF_OPEN]:
                self.failures = 0
                self._move(State.CLOSED)
        elif good:
            self.failures = 0
        else:
            self.failures += 1
            if self.failures == self.limits[State.CLOSED]:
                self._open()

    def _open(self):
        self.deadline = self.clock() + self.timeout
        self._move(State.OPEN)

    def _move(self, after):
        before, self.state = self.state, after
        self.age, self.successes, self.probe = self.age + 1, 0, None
        for listener in self.listeners:
            try:
                listener(self.name, before.value, after.value)
            except Exception as error:
                print("слушатель сломан:", error)
