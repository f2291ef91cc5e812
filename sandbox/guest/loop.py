"""Event loops whose clock is the scenario's: plain `asyncio.sleep`, `wait_for`, `loop.time()` work in them.

An asyncio loop asks its selector to wait until the next timer. Here the selector asks the loop instead,
and a virtual loop answers by moving its clock straight to that timer: no time passes but the scenario's.
"""

from __future__ import annotations

import asyncio
import math
import selectors
import time
from collections.abc import Callable, Mapping
from typing import Any

# Turns of the loop at one moment of time after which it is taken for a busy loop: about 2 s of work.
SPINS = 300_000
TURNS = 10_000  # of the loop at one moment; a judged call needs a few, and its wall time is short
EPOCH = 1024.0  # loop.time() at virtual 0: not 0, as real clocks are not; a power of two, so sums stay exact

Ready = list[tuple[selectors.SelectorKey, int]]


class TimeStandsStill(Exception):
    """The code keeps the loop busy and never waits, so the virtual clock cannot move."""

    def __init__(self, now: float) -> None:
        super().__init__(
            f"время остановилось на {now:g} с: код без конца уступает очередь (await asyncio.sleep(0)), "
            "но ничего не ждёт"
        )


class Gate(selectors.BaseSelector):
    """A selector that leaves waiting to the loop's `idle`."""

    def __init__(self, idle: Callable[[float | None], Ready]) -> None:
        self.inner = selectors.DefaultSelector()
        self._idle = idle

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self.inner.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self.inner.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self.inner.modify(fileobj, events, data)

    def select(self, timeout: float | None = None) -> Ready:
        return self._idle(timeout)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self.inner.get_map() or {}

    def close(self) -> None:
        self.inner.close()


class GatedLoop(asyncio.SelectorEventLoop):
    """What both clocks share. `idle` is called once a turn; a timeout of 0 means that work is ready."""

    def __init__(self) -> None:
        self.gate = Gate(self.idle)
        self._in_threads = 0
        super().__init__(self.gate)

    def idle(self, timeout: float | None) -> Ready:
        raise NotImplementedError

    def next_timer(self) -> float:
        """When the earliest timer is due, infinity if there is none.

        Read from the heap itself and not worked out from the timeout, so that the clock lands on the
        timer exactly: `loop.time() - opened >= 5.0` must hold when 5.0 seconds were slept.
        """
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        return scheduled[0].when() if scheduled else math.inf

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        """As usual, and remembered: virtual time must not run away while a thread works."""
        future = super().run_in_executor(executor, func, *args)
        self._in_threads += 1
        future.add_done_callback(self._left_thread)
        return future

    def _left_thread(self, _: object) -> None:
        self._in_threads -= 1


class VirtualLoop(GatedLoop):
    """Time moves only when nothing is left to do at the present moment: straight to the next timer."""

    def __init__(self) -> None:
        self.now = 0.0
        self._spins = 0
        super().__init__()

    def time(self) -> float:
        return self.now

    def idle(self, timeout: float | None) -> Ready:
        if timeout is not None and timeout <= 0:
            self._spins += 1
            if self._spins > SPINS:
                raise TimeStandsStill(self.now)
            return self.poll(0)
        self._spins = 0
        if self._in_threads:
            return self.poll(None)
        return self.rest(self.next_timer())

    def poll(self, seconds: float | None) -> Ready:
        """Files that are ready, waiting wall `seconds` for one (None: without bound)."""
        return self.gate.inner.select(seconds)

    def rest(self, until: float) -> Ready:
        """Nothing is left to do at `now`; the next timer is due `until`.

        Move the clock there, or wait for files.
        """
        ready = self.poll(None if until == math.inf else 0)
        if not ready:
            self.move(until)
        return ready

    def move(self, to: float) -> None:
        """Set the clock forward to `to` seconds; it never goes back."""
        self.now = max(self.now, to)


class CallLoop(VirtualLoop):
    """A judged world's: virtual time that does not run by itself. `at_rest` decides where the clock goes."""

    def __init__(self, at_rest: Callable[[float], None]) -> None:
        super().__init__()
        self.now = EPOCH
        self.at_rest = at_rest

    def idle(self, timeout: float | None) -> Ready:
        if self._spins > TURNS:
            raise TimeStandsStill(self.now)
        return super().idle(timeout)

    def rest(self, until: float) -> Ready:
        if self._ready:  # type: ignore[attr-defined]  # a thread has left something to do
            return []
        ready = self.poll(0) if self.gate.get_map() else []
        if not ready:
            self.at_rest(until)
        return ready

    # A loop holds a selector and a pair of sockets by which threads wake it. This one is made before the fork
    # of its world, and such objects of the kernel would be every world's: it starts with none, few need them.

    def _make_self_pipe(self) -> None:
        self.gate.inner = selectors.PollSelector()  # type: ignore[assignment]  # no descriptor of its own
        self._ssock: Any = None
        self._csock: Any = None

    def _close_self_pipe(self) -> None:
        if self._ssock is not None:
            super()._close_self_pipe()  # type: ignore[misc]

    def _write_to_self(self) -> None:
        if self._csock is not None:
            super()._write_to_self()  # type: ignore[misc]

    def hear_threads(self) -> None:
        """Let threads and signals wake this loop from now on."""
        if self._csock is None:
            super()._make_self_pipe()  # type: ignore[misc]

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        self.hear_threads()
        return super().run_in_executor(executor, func, *args)

    def add_signal_handler(self, sig: int, callback: Any, *args: Any) -> None:  # type: ignore[override]
        self.hear_threads()
        super().add_signal_handler(sig, callback, *args)


class RealLoop(GatedLoop):
    """The wall's clock, from 0 at the start."""

    def __init__(self) -> None:
        self.restart()
        super().__init__()

    def time(self) -> float:
        return time.monotonic() - self._began

    def restart(self) -> None:
        """Count from this moment."""
        self._began = time.monotonic()

    def idle(self, timeout: float | None) -> Ready:
        return self.gate.inner.select(timeout)
