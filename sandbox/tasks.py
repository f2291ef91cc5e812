"""What the broker may ask a worker to do. What the process's runs share is made once, when it starts."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from celery import shared_task

from sandbox import broker, host, jobs, limits, root, stream
from sandbox.pool import Pool
from sandbox.worker import Worker

log = logging.getLogger(__name__)

JUDGE_SPARE = 2  # warm jails for judgings, which are rarer and may wait a moment


class Process:
    """The worker process: opened by Celery's start, closed in two steps by its end."""

    worker: Worker | None = None
    pools: tuple[Pool, ...] = ()

    def open(self, redis_url: str, var: Path, warm: int) -> None:
        """Keep `warm` jails ready for demos and start the helper threads.

        Raises SystemExit where code cannot be confined.
        """
        try:
            demo = Pool(host.find(var), limits.DEMO, spare=warm)
            judge = Pool(demo.host, limits.JUDGE, spare=min(warm, JUDGE_SPARE))
        except (host.Unconfined, root.RootFailed) as error:
            raise SystemExit(str(error)) from error
        self.pools = (demo, judge)
        self.worker = Worker(stream.connect(redis_url), demo, judge)

    def stop(self) -> None:
        """Celery now waits for its tasks: end them, or a restart would take as long as the longest run."""
        if self.worker is not None:
            self.worker.close()

    def close(self) -> None:
        """After the last task."""
        if self.worker is not None:
            self.worker.shut()
        for pool in self.pools:
            pool.close()


process = Process()


# A demo is acknowledged when it begins: its viewers have watched it, and the reaper tells them if it is lost.
@shared_task(name=broker.RUN_DEMO, acks_late=False, ignore_result=True)
def run_demo(job_json: dict[str, Any], queue: broker.Queue = "demo") -> None:
    job = jobs.from_json(job_json)
    if not isinstance(job, jobs.DemoJob):
        raise TypeError(f"not a demo: {job_json.get('type')!r}")
    _worker().demo(job, queue)


# A judging is acknowledged when it has ended: if this worker dies, another one judges.
@shared_task(name=broker.RUN_JUDGE, acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def run_judge(job_json: dict[str, Any], queue: broker.Queue = "judge") -> None:
    job = jobs.from_json(job_json)
    if not isinstance(job, jobs.JudgeJob):
        raise TypeError(f"not a judging: {job_json.get('type')!r}")
    _worker().judge(job, queue)


def _worker() -> Worker:
    if process.worker is None:
        raise RuntimeError("the worker was not opened: start it with `-A coursesite.celery`")
    return process.worker
