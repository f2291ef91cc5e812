"""Warm jails: interpreters that have imported all they need and wait for a start message.

One thread starts every jail, because the kernel ends a jail with the thread that started it. It refills in
the background one at a time, and drops that for whoever waits: a waiting taker gets the next jail that gets
ready, and as many are started at once as the machine has use for.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, InvalidStateError

from sandbox import host as hosts
from sandbox.host import Host
from sandbox.jail import Jail, JailFailed
from sandbox.limits import DEMO, Limits

SPARE = 4  # warm jails kept: about 13 MiB each
AT_ONCE = 2 * (os.cpu_count() or 1)  # jails getting warm together while someone waits
YIELD = 0.03  # s the refill leaves to a run that has just been given its jail: its first event goes first
CALM = 0.5  # s it leaves while half of the spare ones stand ready: most judgings are over by then
RETRY = 1.0  # s between refills after one has failed: a broken machine is not hammered


class PoolClosed(Exception):
    """The pool gives out no more jails."""


class Pool:
    """Jails for one profile of limits. Safe for many threads; `close` leaves nothing behind."""

    def __init__(self, host: Host | None = None, limits: Limits = DEMO, *, spare: int = SPARE) -> None:
        """Without `host`, this machine is looked at. Raises host.Unconfined, root.RootFailed."""
        self.host = host or hosts.find(hosts.var())
        self.limits, self.spare = limits, spare
        self._lock = threading.Lock()
        self._ready: deque[Jail] = deque()
        self._waiting: deque[Future[Jail]] = deque()
        self._taken: set[Jail] = set()
        self._closed = False
        self._refill_at = 0.0
        self._pause_until = 0.0
        self._wake_read, self._wake_write = os.pipe()
        for fd in (self._wake_read, self._wake_write):
            os.set_blocking(fd, False)
        self._thread = threading.Thread(target=self._keep, name="pool", daemon=True)
        self._thread.start()

    @contextlib.contextmanager
    def take(self, timeout: float | None = None) -> Iterator[Jail]:
        """A warm jail of one's own, stopped when the block is left.

        `timeout` in seconds bounds the wait. Without one, a taker waits its turn, however long the line:
        each jail that gets warm, or fails to within `warm_up`, is news for whoever has waited longest.
        Raises JailFailed when the jail that was to be this taker's could not be started, PoolClosed.
        """
        jail = self._get(timeout)
        try:
            yield jail
        finally:
            try:
                jail.stop()
            finally:
                with self._lock:
                    self._taken.discard(jail)

    def ready(self) -> int:
        """How many jails are warm now."""
        with self._lock:
            return len(self._ready)

    def close(self) -> None:
        """Stop every jail, those in use included, and the thread. Safe to call again."""
        with self._lock:
            closing, self._closed = not self._closed, True
        if closing:
            self._wake()
        self._thread.join()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _get(self, timeout: float | None) -> Jail:
        mine: Future[Jail] = Future()
        with self._lock:
            if self._closed:
                raise PoolClosed
            while self._ready:
                jail = self._ready.popleft()
                if jail.alive():
                    plenty = 2 * len(self._ready) >= self.spare
                    self._refill_at = time.monotonic() + (CALM if plenty else YIELD)
                    self._taken.add(jail)
                    break
                jail.stop()
            else:
                jail = None
                self._waiting.append(mine)
        self._wake()
        if jail:
            return jail
        try:
            return mine.result(timeout)
        except TimeoutError:
            with self._lock:
                if mine.cancel():
                    with contextlib.suppress(ValueError):
                        self._waiting.remove(mine)
                    raise JailFailed(f"песочница не прогрелась за {timeout:g} с") from None
            return mine.result()

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError, OSError):
            os.write(self._wake_write, b".")

    def _keep(self) -> None:
        """The thread: start what is wanted, hear what got ready."""
        warming: dict[int, tuple[Jail, float]] = {}
        poll = select.poll()
        poll.register(self._wake_read, select.POLLIN)
        while not self._closed:
            self._start(warming, poll)
            for fd, _ in poll.poll(self._patience(warming)):
                if fd == self._wake_read:
                    with contextlib.suppress(BlockingIOError):
                        os.read(fd, 4096)
                else:
                    poll.unregister(fd)
                    jail, _ = warming.pop(fd)
                    self._hand_over(jail)
            late = [
                fd for fd, (_, since) in warming.items() if time.monotonic() - since > self.limits.warm_up
            ]
            for fd in late:
                poll.unregister(fd)
                self._fail(warming.pop(fd)[0])
        self._clear([jail for jail, _ in warming.values()])

    def _start(self, warming: dict[int, tuple[Jail, float]], poll: select.poll) -> None:
        while True:
            with self._lock:
                waiting = len(self._waiting)
                missing = self.spare - len(self._ready)
            # No spare gets warm beside a jail that somebody waits for: it would slow that one down.
            wanted = min(waiting, AT_ONCE) if waiting else min(missing, 1)
            rest_until = self._pause_until if waiting else max(self._pause_until, self._refill_at)
            if len(warming) >= wanted or time.monotonic() < rest_until:
                return
            try:
                jail = Jail(self.host, self.limits)
            except JailFailed as error:
                self._refuse(error)
                return
            warming[jail.events] = (jail, time.monotonic())
            poll.register(jail.events, select.POLLIN)

    def _patience(self, warming: dict[int, tuple[Jail, float]]) -> int | None:
        """Milliseconds until something is due that no descriptor tells of."""
        now = time.monotonic()
        due = [since + self.limits.warm_up - now for _, since in warming.values()]
        due += [moment - now for moment in (self._pause_until, self._refill_at) if moment > now]
        return max(1, int(min(due) * 1000) + 1) if due else None

    def _hand_over(self, jail: Jail) -> None:
        """A jail is warm, or has died on the way."""
        if not jail.take_ready():
            self._fail(jail)
            return
        with self._lock:
            while self._waiting:
                taker = self._waiting.popleft()
                if taker.set_running_or_notify_cancel():
                    self._taken.add(jail)
                    taker.set_result(jail)
                    return
            self._ready.append(jail)

    def _fail(self, jail: Jail) -> None:
        jail.stop()
        self._refuse(JailFailed(jail.diagnosis()))

    def _refuse(self, error: JailFailed) -> None:
        """Tell whoever has waited longest, and let the machine rest before the next try."""
        with self._lock:
            taker = self._waiting.popleft() if self._waiting else None
            more = bool(self._waiting)
        if taker and taker.set_running_or_notify_cancel():
            with contextlib.suppress(InvalidStateError):
                taker.set_exception(error)
        self._pause_until = 0.0 if more else time.monotonic() + RETRY

    def _clear(self, warming: list[Jail]) -> None:
        with self._lock:
            ready, self._ready = list(self._ready), deque()
            waiting, self._waiting = list(self._waiting), deque()
            taken = list(self._taken)
        for taker in waiting:
            if taker.set_running_or_notify_cancel():
                taker.set_exception(PoolClosed())
        for jail in [*ready, *warming]:
            jail.stop()
        for jail in taken:
            jail.kill()  # its taker closes the descriptors, which it may be reading
        os.close(self._wake_read)
        os.close(self._wake_write)
        if self.host.cgroups:
            self.host.cgroups.leave()
