"""Stubs, which the learner's code calls in the jail and the judge answers; and names of what lives there."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.judge.world import Asked, Reply


@dataclass(frozen=True, slots=True)
class ExceptionName:
    """A class that exists in the jail, by name."""

    name: str


@dataclass(frozen=True, slots=True)
class Handle:
    """An object of the learner's that lives in the jail; `label` is how the record of steps calls it."""

    ref: int
    label: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call that a stub has received."""

    n: int
    args: list[Any]
    kwargs: dict[str, Any]
    at: float


@dataclass(frozen=True, slots=True)
class Raise:
    """What a stub's `answers` gives to have an exception raised in the jail."""

    name: str
    args: tuple[Any, ...] = ()


Delay = float | None | Callable[[Call], float | None]


class Owner(Protocol):
    """What a stub needs of its case."""

    def exception(self, name: str | ExceptionName) -> ExceptionName: ...
    def pack(self, value: Any) -> Any: ...


class Stub:
    """A function that the learner's code calls and the judge answers, as last told to."""

    def __init__(self, owner: Owner, name: str, sync: bool) -> None:
        self.name = name
        self.sync = sync
        self.calls: list[Call] = []
        self.in_flight = 0
        self.peak = 0  # the most calls at once
        self.on_call: Callable[[Call], None] = lambda call: None
        self.on_end: Callable[[Call, bool], None] = lambda call, finished: None
        self._owner = owner
        self._delay: Delay = 0.0
        self._answer: Callable[[Call], Any] = lambda call: None

    def returns(self, value: Any) -> Stub:
        return self.answers(lambda call: value)

    def raises(self, error: str | ExceptionName, *args: Any) -> Stub:
        """`error` is a builtin class's name or one from `Case.exception`."""
        raising = Raise(self._owner.exception(error).name, args)
        return self.answers(lambda call: raising)

    def answers(self, decide: Callable[[Call], Any]) -> Stub:
        """`decide(call)` gives the value, or a `Raise`; an async one may await the case's real parts."""
        self._answer = decide
        return self

    def takes(self, delay: Delay) -> Stub:
        """Each call lasts so many virtual seconds, or as `delay(call)` says; None: it never ends."""
        self._delay = delay
        return self

    def hear(self, asked: Asked) -> Reply:
        call = Call(asked.n, asked.args, asked.kwargs, asked.at)
        self.calls.append(call)
        delay = self._delay(call) if callable(self._delay) else self._delay
        self.on_call(call)
        if not self.sync:
            self.in_flight += 1
            self.peak = max(self.peak, self.in_flight)
        answer = self._answer(call)
        if inspect.isawaitable(answer):
            answer = finished(answer)
        if isinstance(answer, Raise):
            return Reply(delay, error=(answer.name, answer.args))
        return Reply(delay, self._owner.pack(answer))

    def finish(self, call: Call, finished: bool) -> None:
        self.in_flight -= 1
        self.on_end(call, finished)


def finished(work: Awaitable[Any]) -> Any:
    """What a coroutine of a case gives. It never waits: each operation returns when it is answered."""
    steps = work.__await__()
    try:
        next(steps)
    except StopIteration as end:
        return end.value
    raise RuntimeError("a stub's answer awaits something that is not the judge's")
