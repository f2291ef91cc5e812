"""One demo in a jail, read whole: for recordings and tests of lessons with real components.

What a worker would have shown its viewers, without a broker: the same numbering, the same bounds.
"""

from __future__ import annotations

import json
import os
import select
import time
from dataclasses import asdict
from typing import Any

from sandbox import states
from sandbox.attempt import started
from sandbox.demo import start_message
from sandbox.jail import Jail
from sandbox.jobs import DemoJob
from sandbox.lines import BoundReached, Bounds, GuestEnded, Numberer, Splitter

BEYOND = 30.0  # wall s a run may take beside its duration: imports, children's starts, a busy machine


class NotRecorded(Exception):
    """The run did not come to an end of its own; the message says why, in Russian."""


def record(jail: Jail, job: DemoJob) -> list[dict[str, Any]]:
    """The numbered events of one run in a warm jail of its own.

    A learner-visible failure (`problem`) is part of the log and raises nothing. Raises NotRecorded when a
    bound was reached, when the jail ended without a word, or after `job.duration` and half a minute.
    """
    numberer = Numberer(Bounds(jail.limits, live=job.pace is not None))
    splitter = Splitter(jail.limits)
    lines = [numberer.own("run.started", started(job), 0.0)]
    until = time.monotonic() + job.duration + BEYOND
    jail.send(start_message(job))
    poll = select.poll()
    poll.register(jail.events, select.POLLIN)
    try:
        while poll.poll(max(0.0, until - time.monotonic()) * 1000):
            chunk = os.read(jail.events, 65536)
            if not chunk:
                raise NotRecorded(f"песочница закрылась, не дойдя до конца: {jail.outcome()}")
            for line in splitter.feed(chunk):
                if (numbered := numberer.take(line)) is not None:
                    lines.append(numbered)
        raise NotRecorded("прогон не кончился вовремя")
    except GuestEnded as ended:
        ending = asdict(states.BY_GUEST.get(ended.state, states.FAILED))
        lines.append(numberer.own("run.ended", ending, max(ended.t, numberer.t)))
    except BoundReached as reached:
        raise NotRecorded(reached.text) from None
    return [json.loads(line) for line in lines]
