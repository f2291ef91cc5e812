"""The pool: starts a second, what a learner waits while it refills, and what an idle warm jail weighs."""

from __future__ import annotations

import contextlib
import os
import random
import select
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.host import Host
from sandbox.jail import Jail
from sandbox.limits import MIB
from sandbox.pool import SPARE, Pool
from sandbox.processes import descendants

DEMO_FILE = "async def scenario(lab):\n    lab.emit('hello')\n"
PARTS = ("nsjail", "process 1", "learner's process")


def start(demo: str) -> dict[str, Any]:
    files = {"demo.py": demo}
    return {"op": "start", "mode": "demo", "files": files, "seed": 1, "duration": 200.0, "pace": None}


def first_event(jail: Jail) -> None:
    jail.send(start(DEMO_FILE))
    poll = select.poll()
    poll.register(jail.events, select.POLLIN)
    poll.poll(10_000)
    assert os.read(jail.events, 1) == b"{"


def full(pool: Pool) -> None:
    while pool.ready() < pool.spare:
        time.sleep(0.005)


@dataclass(frozen=True, slots=True)
class Burst:
    """What came of many takes at once. Seconds."""

    waits: list[float]  # asked → first event, in order of asking
    rate: float  # runs a second, from the first asked to the last jail gone


def burst(pool: Pool, size: int) -> Burst:
    """`size` learners press at once; each runs to its first event and lets its jail go."""
    full(pool)
    waits = [0.0] * size

    def learner(number: int) -> None:
        asked = time.perf_counter()
        with pool.take() as jail:
            first_event(jail)
            waits[number] = time.perf_counter() - asked

    threads = [threading.Thread(target=learner, args=(number,)) for number in range(size)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Burst(waits, size / (time.perf_counter() - began))


def while_refilling(pool: Pool) -> float:
    """The pool has just been emptied and refills: asked → first event of one learner more, seconds."""
    full(pool)
    with contextlib.ExitStack() as others:
        for _ in range(pool.spare):
            others.enter_context(pool.take())
        time.sleep(random.uniform(0.0, 0.1))
        return taken(pool)


def taken(pool: Pool) -> float:
    """Asked for → first event: what a worker waits, pool included."""
    began = time.perf_counter()
    with pool.take() as jail:
        first_event(jail)
        return time.perf_counter() - began


@dataclass(frozen=True, slots=True)
class Weight:
    """MiB of PSS of one idle warm jail, by process: nsjail, process 1, the learner's."""

    parts: tuple[float, ...]

    @property
    def whole(self) -> float:
        return sum(self.parts)


def weights(host: Host, jails: int = SPARE) -> list[Weight]:
    """Of each of so many idle warm jails: the more there are, the more ways their files are shared."""
    with Pool(host, spare=jails) as pool:
        full(pool)
        time.sleep(0.3)
        return [weight(jail.process) for jail in list(pool._ready)]


def weight(nsjail: int) -> Weight:
    return Weight(tuple(_pss(process) / MIB for process in (nsjail, *descendants(nsjail))))


def _pss(process: int) -> int:
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
