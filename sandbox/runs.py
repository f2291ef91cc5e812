"""Start, stop, steer and look at runs: the site's side. Who may is the caller's business."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import redis
from celery import Celery
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from sandbox import attempt, broker, controls, jobs, signals, states, stream, waiting
from sandbox.broker import Queue
from sandbox.client import valkey
from sandbox.leases import Leases
from sandbox.models import Archive, Run, new_id

log = logging.getLogger(__name__)


class Unavailable(OSError):
    """Nothing can be started now: the broker does not answer."""


class QueueFull(Exception):
    """No place is left in the queue: `length` runs wait, a place may be free in `retry_after` seconds."""

    def __init__(self, length: int, retry_after: int) -> None:
        super().__init__(f"{length} runs wait")
        self.length = length
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the queue, from 1, and how many seconds it means about (None: nobody can tell)."""

    position: int
    wait: int | None


UNTOLD = 60  # s: when to come again, where there is nothing to reckon from
LATEST = 600  # s: and the longest that is worth saying


@lru_cache(maxsize=4)
def _celery(url: str) -> Celery:
    return broker.make_app(url)


@lru_cache(maxsize=4)
def _leases(client: redis.Redis) -> Leases:
    return Leases(client)


def leases() -> Leases:
    return _leases(valkey())


def warm() -> None:
    """Open the connections that the first start would otherwise wait for (about half a second)."""
    app = _celery(settings.REDIS_URL)
    app.finalize()
    with app.producer_or_acquire() as producer:
        producer.connection.ensure_connection(max_retries=2, timeout=5)
    valkey().ping()


def start(job: jobs.Job, *, label: str, kind: str = "demo", queue: Queue | None = None) -> Run:
    """Make the row and hand the job to a worker, once the transaction around it (if any) is committed.

    An empty `job.run` is given a new id. Raises Unavailable when the broker does not answer, QueueFull when
    too many wait already. Should the broker fail later, at the commit, a demo is marked lost and its
    viewers see why; a judging waits for the registrar, which sends it once the broker is back.
    """
    queue = queue or queue_of(job)
    try:
        _require_place(queue)
    except redis.RedisError as error:
        raise Unavailable("the broker does not answer") from error
    job = dataclasses.replace(job, run=job.run or new_id())
    run = Run.objects.create(id=job.run, kind=kind, label=label[:200], job=job.to_json())
    transaction.on_commit(lambda: _send(run, job, queue))
    return run


def stop(run: Run | str) -> None:
    """Ask a run to stop; one that still waits in the queue ends at once. Harmless when it has ended."""
    run_id = run if isinstance(run, str) else run.id
    client = valkey()
    stream.send_control(client, run_id, {"op": "stop"})
    state, queue = cast("list[bytes | None]", client.hmget(stream.run_key(run_id), "state", "queue"))
    if state != b"queued" or queue is None:
        return
    row = run if isinstance(run, Run) else Run.objects.only("job").get(pk=run_id)
    number = leases().claim(run_id, queue.decode(), "owner")
    if number:  # no worker had it yet, and now none can
        attempt.give_up(leases(), row.task, number, queue.decode(), states.STOPPED, unless_leased=False)


def send(run: Run | str, message: dict[str, Any]) -> None:
    """Send a control message to a live run. Raises controls.BadControl."""
    message = controls.check(message)
    if message["op"] == "stop":
        stop(run)
    else:
        stream.send_control(valkey(), run if isinstance(run, str) else run.id, message)


