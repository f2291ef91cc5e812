"""The guest's lines become events: split, checked against the bounds, numbered.

Everything that comes out of a jail is a stranger's: a line is parsed with exact types, and written anew,
so that what viewers receive is always JSON that a browser reads, whatever the guest wrote.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox import stream
from sandbox.guest.wire import LARGEST
from sandbox.limits import Limits

KIND = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")
STARTED, ENDED = "run.started", "run.ended"  # the guest says them too; the worker writes its own
MAX_FIELDS = 32
MAX_LIST = 64
AVERAGED_OVER = 3.0  # s: a burst at the start is no harm


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one run may write. `live` bounds the rate too: a run nobody paces may hurry as it can."""

    limits: Limits
    live: bool = True


class BoundReached(Exception):
    """A run has written more than it may. `what` names the bound; `text` is a Russian phrase."""

    def __init__(self, what: str, bound: int, text: str) -> None:
        super().__init__(f"{what}: {bound}")
        self.what = what
        self.bound = bound
        self.text = text


class Malformed(BoundReached):
    """The guest wrote something that is not an event."""

    def __init__(self, detail: str) -> None:
        super().__init__("format", 0, f"нарушен формат журнала: {detail}")


class GuestEnded(Exception):
    """The guest says that its run is over: in which state, at which scenario time."""

    def __init__(self, state: str, t: float) -> None:
        super().__init__(state)
        self.state = state
        self.t = t


class Splitter:
    """Bytes in, whole lines out; never keeps more than one line's bound."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The lines completed by `data`. Raises BoundReached when it comes to one that is past the bound."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        bound = self.limits.event_bytes
        for line in lines:
            if len(line) > bound:
                break
            yield line
        else:
            if len(self._rest) <= bound:
                return
        raise BoundReached("event_bytes", bound, self.limits.text("event_bytes"))


class Numberer:
    """Checks events and gives them their numbers: `seq` is the last one given, `t` its scenario time."""

    def __init__(self, bounds: Bounds, clock: Callable[[], float] = time.monotonic) -> None:
        self.bounds = bounds
        self.seq = 0
        self.t = 0.0
        self._clock = clock
        self._printed = 0  # bytes
        self._written = 0  # bytes of events taken
        self._told_start = False
        self._tokens = bounds.limits.events_per_second * AVERAGED_OVER
        self._filled = clock()

    def own(self, kind: str, fields: dict[str, Any], t: float | None = None) -> bytes:
        """An event the worker itself says; it is not counted against the run's bounds."""
        moment = self.t if t is None else t
        try:
            line = stream.encode(self.seq + 1, moment, kind, fields)
        except UnicodeEncodeError:  # the judge repeats a learner's words, and half a character is in them
            line = stream.encode(self.seq + 1, moment, kind, _whole(fields))
        self.seq += 1
        self.t = self.t if t is None else t
        return line

    def take(self, line: bytes) -> bytes | None:
        """The guest's line as a numbered event; None for what the worker has said itself.

        Raises GuestEnded, BoundReached or Malformed.
        """
        self._spend()
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            raise Malformed("строка — не JSON") from None
        if not isinstance(event, dict):
            raise Malformed("событие — не объект")
        kind, t = event.pop("kind", None), event.pop("t", None)
        if not isinstance(kind, str) or len(kind) > 64 or not KIND.fullmatch(kind):
            raise Malformed("у события нет вида")
        if type(t) not in (int, float) or not self.t <= t:  # NaN is refused by the comparison
            raise Malformed("время события не идёт вперёд")
        if t > self.bounds.limits.duration:
            raise Malformed("время события — за концом сценария")
        if kind == STARTED:
            if self._told_start:  # it is not counted as an event, so it must not come without end
                raise Malformed("прогон начинается второй раз")
            self._told_start = True
            return None
        if kind == ENDED:
            raise GuestEnded(str(event.get("state")), t)
        if kind == "out":
            self._print(len(line))
        if "seq" in event or len(event) > MAX_FIELDS or not all(map(_flat, event.values())):
            raise Malformed(f"у события {kind} не те поля")
        try:
            numbered = stream.encode(self.seq + 1, t, kind, event)
        except (ValueError, UnicodeEncodeError):
            raise Malformed(f"у события {kind} есть бесконечность или половина символа") from None
        self._written += len(numbered)
        if self._written > (bound := self.bounds.limits.log):
            raise BoundReached("log", bound, self.bounds.limits.text("log"))
        self.seq += 1
        self.t = t
        return numbered

    def _print(self, size: int) -> None:
        self._printed += size
        bound = self.bounds.limits.output
        if self._printed > bound:
            raise BoundReached("output", bound, self.bounds.limits.text("output"))

    def _spend(self) -> None:
        limits = self.bounds.limits
        if self.seq >= limits.events:
            raise BoundReached("events", limits.events, limits.text("events"))
        if not self.bounds.live:
            return
        now = self._clock()
        rate = limits.events_per_second
        self._tokens = min(rate * AVERAGED_OVER, self._tokens + (now - self._filled) * rate)
        self._filled = now
        if self._tokens < 1:
            raise BoundReached("events_per_second", rate, limits.text("events_per_second"))
        self._tokens -= 1


def _flat(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) <= MAX_LIST and all(map(_scalar, value))
    return _scalar(value)


def _scalar(value: Any) -> bool:
    if type(value) is int:
        return -LARGEST < value < LARGEST
    return value is None or type(value) in (bool, float, str)


def _whole(value: Any) -> Any:
    """The same with a question mark for each half of a character."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value
