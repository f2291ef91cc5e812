"""What the broker may ask a worker to do. The process's pool and helper threads live here, made once."""

from __future__ import annotations

import logging
from typing import Any

from celery import current_app, shared_task, signals

from sandbox import broker, jobs, stream
from sandbox.worker import Worker

log = logging.getLogger(__name__)

_process: dict[str, Worker] = {}


def redis_url(broker_url: str) -> str:
    """The broker's address as redis-py spells it."""
    if broker_url.startswith("redis+socket://"):
        return "unix://" + broker_url.removeprefix("redis+socket://")
    return broker_url


@signals.worker_init.connect
def open_worker(**_: Any) -> None:
    """Make the pool in the main thread, before any other thread: a jail dies with the thread that made it."""
    from sandbox.pool import Pool

    client = stream.connect(redis_url(current_app.conf.broker_url))
    _process["worker"] = Worker(client, Pool())


@signals.worker_shutting_down.connect
def close_worker(**_: Any) -> None:
    """Celery now waits for its tasks: end them, or a restart would take as long as the longest run."""
    if "worker" in _process:
        _process["worker"].close()


@signals.worker_shutdown.connect
def shut_worker(**_: Any) -> None:
    worker = _process.pop("worker", None)
    if worker is not None:
        worker.shut()
        close = getattr(worker.jails, "close", None)
        if close is not None:
            close()


# A demo is acknowledged when it begins: its viewers have watched it, and the reaper tells them if it is lost.
@shared_task(name=broker.RUN_DEMO, acks_late=False, ignore_result=True)
def run_demo(job_json: dict[str, Any], queue: broker.Queue = "demo") -> None:
    job = jobs.from_json(job_json)
    if not isinstance(job, jobs.DemoJob):
        raise TypeError(f"not a demo: {job_json.get('type')!r}")
    _process["worker"].demo(job, queue)


# A judging is acknowledged when it has ended: if this worker dies, another one judges.
@shared_task(name=broker.RUN_JUDGE, acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def run_judge(job_json: dict[str, Any], queue: broker.Queue = "judge") -> None:
    job = jobs.from_json(job_json)
    if not isinstance(job, jobs.JudgeJob):
        raise TypeError(f"not a judging: {job_json.get('type')!r}")
    _process["worker"].judge(job, queue)
