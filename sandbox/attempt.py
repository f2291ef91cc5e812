"""One attempt of a run, as the worker that holds it sees it: the log it writes, and its one end.

A judging that Valkey has forgotten is sent anew by the site, and each sending has `STRIDE` attempt numbers
of its own: whoever still works on an earlier one can neither write into the new log nor end the run, although
Valkey remembers nothing of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from sandbox import stream
from sandbox.jobs import DemoJob, Job
from sandbox.leases import Leases
from sandbox.limits import DEMO
from sandbox.lines import Bounds, Numberer
from sandbox.states import Ending

T = TypeVar("T")

ATTEMPTS = 3  # of one sending: a submission that takes a worker down with it must not do so for ever
SENDINGS = 3  # of one judging: past that Valkey is not to be relied on, and the learner is told
OUTAGE = 4.0  # s of the broker's absence that an attempt lives through; its lease lasts 5
STRIDE = 10  # above `ATTEMPTS` by what a worker may have begun without the database having heard of it


def tries(number: int) -> int:
    """Which attempt of its sending this is, from 1."""
    return (number - 1) % STRIDE + 1


def next_sending(number: int) -> int:
    """The first attempt of the sending that follows the one of attempt `number`."""
    return (number - 1) // STRIDE * STRIDE + STRIDE + 1


class Gone(Exception):
    """The attempt is no longer ours: somebody ended it, or the lease ran out and it was given up."""


def started(job: Job) -> dict[str, Any]:
    """The fields of `run.started`, the same for every attempt of one job."""
    if isinstance(job, DemoJob):
        return {
            "seed": job.seed,
            "duration": job.duration,
            "clock": job.clock,
            "controls": dict(job.controls),
        }
    return {"seed": job.seed, "duration": 0, "clock": "virtual", "controls": {}}


class Attempt:
    """Appends numbered events; ends once. Safe to use from several threads (a judge emits from its own)."""

    def __init__(
        self, leases: Leases, job: Job, number: int, queue: str, bounds: Bounds, *, owner: str = ""
    ) -> None:
        self.leases = leases
        self.job = job
        self.number = number
        self.queue = queue
        self.owner = owner
        self.cpu = 0.0  # processor seconds of its jails so far
        self.numberer = Numberer(bounds)
        self._log = stream.Log(leases.client, job.run, number)
        self._begun = False
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Write `run.started` and tell everybody that the run runs. Raises Gone."""
        with self._lock:
            self._append([self.numberer.own("run.started", started(self.job), 0.0)])
        if not self._ask(lambda: self.leases.mark(self.job.run, self.number, "running")):
            raise Gone(self.job.run)

    def take(self, lines: Iterable[bytes]) -> None:
        """Number and append the guest's lines as one batch. What fits is appended before it raises."""
        numbered: list[bytes] = []
        with self._lock:
            try:
                for line in lines:
                    if (event := self.numberer.take(line)) is not None:
                        numbered.append(event)
            finally:
                if numbered:
                    self._append(numbered)

    def emit(self, kind: str, t: float, fields: dict[str, Any]) -> None:
        """Append one event of our own (the judge's). `t` in seconds; never goes back."""
        with self._lock:
            self._append([self.numberer.own(kind, fields, max(t, self.numberer.t))])

    def end(self, ending: Ending, t: float = 0.0) -> bool:
        """Write `run.ended` (at `t`, if later than the last event) and the state.

        False when the attempt was not ours to end any more.
        """
        told = {"state": ending.state, "reason": ending.reason, "text": ending.text}
        with self._lock:
            line = self.numberer.own("run.ended", told, max(t, self.numberer.t))
            done = self._ask(
                lambda: self.leases.conclude(
                    self.job.run,
                    self.number,
                    self.queue,
                    ending,
                    last=self.numberer.seq,
                    lines=[line],
                    cpu=self.cpu,
                    owner=self.owner,
                )
            )
        return done == 1

    def _append(self, lines: list[bytes]) -> None:
        last = self.numberer.seq
        try:
            self._ask(lambda: self._log.append(last, lines, begun=self._begun))
        except stream.Forgotten as error:
            raise Gone(self.job.run) from error
        except stream.OutOfOrder as error:
            tail = self._ask(self._log.tail)
            if tail is None or tail.last != last or tail.payload != b"\n".join(lines):
                raise Gone(self.job.run) from error
            # It is this very batch, asked for twice because the first answer was lost.
        self._begun = True

    def _ask(self, question: Callable[[], T]) -> T:
        return stream.patiently(question, seconds=OUTAGE)


def give_up(
    leases: Leases, job: Job, number: int, queue: str, ending: Ending, *, unless_leased: bool
) -> bool:
    """End an attempt from outside, after whatever its log already holds. False when it was over anyway."""
    log = stream.Log(leases.client, job.run, number)
    for _ in range(10):
        tail = log.tail()
        numberer = Numberer(Bounds(DEMO))
        lines: list[bytes] = []
        if tail is None:
            lines.append(numberer.own("run.started", started(job), 0.0))
        else:
            numberer.seq, numberer.t = tail.last, stream.time_of(tail.lines()[-1])
        told = {"state": ending.state, "reason": ending.reason, "text": ending.text}
        lines.append(numberer.own("run.ended", told))
        done = leases.conclude(
            job.run,
            number,
            queue,
            ending,
            last=numberer.seq,
            lines=lines,
            unless_leased=unless_leased,
        )
        if done >= 0:
            return done == 1
    return False
