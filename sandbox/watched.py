"""A run that is watched here, and those who watch it: a ring of its newest batches, a cursor for each."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from sandbox import states, stream
from sandbox.frames import Frame, Write, of_batches
from sandbox.stream import Batch
from sandbox.tail import bulk

RING_BYTES = 256 * 1024  # of one watched run


@dataclass(slots=True, eq=False)
class Watched:
    """A run somebody watches here."""

    run: str
    state: str = "queued"
    attempt: int = 0
    last: int | None = None  # seq of `run.ended`, once it is there
    queue: str = ""
    position: int | None = None
    wait: int | None = None  # s, about; while it has a position
    body: bytes | None = None
    key: str = ""
    asked: bytes = b""  # the key as the blocking read asks for it
    ring: deque[Batch] = field(default_factory=deque)
    floor: int = 0  # the ring holds every event after this one
    top: int = 0  # and up to this one
    size: int = 0
    version: int = 0  # of state, attempt and position
    viewers: set[Viewer] = field(default_factory=set)
    frame: Frame | None = None  # the newest one made
    frame_after: int = 0  # and after which event it begins
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    missed: bool = False  # news came while it was still being looked up

    def push(self, found: Batch) -> None:
        """Take a batch into the ring; `deliver` then tells of it."""
        found = found.after(self.top)
        if found.count <= 0:
            return
        self.ring.append(found)
        self.top = found.last
        self.size += len(found.payload)
        while self.size > RING_BYTES and len(self.ring) > 1:
            dropped = self.ring.popleft()
            self.floor = dropped.last
            self.size -= len(dropped.payload)

    def deliver(self, before: int) -> None:
        """Bring what follows event `before` to everybody: at once to those who have all until there."""
        if self.top == before:
            return
        frame = self.cut(before) if before >= self.floor else None
        if frame is not None and frame.last < self.top:
            frame = None
        for viewer in self.viewers:
            if frame is None or viewer.cursor != before or not viewer.give(frame):
                viewer.wake()

    def tell(self) -> None:
        self.version += 1
        for viewer in self.viewers:
            viewer.wake()

    def advance(self, state: str, attempt: int) -> bool:
        """Take the news unless it is older than what is known."""
        attempt = max(attempt, 1)
        if (attempt, states.RANK[state]) <= (self.attempt, states.RANK[self.state]):
            return False
        self.state, self.attempt = state, attempt
        if state != "queued":
            self.position = None
        return True

    def restart(self, attempt: int, floor: int = 0) -> None:
        """Another attempt begins: its log is another stream."""
        self.attempt = attempt
        self.key = stream.log_key(self.run, attempt)
        self.asked = bulk(self.key.encode())
        self.ring.clear()
        self.floor = self.top = floor
        self.size = 0
        self.frame = None

    def cut(self, after: int) -> Frame | None:
        """The next frame for a cursor at `after`, which the ring must reach."""
        if self.frame is not None and self.frame_after == after and self.frame.last == self.top:
            return self.frame
        start = len(self.ring)
        for found in reversed(self.ring):
            if found.last <= after:
                break
            start -= 1
        self.frame_after = after
        self.frame = of_batches((self.ring[i] for i in range(start, len(self.ring))), after)
        return self.frame


@dataclass(slots=True, eq=False)
class Viewer:
    """One socket's place in a run. `cursor` is the last event it was given, `attempt` of which log."""

    watched: Watched
    cursor: int
    attempt: int
    seen: int = -1  # version of the run's state it was told
    write: Write | None = None
    _waiting: asyncio.Future[None] | None = None

    def give(self, frame: Frame) -> bool:
        """Send the frame now, if nothing else is to be said before it and the connection takes it."""
        waits = self._waiting is not None and not self._waiting.done()
        if not waits or self.write is None or not self.write(frame.framed):
            return False
        self.cursor = frame.last
        return True

    def wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    @property
    def idle(self) -> bool:
        run = self.watched
        return self.seen == run.version and self.attempt == run.attempt and self.cursor >= run.top

    async def wait(self) -> None:
        """Until there is something to say."""
        while self.idle:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
            self._waiting = None
