"""Control messages reach the runs of a worker: one blocking read over all of them, on one thread."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
import uuid
from collections import deque
from typing import Any, cast

import redis

from sandbox import controls, stream

log = logging.getLogger(__name__)

BLOCK_MS = 2_000
WAKE_TTL = 3_600  # s
HELD = 1_000  # messages that wait for a run that does not read


class Mailbox:
    """What has arrived for one run. `fd` is readable while something waits, so a run can poll it."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.lost = False
        self._messages: deque[dict[str, Any]] = deque(maxlen=HELD)
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._lock = threading.Lock()
        self._open = True

    @property
    def fd(self) -> int:
        return self._read

    def put(self, message: dict[str, Any]) -> None:
        self._messages.append(message)
        self.ring()

    def lose(self) -> None:
        """The lease is gone: whoever runs this must stop, silently."""
        self.lost = True
        self.ring()

    def ring(self) -> None:
        with self._lock, contextlib.suppress(BlockingIOError):
            if self._open:
                os.write(self._write, b"!")

    def take(self) -> list[dict[str, Any]]:
        """Everything that waits. Never blocks."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._read, 4096)
        taken: list[dict[str, Any]] = []
        with contextlib.suppress(IndexError):
            while True:
                taken.append(self._messages.popleft())
        return taken

    def close(self) -> None:
        with self._lock:
            self._open = False
            os.close(self._read)
            os.close(self._write)


class Postman(threading.Thread):
    """Reads the control streams of all runs that have a mailbox here."""

    def __init__(self, client: redis.Redis) -> None:
        super().__init__(name="controls", daemon=True)
        self.client = client
        self._wake = f"worker:{uuid.uuid4().hex}:wake"
        self._boxes: dict[str, tuple[Mailbox, str]] = {}  # control stream → mailbox, last id read
        self._lock = threading.Lock()
        self._over = threading.Event()

    def open(self, run: str) -> Mailbox:
        """A mailbox that also receives what was sent before the run began."""
        box = Mailbox(run)
        with self._lock:
            self._boxes[stream.control_key(run)] = (box, "0")
        with contextlib.suppress(*stream.AWAY):  # the read fails too, and begins anew
            self._interrupt()
        return box

    def drop(self, box: Mailbox) -> None:
        with self._lock:
            self._boxes.pop(stream.control_key(box.run), None)
        box.close()

    def close(self) -> None:
        self._over.set()
        with contextlib.suppress(redis.RedisError):
            self._interrupt()

    def _interrupt(self) -> None:
        pipe = self.client.pipeline(transaction=False)
        pipe.xadd(self._wake, {"w": ""}, maxlen=1, approximate=False)
        pipe.expire(self._wake, WAKE_TTL)
        pipe.execute()

    def run(self) -> None:
        wake = "0"
        while not self._over.is_set():
            with self._lock:
                positions = {key: last for key, (_, last) in self._boxes.items()}
            try:
                reply = cast(
                    "list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]] | None",
                    self.client.xread({self._wake: wake, **positions}, block=BLOCK_MS),  # type: ignore[dict-item]
                )
            except (redis.RedisError, OSError, ValueError) as error:
                if self._over.is_set():  # the connection was closed under a read that nobody waits for
                    return
                log.warning("control streams not read: %s", error)
                self._over.wait(0.5)
                continue
            for name, entries in reply or []:
                key, last = name.decode(), entries[-1][0].decode()
                if key == self._wake:
                    wake = last
                    continue
                with self._lock:
                    box = self._boxes.get(key, (None, ""))[0]
                    if box is not None:
                        self._boxes[key] = (box, last)
                if box is not None:
                    self._deliver(box, [fields[b"m"] for _, fields in entries])

    @staticmethod
    def _deliver(box: Mailbox, raw: list[bytes]) -> None:
        for text in raw:
            try:
                box.put(controls.check(json.loads(text)))
            except ValueError:
                log.warning("a control message for %s is not one: %r", box.run, text[:80])
