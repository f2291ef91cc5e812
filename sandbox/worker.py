"""The worker process: warm jails, two helper threads, and the envelope that every run is put in.

Whatever happens inside, a run that was claimed is ended exactly once, with a state that tells our fault
from the learner's.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, TypeVar

import redis

from sandbox import limits, states, stream
from sandbox.attempt import ATTEMPTS, Attempt, Gone, give_up, tries
from sandbox.broker import Queue
from sandbox.demo import Demo, out_of_memory
from sandbox.demo import Jail as DemoJail
from sandbox.jobs import DemoJob, Job, JudgeJob
from sandbox.leases import LeaseKeeper, Leases
from sandbox.lines import Bounds
from sandbox.mailbox import Mailbox, Postman
from sandbox.states import Ending

log = logging.getLogger(__name__)

CRASHES = {128 + number for number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGABRT)}

T = TypeVar("T")


class Outcome(Protocol):
    """How a jail ended (`sandbox.jail.Outcome`)."""

    @property
    def kind(self) -> str: ...
    @property
    def exit_code(self) -> int | None: ...
    @property
    def stderr(self) -> str: ...


class Jail(DemoJail, Protocol):
    def outcome(self) -> Outcome: ...


class Jails(Protocol):
    """`sandbox.pool.Pool`."""

    def take(self) -> AbstractContextManager[Jail]: ...


Judging = Callable[..., Any]


class Worker:
    """Everything one worker process shares between its runs. `close` ends them as lost by our fault."""

    def __init__(
        self,
        client: redis.Redis,
        demo_jails: Jails,
        judge_jails: Jails,
        *,
        judging: Judging | None = None,
    ) -> None:
        self.client = client
        self.demo_jails = demo_jails
        self.judge_jails = judge_jails
        self.judging = judging
        self.name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self.leases = Leases(client)
        self.keeper = LeaseKeeper(self.leases, self.name)
        self.postman = Postman(client)
        self.closing = threading.Event()
        self._live: set[Mailbox] = set()
        self.keeper.start()
        self.postman.start()

    def close(self) -> None:
        """Stop the runs that go on here, telling their viewers why. Returns at once; they end themselves."""
        self.closing.set()
        for box in list(self._live):
            box.ring()

    def shut(self) -> None:
        """After the last run: end the helper threads."""
        self.keeper.close()
        self.postman.close()

    def demo(self, job: DemoJob, queue: Queue = "demo") -> None:
        """Run one demo to its end. A second delivery, or a run already stopped, does nothing."""
        if not self._wanted(job):
            return
        try:
            with self.demo_jails.take() as jail:
                self._demo_in(jail, job, queue)
        except Exception:
            # A jail that cannot be had or torn down: the run, if it was not ended inside, is ended here.
            log.exception("run %s: the sandbox failed", job.run)
            self._abandon(job, queue)

    def judge(self, job: JudgeJob, queue: Queue = "judge") -> None:
        """Judge one submission. After a worker's death the broker brings the job again: the next attempt."""
        if not self._wanted(job):
            return
        with self._held(job, queue, Bounds(limits.JUDGE, live=False), again=True) as held:
            if held is None:
                return
            attempt, box = held
            if tries(attempt.number) > ATTEMPTS:
                attempt.end(states.BROKEN)
                return
            attempt.begin()
            attempt.end(self._judged(job, attempt, box))

    def _demo_in(self, jail: Jail, job: DemoJob, queue: Queue) -> None:
        with self._held(job, queue, Bounds(limits.DEMO, live=job.pace is not None)) as held:
            if held is None:  # stopped while it waited for the jail
                return
            attempt, box = held
            attempt.begin()
            demo = Demo(job, attempt, jail, box, limits.DEMO, closing=self.closing.is_set)
            ending = demo.play()
            attempt.cpu = jail.usage().cpu_seconds
            attempt.end(ending or silent_ending(jail.outcome(), limits.DEMO), demo.t)

    @contextmanager
    def _held(
        self, job: Job, queue: Queue, bounds: Bounds, *, again: bool = False
    ) -> Iterator[tuple[Attempt, Mailbox] | None]:
        """The envelope of a run: its attempt and letters, its lease kept meanwhile; None when it is not ours.

        What escapes the block ends the run by our fault, unless the run is no longer ours to end, or the
        broker is away: nobody would hear, and the registrar has its way with runs whose lease is gone.
        """
        owner = f"{self.name}:{uuid.uuid4().hex[:8]}"
        number = self._ask(lambda: self.leases.claim(job.run, queue, owner, again=again))
        if not number:
            yield None
            return
        attempt = Attempt(self.leases, job, number, queue, bounds, owner=owner)
        box = self._open(job.run, owner)
        try:
            yield attempt, box
        except Gone:
            log.warning("run %s: attempt %d is no longer ours", job.run, number)
        except stream.AWAY as error:
            log.warning("run %s: attempt %d is left: %s", job.run, number, error)
        except Exception:
            log.exception("run %s: the worker failed", job.run)
            attempt.end(states.BROKEN)
        finally:
            self._drop(box)

    def _judged(self, job: JudgeJob, attempt: Attempt, box: Mailbox) -> Ending:
        judging = self.judging
        if judging is None:
            from sandbox import judge

            judging = judge.run
        stopped = False

        def emit(event: dict[str, Any]) -> None:
            fields = dict(event)
            kind, t = fields.pop("kind"), fields.pop("t", attempt.numberer.t)
            attempt.emit(kind, t, fields)

        def over() -> bool:
            nonlocal stopped
            stopped = stopped or any(message["op"] == "stop" for message in box.take())
            return stopped or box.lost or self.closing.is_set()

        @contextmanager
        def take() -> Iterator[Jail]:
            with self.judge_jails.take() as jail:
                try:
                    yield jail
                finally:
                    attempt.cpu += jail.usage().cpu_seconds

        told = judging(job, take, emit, over)
        if box.lost or (self.closing.is_set() and not stopped and told.state == "stopped"):
            raise Gone(job.run)  # another worker judges it again
        return Ending(told.state, told.reason, told.text)

    def _wanted(self, job: Job) -> bool:
        state = self._ask(lambda: self.leases.take_in(job.run, self.name))
        return state is not None and states.RANK[state] < states.RANK["lost"]

    def _ask(self, question: Callable[[], T]) -> T:
        """The broker's answer, however long it is away: a job that is dropped would be waited for in vain."""
        return stream.patiently(question, over=self.closing)

    def _abandon(self, job: Job, queue: Queue) -> None:
        """End a run that failed before or after its attempt. Nothing happens when it was ended already."""
        owner = f"{self.name}:abandon"
        number = self.leases.claim(job.run, queue, owner)
        if number:
            give_up(self.leases, job, number, queue, states.BROKEN, unless_leased=False)

    def _open(self, run: str, owner: str) -> Mailbox:
        box = self.postman.open(run)
        self._live.add(box)
        self.keeper.hold(run, owner, box.lose)
        if self.closing.is_set():
            box.ring()
        return box

    def _drop(self, box: Mailbox) -> None:
        self._live.discard(box)
        self.keeper.drop(box.run)
        self.postman.drop(box)


def silent_ending(outcome: Outcome, bounds: limits.Limits) -> Ending:
    """The end of a demo whose jail ended without a word: never a success, whatever its exit status."""
    if outcome.kind == "out_of_memory":
        return out_of_memory(bounds)
    if outcome.kind == "broken":
        log.error("a jail broke: %s", outcome.stderr)
        return states.BROKEN
    if outcome.exit_code == 128 + signal.SIGXCPU:
        return Ending("timed_out", "limit", f"Прогон остановлен: {bounds.text('cpu')}.")
    if outcome.exit_code in CRASHES:
        # From Python's own code mostly by recursion, once sys.setrecursionlimit has let it go too deep.
        text = "Программа упала: интерпретатор не выдержал. Нет ли рекурсии без конца?"
        return Ending("failed", "learner", text)
    return Ending("failed", "learner", "Программа закрылась сама, не дойдя до конца сценария.")
