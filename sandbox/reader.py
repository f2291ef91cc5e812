"""One blocking read for all the viewers of a web process.

Every watched run has a short ring of its newest batches, filled by one XREAD over all streams. A viewer is a
cursor (the last event it has been given) and at most one frame under way: whoever is slow finds a bigger
frame next time, and what has left the ring is read back from the stream. So nothing is lost or repeated
for anybody, and a stalled viewer costs no memory. Free of Django; of the archive it only knows how to ask.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import redis.asyncio as redis
from redis.exceptions import RedisError

from sandbox import states, stream, waiting
from sandbox.frames import Frame, Write, of_batches
from sandbox.tail import Tail, bulk
from sandbox.watched import Viewer, Watched

log = logging.getLogger(__name__)

BLOCK = 4.0  # s, below the idle limits of whatever stands between
WAKE_TTL = 3_600  # s
POSITIONS_EVERY = 0.5  # s
MANY, BREATH = 64, 0.002  # above so many runs, gather news for so many seconds: each read names every run
HISTORY = 200  # batches of one XRANGE


@dataclass(frozen=True, slots=True)
class Told:
    """A run as the database knows it: `body` is its archive, when it has one."""

    state: str
    attempt: int
    last: int
    body: bytes | None


Entry = tuple[bytes, dict[bytes, bytes]]
CHANGES = bulk(stream.CHANGES.encode())
Find = Callable[[str], Awaitable[Told | None]]


class Reader:
    """Belongs to one event loop. `find` looks a run up in the database."""

    def __init__(self, url: str, find: Find) -> None:
        self.find = find
        options: dict[str, Any] = {"protocol": 2, "socket_connect_timeout": 5.0}
        self._tail = Tail(url, block=BLOCK)
        pool = redis.BlockingConnectionPool.from_url(
            url, max_connections=8, timeout=20, socket_timeout=10.0, **options
        )
        # redis-py's stubs describe every protocol and decoding at once; ours is bytes in RESP2
        self.client: Any = redis.Redis(connection_pool=pool)
        self._watched: dict[str, Watched] = {}
        self._by_key: dict[bytes, Watched] = {}
        self._wake_key = f"web:{uuid.uuid4().hex}:wake".encode()
        self._wake_id = b"0"
        self._changes_id = b"0"
        self._tasks: list[asyncio.Task[None]] = []
        self._over = False
        self.away = False  # Valkey does not answer; viewers are told, and told when it is back
        self._stale_positions = asyncio.Event()

    async def start(self) -> None:
        newest = await self.client.xrevrange(stream.CHANGES, count=1)
        self._changes_id = newest[0][0] if newest else b"0"
        self._tasks = [
            asyncio.create_task(self._read_forever(), name="reader"),
            asyncio.create_task(self._place_forever(), name="positions"),
        ]

    async def close(self) -> None:
        # A read that is told to end does so at once; redis-py may swallow a cancellation while it connects.
        self._over = True
        self._stale_positions.set()
        with contextlib.suppress(RedisError, OSError):
            await self._interrupt()
        if self._tasks:
            self._tasks[-1].cancel()  # it only sleeps between looks
            _, late = await asyncio.wait(self._tasks, timeout=2)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        with contextlib.suppress(RedisError, OSError):
            await self.client.delete(self._wake_key)
        self._tail.close()
        await self.client.aclose()
        await self.client.connection_pool.disconnect()

    async def join(
        self, run: str, after: int, attempt: int | None = None, write: Write | None = None
    ) -> Viewer | None:
        """A viewer who has events up to `after` (of that attempt, if they say). None: no such run."""
        watched = self._watched.get(run)
        if watched is None:
            watched = self._watched[run] = Watched(run)
            viewer = Viewer(watched, after, 0, write=write)
            watched.viewers.add(viewer)
            try:
                known = await self._look_up(watched)
                while known and watched.missed:
                    watched.missed = False
                    known = await self._look_up(watched)
            except BaseException:
                self.leave(viewer)
                raise
            finally:
                watched.ready.set()
            if not known:
                self.leave(viewer)
                return None
        else:
            viewer = Viewer(watched, after, 0, write=write)
            watched.viewers.add(viewer)
            await watched.ready.wait()
            if self._watched.get(run) is not watched:  # it could not be looked up
                watched.viewers.discard(viewer)
                return await self.join(run, after, attempt, write)
        viewer.attempt = watched.attempt if attempt is None else attempt
        if viewer.attempt == watched.attempt and after > watched.top and watched.body is None:
            # Another web process may be a moment ahead of us; past the log's true end it is another log.
            newest = await self.client.xrevrange(watched.key, count=1)
            if not newest or after > stream.batch(newest[0][0], b"").last:
                viewer.attempt = 0
        return viewer

    def leave(self, viewer: Viewer) -> None:
        watched = viewer.watched
        watched.viewers.discard(viewer)
        if not watched.viewers and self._watched.get(watched.run) is watched:
            del self._watched[watched.run]
            self._by_key.pop(watched.key.encode(), None)

    async def frame(self, viewer: Viewer) -> Frame | None:
        """What the viewer is to be sent next, its cursor moved past it; None when it has everything."""
        watched = viewer.watched
        if viewer.cursor >= watched.top:
            return None
        if viewer.cursor >= watched.floor:
            frame = watched.cut(viewer.cursor)
        else:
            frame = await self._history(viewer)
        if frame is not None:
            viewer.cursor = frame.last
        return frame

    async def control(self, run: str, message: bytes) -> None:
        """Leave a (checked) control message for the worker."""
        pipe = self.client.pipeline(transaction=False)
        pipe.xadd(stream.control_key(run), {"m": message}, maxlen=stream.CONTROLS_KEPT)
        pipe.expire(stream.control_key(run), stream.UNFINISHED_TTL)
        await pipe.execute()

    async def _history(self, viewer: Viewer) -> Frame | None:
        """From the stream: what has left the ring."""
        watched, after = viewer.watched, viewer.cursor
        entries = await self.client.xrange(watched.key, min=f"({after}-0", max="+", count=HISTORY)
        if viewer.attempt != watched.attempt:
            return None
        frame = of_batches((stream.batch(entry_id, fields[b"e"]) for entry_id, fields in entries), after)
        if frame is None:
            raise LookupError(f"{watched.key}: no events after {after}")
        return frame

    async def _look_up(self, watched: Watched) -> bool:
        run = watched.run
        known = await self.client.hgetall(stream.run_key(run))
        if not known:
            told = await self.find(run)
            if told is None:
                return False
            watched.state, watched.attempt, watched.body = told.state, told.attempt, told.body
            if told.state in states.END_STATES:
                watched.last = told.last
                return True
            known = {}
        attempt = int(known.get(b"attempt", 0))
        watched.advance(known.get(b"state", watched.state.encode()).decode(), attempt)
        watched.queue = known.get(b"queue", b"").decode()
        if b"last" in known:
            watched.last = int(known[b"last"])
        key = stream.log_key(run, watched.attempt)
        newest = await self.client.xrevrange(key, count=1)
        if newest:
            tail = stream.batch(newest[0][0], newest[0][1][b"e"])
            watched.restart(watched.attempt, tail.before)
            watched.push(tail)
        else:
            watched.restart(watched.attempt)
        if watched.last is None:
            self._by_key[watched.key.encode()] = watched
            await self._interrupt()
        self._stale_positions.set()
        return True

    async def _interrupt(self) -> None:
        """Make the blocking read return, to be asked anew with one stream more."""
        pipe = self.client.pipeline(transaction=False)
        pipe.xadd(self._wake_key, {"w": ""}, maxlen=1, approximate=False)
        pipe.expire(self._wake_key, WAKE_TTL)
        await pipe.execute()

    async def _read_forever(self) -> None:
        failures = 0
        while not self._over:
            try:
                await self._read()
                failures = 0
                self._tell_away(False)
            except (RedisError, OSError) as error:
                log.warning("streams not read, trying again: %s", error)
                failures += 1
                self._tell_away(failures > 1)  # one may be a connection cut, and made again at once
                await asyncio.sleep(0.3)
            except Exception:
                log.exception("the shared reader stumbled")
                await asyncio.sleep(0.3)

    def _tell_away(self, away: bool) -> None:
        if away != self.away:
            self.away = away
            for watched in list(self._watched.values()):
                watched.tell()

    async def _read(self) -> None:
        positions = [(bulk(self._wake_key), self._wake_id), (CHANGES, self._changes_id)]
        positions += [(watched.asked, b"%d-0" % watched.top) for watched in self._by_key.values()]
        changes: list[Entry] = []
        for key, entries in await self._tail.read(positions):
            watched = self._by_key.get(key)
            if watched is not None:
                before = watched.top
                for entry_id, (_, payload) in entries:
                    watched.push(stream.batch(entry_id, payload))
                watched.deliver(before)
            elif key == self._wake_key:
                self._wake_id = entries[-1][0]
            elif key == stream.CHANGES.encode():
                changes = [
                    (entry_id, dict(zip(words[::2], words[1::2], strict=True))) for entry_id, words in entries
                ]
        for entry_id, fields in changes:
            await self._change(fields)
            self._changes_id = entry_id
        if len(self._by_key) > MANY:
            await asyncio.sleep(BREATH)

    async def _change(self, fields: dict[bytes, bytes]) -> None:
        self._stale_positions.set()
        watched = self._watched.get(fields[b"run"].decode())
        if watched is None:
            return
        if not watched.ready.is_set():
            watched.missed = True
            return
        attempt, state = int(fields[b"attempt"]), fields[b"state"].decode()
        key = stream.log_key(watched.run, attempt)
        rest: list[Entry] = []
        if b"last" in fields:  # the end came in one step with the last events: they are there to be read
            top = watched.top if key == watched.key else 0
            rest = await self.client.xrange(key, min=f"({top}-0")
        if not watched.advance(state, attempt):
            return
        if b"queue" in fields:  # sent anew: it may have been looked up while nobody knew
            watched.queue = fields[b"queue"].decode()
        if watched.key != key:
            self._by_key.pop(watched.key.encode(), None)
            watched.restart(attempt)
            self._by_key[key.encode()] = watched
        for entry_id, found in rest:
            watched.push(stream.batch(entry_id, found[b"e"]))
        if b"last" in fields:
            watched.last = int(fields[b"last"])
            self._by_key.pop(key.encode(), None)
        watched.tell()

    async def _place_forever(self) -> None:
        """Keep the positions of those who wait, no oftener than people can read."""
        while not self._over:
            await self._stale_positions.wait()
            self._stale_positions.clear()
            try:
                await self._place()
            except RedisError as error:
                log.warning("positions not read: %s", error)
            await asyncio.sleep(POSITIONS_EVERY)

    async def _place(self) -> None:
        queued = [w for w in self._watched.values() if w.state == "queued" and w.queue]
        if not queued:
            return
        pipe = self.client.pipeline(transaction=False)
        asked = waiting.ask(pipe)
        for watched in queued:
            pipe.zrank(stream.queue_key(watched.queue), watched.run)
        answers = await pipe.execute()
        pace = waiting.read(answers[:asked])
        for watched, rank in zip(queued, answers[asked:], strict=True):
            position = None if rank is None else int(rank) + 1
            if watched.state == "queued" and watched.position != position:
                watched.position = position
                watched.wait = None if position is None else pace.seconds(position)
                watched.tell()
