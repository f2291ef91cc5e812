"""One demo, from the start message to the end: jail's pipe to log, control messages to the jail."""

from __future__ import annotations

import contextlib
import json
import math
import os
import select
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from sandbox import controls, states
from sandbox.attempt import Attempt, Gone
from sandbox.jobs import DemoJob
from sandbox.limits import Limits
from sandbox.lines import BoundReached, GuestEnded, Splitter
from sandbox.mailbox import Mailbox
from sandbox.states import Ending

CHUNK = 65536  # bytes of one read of the event pipe, and so of one batch
USAGE_EVERY = 1.0  # s between looks at the CPU a jail has used
UNSENT = 64 * 1024  # bytes of control messages that a guest may leave unread


class Jail(Protocol):
    """What this module needs of a jail (`sandbox.jail`)."""

    @property
    def control(self) -> int: ...
    @property
    def events(self) -> int: ...
    def usage(self) -> Any: ...
    def stop(self) -> None: ...


def start_message(job: DemoJob) -> dict[str, Any]:
    """The first line on the control pipe."""
    return {
        "op": "start",
        "mode": "demo",
        "files": job.files,
        "seed": job.seed,
        "duration": job.duration,
        "pace": job.pace,
        "controls": job.controls,
        "script": [list(entry) for entry in job.script],
        "clock": job.clock,
        "touched": job.touched,
        "preload": job.preload,
    }


def out_of_memory(limits: Limits) -> Ending:
    """The end of a run for which the kernel, or Python, found no more memory."""
    return replace(states.OUT_OF_MEMORY, text=f"Программе не хватило памяти: {limits.text('memory')}.")


class Demo:
    """Moves bytes between one jail and one attempt until either ends.

    `play` returns how it ended, or None when the jail ended without a word (killed, out of memory).
    `t` is the scenario time of the end, as the guest told it.
    """

    def __init__(
        self,
        job: DemoJob,
        attempt: Attempt,
        jail: Jail,
        mailbox: Mailbox,
        limits: Limits,
        *,
        closing: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.job = job
        self.attempt = attempt
        self.jail = jail
        self.mailbox = mailbox
        self.limits = limits
        self.t = 0.0
        self.closing = closing  # True when the whole worker stops
        self._clock = clock
        self._usage_due = clock() + USAGE_EVERY
        self._splitter = Splitter(limits)
        self._unsent = bytearray()
        self._ending: Ending | None = None
        self._stopping = float("inf")  # when patience with a guest asked to stop ends
        self._poll = select.poll()

    def play(self) -> Ending | None:
        """Raises Gone when the run is no longer ours."""
        ending = self._play()
        if ending is not None and ending.reason in ("done", "learner") and self.jail.usage().out_of_memory:
            # A child or a server of its was killed: its own code tells of a lost connection, or nothing.
            return out_of_memory(self.limits)
        return ending

    def _play(self) -> Ending | None:
        start = json.dumps(start_message(self.job), ensure_ascii=False)
        self._unsent += start.encode("utf-8", "replace") + b"\n"  # half a character is no text
        self._poll.register(self.jail.events, select.POLLIN)
        self._poll.register(self.mailbox.fd, select.POLLIN)
        self._write()
        deadline = self._clock() + self.limits.wall
        while self._ending is None:
            now = self._clock()
            if now >= self._stopping:
                return states.STOPPED
            if now >= deadline:
                return Ending("timed_out", "limit", f"Время вышло: {self.limits.text('wall')}.")
            if now >= self._usage_due:
                self._usage_due = now + USAGE_EVERY
                used = self.jail.usage()
                if used.out_of_memory:
                    return out_of_memory(self.limits)
                if used.cpu_seconds > self.limits.cpu:
                    return Ending("timed_out", "limit", f"Прогон остановлен: {self.limits.text('cpu')}.")
            left = min(deadline, self._stopping, self._usage_due) - now
            ready = self._poll.poll(math.ceil(left * 1000))
            for fd, _ in ready:
                if fd == self.mailbox.fd:
                    self._receive()
                elif fd == self.jail.events:
                    if not self._read():
                        return self._ending
                else:
                    self._write()
        return self._ending

    def _read(self) -> bool:
        """One read is one batch. False at the end of the pipe."""
        try:
            data = os.read(self.jail.events, CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not data:
            return False
        try:
            self.attempt.take(self._splitter.feed(data))
        except GuestEnded as ended:
            self.t = ended.t
            self._ending = states.BY_GUEST.get(ended.state, states.FAILED)
            if ended.state == "out_of_memory":
                self._ending = out_of_memory(self.limits)
        except BoundReached as reached:
            fields = {"what": reached.what, "bound": reached.bound, "text": reached.text}
            self.attempt.emit("limit", self.attempt.numberer.t, fields)
            self._ending = Ending("stopped", "limit", f"Прогон остановлен: {reached.text}.")
        return True

    def _receive(self) -> None:
        messages = self.mailbox.take()
        if self.mailbox.lost:
            raise Gone(self.job.run)
        if self.closing():
            self._ending = states.RESTARTED
            return
        for message in messages:
            if message["op"] == "stop" and self._stopping == float("inf"):
                self._stopping = self._clock() + self.limits.grace
            self._unsent += controls.encode(message)
        if len(self._unsent) > UNSENT + self.limits.files * 2:
            self._unsent.clear()
            self._ending = Ending("failed", "learner", "Программа перестала отвечать на регуляторы.")
            return
        self._write()

    def _write(self) -> None:
        """Send what the pipe takes; the rest when it is writable again."""
        with contextlib.suppress(BlockingIOError):
            try:
                while self._unsent:
                    del self._unsent[: os.write(self.jail.control, self._unsent)]
            except BrokenPipeError:  # it is ending: the event pipe will say so
                self._unsent.clear()
        with contextlib.suppress(KeyError):
            self._poll.unregister(self.jail.control)
        if self._unsent:
            self._poll.register(self.jail.control, select.POLLOUT)
