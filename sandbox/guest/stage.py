"""Directing a run from outside: controls, pace, pause, step, and the end of the scenario.

Live and scripted controls take one path, `Stage.apply`, and always between timers: a control heard live takes
effect at a moment of its own, after every timer due at or before it. So a run that is given the recorded
`control.set` events as its script writes the same log, byte for byte.
"""

from __future__ import annotations

import asyncio
import math
import selectors
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from sandbox.guest.loop import GatedLoop, Ready, RealLoop, VirtualLoop
from sandbox.guest.wire import Inbox, Outbox

Value = bool | int | float | str
Cue = tuple[float, str, Value]

PACES = (0.25, 8.0)
LATE = 0.25  # wall s behind the pace after which the lost time is given up instead of raced through
GRID = 6  # decimals of a second in the log; a live control's moment lies on this grid

# The real ones, whatever the scenario's modules see.
_monotonic, _sleep = time.monotonic, time.sleep


class Pacer:
    """Ties scenario time to wall time. `pace`: scenario seconds a wall second; None: as fast as it goes."""

    def __init__(self, pace: float | None) -> None:
        self.pace = pace
        self.paused = False
        self.rebase(0.0)

    def rebase(self, now: float) -> None:
        """Count from here: scenario time `now` is this moment of the wall's."""
        self._wall, self._base = _monotonic(), now

    def position(self, now: float) -> float:
        """Scenario time at this moment of the wall's, not before `now`."""
        if self.pace is None or self.paused:
            return now
        return max(now, self._base + (_monotonic() - self._wall) * self.pace)

    def wait(self, until: float) -> float | None:
        """Wall seconds until scenario time `until`; None when it will not come by itself."""
        if self.paused or (self.pace is not None and until == math.inf):
            return None
        if self.pace is None:
            return 0.0
        left = (until - self._base) / self.pace - (_monotonic() - self._wall)
        if left < -LATE:
            self.rebase(until)
        return max(0.0, left)


class Stage:
    """The controls of one run: their values, who listens to them, what is still to come."""

    def __init__(
        self,
        outbox: Outbox,
        inbox: Inbox | None,
        *,
        controls: dict[str, Value],
        script: Iterable[Cue],
        duration: float,
        pace: float | None,
        touched: Iterable[str] = (),
    ) -> None:
        self.outbox, self.inbox = outbox, inbox
        self.values = dict(controls)
        self.touched = set(touched)  # controls that the reader has set: the story leaves them alone
        self.script = deque(
            sorted(((float(t), name, value) for t, name, value in script), key=lambda cue: cue[0])
        )
        self.heard: deque[tuple[str, Value]] = deque()
        self.listeners: dict[str, list[Callable[[Value], object]]] = {}
        self.duration = duration
        self.pacer = Pacer(pace)
        self.stepping_from: int | None = None
        self.over: str | None = None
        self.on_over: Callable[[], object] = lambda: None
        self.on_spawn: Callable[[asyncio.Task[Any]], object] = lambda task: None
        self.loop: GatedLoop | None = None

    def now(self) -> float:
        """Scenario seconds, as the log writes them."""
        return round(min(self.loop.time(), self.duration), GRID) if self.loop else 0.0

    def attach(self, loop: GatedLoop) -> None:
        self.loop = loop
        if self.inbox:
            loop.gate.register(self.inbox.fd, selectors.EVENT_READ)
            self.listen()  # to what was read along with the start message

    def end(self, how: str) -> None:
        """The run is over: `duration`, `returned` or `stopped`. The first call counts."""
        if self.over is None:
            self.over = how
            self.on_over()

    def without_controls(self, ready: Ready) -> Ready:
        """Take the control pipe out of `ready`, reading it if it is there."""
        if not self.inbox:
            return ready
        mine = self.inbox.fd
        if any(key.fd == mine for key, _ in ready):
            self.listen()
            return [pair for pair in ready if pair[0].fd != mine]
        return ready

    def listen(self) -> None:
        """Read what has arrived on the control pipe."""
        assert self.inbox
        assert self.loop
        for message in self.inbox.waiting():
            self._obey(message, self.loop.time())
        if self.inbox.closed:
            self.loop.gate.unregister(self.inbox.fd)

    def _obey(self, message: dict[str, Any], now: float) -> None:
        pacer = self.pacer
        match message:
            case {"op": "set", "name": str(name), "value": bool() | int() | float() | str() as value}:
                self.heard.append((name, value))
            case {"op": "pause"}:
                pacer.rebase(now)
                pacer.paused, self.stepping_from = True, None
            case {"op": "resume"}:
                pacer.paused, self.stepping_from = False, None
                pacer.rebase(now)
            case {"op": "step"}:
                pacer.paused, self.stepping_from = True, self.outbox.count
            case {"op": "speed", "value": int() | float() as speed}:
                pacer.rebase(pacer.position(now))
                pacer.pace = min(max(float(speed), PACES[0]), PACES[1])
            case {"op": "stop"}:
                self.end("stopped")
            case _:
                pass  # a later site may know more than this guest

    def stepping(self) -> bool:
        """Whether a step is under way: it lasts until something was written."""
        if self.stepping_from is not None and self.outbox.count > self.stepping_from:
            self.stepping_from = None
        return self.stepping_from is not None

    def hold(self) -> None:
        """Block until the pace reaches the loop's clock: the scenario has slept without giving way."""
        if self.loop and (wait := self.pacer.wait(self.loop.time())):
            _sleep(wait)

    def cue(self, loop: GatedLoop, name: str, value: Value) -> None:
        """Let the control take effect now, as the next thing the loop does."""
        loop.call_soon(self.apply, name, value)

    def apply(self, name: str, value: Value) -> None:
        """The reader moves a control, live or by script."""
        self.touched.add(name)
        self.values[name] = value
        stepping = self.stepping()
        self.outbox.write({"t": self.now(), "kind": "control.set", "name": name, "value": value})
        if stepping:
            self.stepping_from = self.outbox.count  # a step is up to an event of the scenario's own
        self._tell(name, value)

    def move(self, name: str, value: Value) -> None:
        """The story moves a control, unless the reader has taken it. It is an event like others."""
        if name in self.touched:
            return
        self.values[name] = value
        told = {"t": self.now(), "kind": "control.set", "name": name, "value": value, "by": "story"}
        self.outbox.write(told)
        self._tell(name, value)

    def _tell(self, name: str, value: Value) -> None:
        for listener in tuple(self.listeners.get(name, ())):
            listener(value)


