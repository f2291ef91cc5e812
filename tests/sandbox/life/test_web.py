"""Rule 1 of the log, on a real web process: nothing lost, nothing twice, in order, for every viewer."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from sandbox import states, stream
from sandbox.attempt import Attempt
from sandbox.jobs import DemoJob
from sandbox.leases import Leases
from sandbox.limits import DEMO
from sandbox.lines import Bounds
from tests.sandbox.life.web import ROOT, Viewer, Web, messages


@pytest.fixture
def web(clean_valkey: str, tmp_path: Path) -> Iterator[Web]:
    web = Web(tmp_path, clean_valkey)
    web.start()
    yield web
    web.kill()


class Producer:
    """A worker's side of one run, paced by hand."""

    def __init__(self, leases: Leases, run: str) -> None:
        leases.enqueue(run, "demo")
        job = DemoJob(run=run, files={}, seed=7, duration=10.0)
        self.attempt = Attempt(
            leases, job, leases.claim(run, "demo", "worker"), "demo", Bounds(DEMO, live=False)
        )
        self.leases = leases
        self.attempt.begin()

    def emit(self, count: int, text: str = "ёж") -> None:
        line = json.dumps({"t": 1.0, "kind": "tick", "text": text}).encode()
        self.attempt.take([line] * count)
        self.leases.client.set(stream.lease_key(self.attempt.job.run), "worker", px=60_000)

    async def produce(self, batches: int, pause: float) -> None:
        for _ in range(batches):
            await asyncio.to_thread(self.emit, random.randint(1, 4))
            await asyncio.sleep(pause)

    @property
    def last(self) -> int:
        return self.attempt.numberer.seq


async def test_thirty_viewers_who_lose_their_connections_each_get_every_event_once(
    web: Web, leases: Leases
) -> None:
    producer = Producer(leases, web.runs[0])
    viewers = [Viewer(web, web.runs[0]) for _ in range(30)]
    watching = [asyncio.create_task(viewer.watch()) for viewer in viewers]

    async def cut() -> None:
        while True:
            await asyncio.sleep(0.01)
            random.choice(viewers).cut()

    cutting = asyncio.create_task(cut())
    await producer.produce(200, 0.01)
    cutting.cancel()
    await asyncio.to_thread(producer.attempt.end, states.FINISHED)
    await asyncio.wait_for(asyncio.gather(*watching), 20)
    assert all(viewer.seqs == list(range(1, producer.last + 1)) for viewer in viewers)
    assert sum(viewer.connections for viewer in viewers) > 60


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_viewers_resume_when_the_web_process_starts_again(how: str, web: Web, leases: Leases) -> None:
    producer = Producer(leases, web.runs[0])
    viewers = [Viewer(web, web.runs[0]) for _ in range(5)]
    watching = [asyncio.create_task(viewer.watch()) for viewer in viewers]
    await producer.produce(30, 0.01)
    running = asyncio.create_task(producer.produce(150, 0.01))
    await asyncio.to_thread(getattr(web, how))
    await asyncio.to_thread(web.start)
    await running
    await asyncio.to_thread(producer.attempt.end, states.FINISHED)
    await asyncio.wait_for(asyncio.gather(*watching), 20)
    assert all(viewer.seqs == list(range(1, producer.last + 1)) for viewer in viewers)
    assert all(viewer.connections >= 2 for viewer in viewers)


async def test_a_run_that_ended_while_the_web_process_was_away_is_still_archived(
    web: Web, leases: Leases, client: redis.Redis
) -> None:
    producer = Producer(leases, web.runs[0])
    await asyncio.to_thread(web.kill)
    producer.emit(5)
    producer.attempt.end(states.FINISHED)
    await asyncio.to_thread(web.start)
    await _until(lambda: client.xlen(stream.ENDED) == 0)
    assert await asyncio.to_thread(web.row, web.runs[0]) == "finished"
    client.flushall()
    viewer = Viewer(web, web.runs[0])
    await asyncio.wait_for(viewer.watch(), 10)
    assert viewer.seqs == list(range(1, 8))


async def test_a_stalled_viewer_hurts_nobody_and_loses_nothing(web: Web, leases: Leases) -> None:
    producer = Producer(leases, web.runs[0])
    fast = Viewer(web, web.runs[0])
    watching = asyncio.create_task(fast.watch())
    async with web.open(web.runs[0], max_queue=1) as slow:
        await slow.send(json.dumps({"type": "subscribe", "after": 0}))
        await slow.recv()
        slow.transport.pause_reading()
        for _ in range(40):  # 8 MB: above what sockets, the ring and all buffers hold
            await asyncio.to_thread(producer.emit, 50, "x" * 4_000)
        await asyncio.to_thread(producer.attempt.end, states.FINISHED)
        await asyncio.wait_for(watching, 20)
        assert fast.seqs == list(range(1, producer.last + 1))
        slow.transport.resume_reading()
        seqs: list[int] = []
        async for message in messages(slow):
            if message["type"] == "events":
                seqs += [event["seq"] for event in message["events"]]
    assert seqs == list(range(1, producer.last + 1))


KILLED = """
import sys
from sandbox import jobs, stream
from sandbox.worker import Worker
from tests.sandbox.life.jails import OpenJails
client = stream.connect(sys.argv[1])
jails = OpenJails('say("call.sent", 1.5, id=1)\\ntime.sleep(60)')
Worker(client, jails, jails).demo(jobs.DemoJob(run=sys.argv[2], files={}, seed=7, duration=10.0))
"""


async def test_the_viewers_of_a_run_whose_worker_was_killed_are_told_within_ten_seconds(
    web: Web, leases: Leases, clean_valkey: str
) -> None:
    run = web.runs[0]
    leases.enqueue(run, "demo")
    worker = subprocess.Popen(
        [sys.executable, "-c", KILLED, clean_valkey, run], cwd=ROOT, start_new_session=True
    )
    viewer = Viewer(web, run)
    watching = asyncio.create_task(viewer.watch())
    try:
        await _until(lambda: len(viewer.seqs) == 2)
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
    await asyncio.wait_for(watching, 10)
    assert viewer.end == {"type": "end", "state": "lost", "last": 3}
    assert viewer.seqs == [1, 2, 3]


async def _until(condition: object, seconds: float = 10.0) -> None:
    limit = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < limit, "did not happen in time"
        await asyncio.sleep(0.02)
