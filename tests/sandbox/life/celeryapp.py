"""A Celery worker whose judge needs a second chance: the first judging hangs until killed, or let go on."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from celery import signals

from sandbox import states, stream
from sandbox.broker import make_app
from sandbox.jobs import JudgeJob
from sandbox.states import Ending
from sandbox.tasks import process
from sandbox.worker import Worker
from tests.sandbox.life.jails import OpenJails

REDIS_URL = os.environ["REDIS_URL"]
BEGUN = Path(os.environ["BEGUN"])
GO_ON = BEGUN.with_name("go-on")
HANGS = 60.0  # s
DEMO = 'say("run.started", 0)\nfor n in range(50):\n    say("tick", n / 10)\n    time.sleep(0.1)\n'
END = 'say("run.ended", 5.0, state="finished")\n'

app = make_app(REDIS_URL)
if "VISIBILITY" in os.environ:
    app.conf.broker_transport_options["visibility_timeout"] = int(os.environ["VISIBILITY"])


def judging(job: JudgeJob, take_jail: Any, emit: Any, stopped: Any) -> Ending:
    emit({"t": 0.0, "kind": "judge.started", "cases": []})
    if not BEGUN.exists():
        BEGUN.touch()
        until = time.monotonic() + HANGS
        while time.monotonic() < until and not GO_ON.exists():
            time.sleep(0.05)
    emit({"t": 0.1, "kind": "verdict", "passed": 1, "total": 1, "ok": True})
    return states.FINISHED


class NoJails:
    """A pool in which every place is taken, for as long as the worker lives."""

    def take(self) -> Any:
        time.sleep(HANGS)
        raise OSError("the test is over")


@signals.worker_init.connect
def _open(**_: Any) -> None:
    jails = NoJails() if "NO_JAILS" in os.environ else OpenJails(DEMO + END)
    process.worker = Worker(stream.connect(REDIS_URL), jails, jails, judging=judging)
