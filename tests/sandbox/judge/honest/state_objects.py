"""The states as objects of their own, slots, and a lot of printing."""

from __future__ import annotations

import asyncio
import dataclasses
import typing


class CircuitOpen(Exception):
    __slots__ = ("name", "retry_in")

    def __init__(self, name: str, retry_in: float) -> None:
        self.name = name
        self.retry_in = retry_in


@dataclasses.dataclass
class Closed:
    word: typing.ClassVar = "closed"
    failures: int = 0
    successes: int = 0


@dataclasses.dataclass
class Open:
    since: float
    word: typing.ClassVar = "open"
    failures: int = 0
    successes: int = 0


@dataclasses.dataclass
class HalfOpen:
    word: typing.ClassVar = "half_open"
    busy: bool = False
    failures: int = 0
    successes: int = 0


class CircuitBreaker:
    def __init__(self, name, timeout, failure_threshold, success_threshold, **options):
        if not (timeout > 0 and failure_threshold > 0 and success_threshold > 0):
            raise ValueError("bad settings")
        self.name, self.timeout = name, timeout
        self.trip, self.need = failure_threshold, success_threshold
        self.options = options
        self.mode = Closed()

    state = property(lambda self: self.mode.word)
    failures = property(lambda self: self.mode.failures)
    successes = property(lambda self: self.mode.successes)

    def now(self):
        clock = self.options.get("clock")
        return asyncio.get_running_loop().time() if clock is None else clock()

    async def call(self, function, *args, **kwargs):
        print("вызов", function.__name__, args)
        mode = self.mode
        if isinstance(mode, Open):
            left = mode.since + self.timeout - self.now()
            if left > 0:
                raise CircuitOpen(self.name, left)
            mode = self.enter(HalfOpen())
        if isinstance(mode, HalfOpen):
            if mode.busy:
                raise CircuitOpen(self.name, 0.0)
            mode.busy = True
        try:
            result = await function(*args, **kwargs)
        except asyncio.CancelledError:
            mode.busy = False
            raise
        except Exception as error:
            mode.busy = False
            self.outcome(mode, isinstance(error, tuple(self.options.get("excluded", ()))))
            raise
        mode.busy = False
        self.outcome(mode, True)
        return result

    def outcome(self, mode, good):
        if mode is not self.mode:
            return
        if isinstance(mode, HalfOpen):
            mode.successes += good
            if not good:
                self.enter(Open(self.now()))
            elif mode.successes == self.need:
                self.enter(Closed())
        else:
            mode.failures = 0 if good else mode.failures + 1
            if mode.failures == self.trip:
                self.enter(Open(self.now()))

    def enter(self, mode):
        before, self.mode = self.mode.word, mode
        for listener in self.options.get("listeners", ()):
            try:
                listener(self.name, before, mode.word)
            except Exception:
                print("x" * 5000)
        return mode