class VirtualStage(VirtualLoop):
    """A virtual loop that is paced, paused, stepped and controlled by a stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        super().__init__()
        stage.attach(self)

    def poll(self, seconds: float | None) -> Ready:
        return self.stage.without_controls(super().poll(seconds))

    def rest(self, until: float) -> Ready:
        stage = self.stage
        if stage.over:
            return []
        ahead = min(until, stage.duration)
        if stage.heard and (moment := self._moment(ahead)) is not None:
            self.move(moment)
            stage.cue(self, *stage.heard.popleft())
            return []
        target = min(ahead, stage.script[0][0]) if stage.script else ahead
        wait = 0.0 if stage.stepping() else stage.pacer.wait(target)
        known = len(stage.heard)
        ready = self.poll(wait)
        if ready:
            self.move(min(stage.pacer.position(self.now), target))
        elif stage.over or len(stage.heard) > known or (stage.pacer.paused and not stage.stepping()):
            pass  # told something while waiting: look again before moving
        elif wait == 0.0 or (wait is not None and stage.pacer.wait(target) == 0.0):
            self._reach(target, until)
        return ready

    def _reach(self, target: float, until: float) -> None:
        stage = self.stage
        self.move(target)
        if stage.script and stage.script[0][0] <= self.now and target < until:
            _, name, value = stage.script.popleft()
            stage.cue(self, name, value)
        elif target >= stage.duration and until > stage.duration:
            stage.end("duration")

    def _moment(self, ahead: float) -> float | None:
        """A moment on the log's grid, after `now` and before the next thing, for a control heard live."""
        moment = round(self.stage.pacer.position(self.now), GRID)
        if moment <= self.now:
            moment = round(self.now + 10**-GRID, GRID)
        if moment <= self.now:
            moment = round(self.now + 2 * 10**-GRID, GRID)
        if moment >= ahead:
            moment = round(self.now + 10**-GRID, GRID)
        return moment if self.now < moment < ahead else None


class RealStage(RealLoop):
    """The wall's clock, with the same controls and script; pause and pace do not apply."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._begun = False
        super().__init__()
        stage.attach(self)

    def begin(self) -> None:
        """The scenario is imported and about to run: its seconds, and the script, count from here."""
        self.restart()
        self._begun = True

    def idle(self, timeout: float | None) -> Ready:
        stage, now = self.stage, self.time()
        if not self._begun:
            return stage.without_controls(super().idle(timeout))
        if now >= stage.duration:
            stage.end("duration")
        while stage.heard:
            stage.cue(self, *stage.heard.popleft())
            timeout = 0
        while stage.script and stage.script[0][0] <= now:
            _, name, value = stage.script.popleft()
            stage.cue(self, name, value)
            timeout = 0
        if stage.over:
            timeout = 0
        until = min(stage.duration, stage.script[0][0] if stage.script else math.inf) - now
        wait = max(0.0, until) if timeout is None else min(timeout, max(0.0, until))
        return stage.without_controls(super().idle(wait))