def _require_place(queue: Queue) -> None:
    """Raise QueueFull unless one more may wait; asked before the row is made, so it may be off by a few."""
    pipe = valkey().pipeline(transaction=False)
    pipe.zcard(stream.queue_key(queue))
    waiting.ask(pipe)
    length, *answers = pipe.execute()
    if queue != "bulk" and length >= settings.QUEUE_LIMIT:  # nobody waits for those in `bulk`
        # Not until the whole queue is through: a tenth of it is room enough.
        some = waiting.read(answers).seconds(max(1, length // 10))
        raise QueueFull(length, min(some or UNTOLD, LATEST))


def position(run: Run | str) -> int | None:
    """The place in the queue, from 1; None when it does not wait (any more)."""
    found = place(run)
    return found.position if found else None


def place(run: Run | str) -> Place | None:
    """The place in the queue and the wait it means; None when it does not wait (any more)."""
    run_id = run if isinstance(run, str) else run.id
    client = valkey()
    queue = cast("bytes | None", client.hget(stream.run_key(run_id), "queue"))
    if queue is None:
        return None
    pipe = client.pipeline(transaction=False)
    pipe.zrank(stream.queue_key(queue.decode()), run_id)
    waiting.ask(pipe)
    rank, *answers = pipe.execute()
    return None if rank is None else Place(rank + 1, waiting.read(answers).seconds(rank + 1))


def record(
    events: Iterable[dict[str, Any]],
    *,
    label: str,
    kind: str,
    job: jobs.Job | None = None,
    ending: states.Ending = states.FINISHED,
) -> Run:
    """A finished run made of events that happened already; they are numbered anew from 1."""
    lines = []
    for seq, event in enumerate(events, start=1):
        fields = {key: value for key, value in event.items() if key not in {"seq", "t", "kind"}}
        lines.append(stream.encode(seq, event["t"], event["kind"], fields))
    run_id = new_id()
    now = timezone.now()
    return Run.objects.create(
        id=run_id,
        kind=kind,
        label=label[:200],
        state=ending.state,
        reason=ending.reason,
        text=ending.text,
        job=dataclasses.replace(job, run=run_id).to_json() if job else {},
        last_seq=len(lines),
        archive=archive(lines),
        started=now,
        ended=now,
    )


def archive(lines: list[bytes]) -> Archive:
    """The archive of these lines, made unless there is one."""
    text = b"\n".join(lines)
    digest = hashlib.sha256(text).hexdigest()
    body = gzip.compress(text, compresslevel=6, mtime=0)
    return Archive.objects.get_or_create(digest=digest, defaults={"body": body, "events": len(lines)})[0]


def queue_of(job: jobs.Job) -> Queue:
    return "judge" if isinstance(job, jobs.JudgeJob) else "demo"


def hand_out(job: jobs.Job, queue: Queue) -> None:
    """Send the job to the workers. Raises OperationalError or RedisError when the broker does not answer."""
    name = broker.RUN_JUDGE if isinstance(job, jobs.JudgeJob) else broker.RUN_DEMO
    _celery(settings.REDIS_URL).send_task(
        name, args=[job.to_json(), queue], queue=queue, retry=False, ignore_result=True
    )
    leases().sent(job.run)


def send_again(run: Run, first: int) -> None:
    """Put a run that Valkey has forgotten back into its queue; `first` is its next attempt's number.

    Raises redis.RedisError, OperationalError when the broker does not answer.
    """
    _enqueue(run.id, run.task, queue_of(run.task), first)


def _enqueue(run_id: str, job: jobs.Job, queue: Queue, first: int = 1) -> None:
    if leases().enqueue(run_id, queue, first=first):
        hand_out(job, queue)


def _send(run: Run, job: jobs.Job, queue: Queue) -> None:
    try:
        _enqueue(run.id, job, queue)
    except (redis.RedisError, OperationalError):
        log.exception("run %s was not sent", run.id)
        if isinstance(job, jobs.JudgeJob):
            return  # the code is in the database: nobody has to hand it in again
        run.state, run.reason, run.text = "lost", "ours", states.BROKEN.text
        run.ended = timezone.now()
        with transaction.atomic():
            run.save(update_fields=["state", "reason", "text", "ended"])
            signals.run_ended.send(sender=Run, run=run)  # a solution is not left waiting for its verdict
