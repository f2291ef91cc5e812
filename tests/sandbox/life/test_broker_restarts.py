"""Valkey dies under a real web server and a real worker, and comes back with what it held or with nothing."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidMessage

from sandbox import states, stream
from sandbox.attempt import STRIDE
from sandbox.jobs import DemoJob, JudgeJob
from sandbox.leases import Leases
from sandbox.models import new_id
from sandbox.states import Ending
from sandbox.worker import Worker
from tests.sandbox.life.broker import Broker
from tests.sandbox.life.jails import OpenJails
from tests.sandbox.life.web import Web, messages
from tests.sandbox.life.workers import Workers

EMPTY, KEPT = True, False
how = pytest.mark.parametrize("empty", [EMPTY, KEPT], ids=["empty", "kept"])


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def web(broker: Broker, tmp_path: Path) -> Iterator[Web]:
    web = Web(tmp_path, broker.url)
    web.start()
    yield web
    web.kill()


@pytest.fixture
def workers(broker: Broker, tmp_path: Path) -> Iterator[Workers]:
    workers = Workers(tmp_path, broker.url)
    yield workers
    workers.close()


class Page:
    """What a page does with the socket of a run: stays, comes back, forgets what it is told to forget."""

    def __init__(self, web: Web, run: str) -> None:
        self.web = web
        self.run = run
        self.log: list[dict[str, Any]] = []
        self.states: list[dict[str, Any]] = []
        self.errors: list[str] = []
        self.ends: list[dict[str, Any]] = []
        self.attempt: int | None = None

    @property
    def kinds(self) -> list[str]:
        return [event["kind"] for event in self.log]

    def waits(self, attempt: int) -> bool:
        """Whether it shows a place in the queue."""
        last = self.states[-1] if self.states else {}
        return (last.get("state"), last.get("position"), last.get("attempt")) == ("queued", 1, attempt)

    async def watch(self) -> None:
        while not self.ends:
            try:
                async with self.web.open(self.run) as socket:
                    await socket.send(
                        json.dumps({"type": "subscribe", "after": len(self.log)} | self._known())
                    )
                    await self._listen(socket)
            except (ConnectionClosed, OSError, InvalidMessage):
                pass
            if not self.ends:
                await asyncio.sleep(0.1)

    def _known(self) -> dict[str, int]:
        return {} if self.attempt is None else {"attempt": self.attempt}

    async def _listen(self, socket: ClientConnection) -> None:
        async for message in messages(socket):
            match message["type"]:
                case "events":
                    self.log += message["events"]
                case "state":
                    self.attempt = message["attempt"]
                    self.states.append(message)
                case "reset":
                    self.attempt = message["attempt"]
                    self.log.clear()
                case "error":
                    self.errors.append(message["code"])
                case "end":
                    self.ends.append(message)


async def until(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "did not happen in time"
        await asyncio.sleep(0.05)


async def row_says(web: Web, run: str, state: str) -> None:
    """The row follows the log by a moment: the registrar writes it."""
    limit = time.monotonic() + 30
    while await asyncio.to_thread(web.row, run) != state:
        assert time.monotonic() < limit, "did not happen in time"


async def finished(watching: asyncio.Task[None], page: Page, web: Web) -> None:
    """The page has seen one judging, whole, and the row says the same."""
    await asyncio.wait_for(watching, 40)
    assert page.kinds == ["run.started", "judge.started", "verdict", "run.ended"]
    assert [event["seq"] for event in page.log] == [1, 2, 3, 4]
    assert page.ends == [{"type": "end", "state": "finished", "last": 4}]
    await row_says(web, page.run, "finished")


@how
async def test_a_judging_that_waits_is_judged_without_anybody_sending_it_again(
    empty: bool, web: Web, broker: Broker, workers: Workers
) -> None:
    workers.begun.touch()  # no judging hangs here
    page = Page(web, await asyncio.to_thread(web.submit, "judge"))
    watching = asyncio.create_task(page.watch())
    await until(lambda: page.waits(0) or page.waits(1))
    page.states.clear()
    await asyncio.to_thread(broker.restart, empty=empty)
    if empty:
        await until(lambda: page.waits(STRIDE + 1))
    workers.start()
    await finished(watching, page, web)
    assert page.attempt == (STRIDE + 1 if empty else 1)


@how
async def test_a_judging_under_way_is_judged_once_though_its_worker_lives_on(
    empty: bool, web: Web, broker: Broker, workers: Workers
) -> None:
    workers.start()
    page = Page(web, await asyncio.to_thread(web.submit, "judge"))
    watching = asyncio.create_task(page.watch())
    await until(workers.begun.exists)
    await until(lambda: page.kinds == ["run.started", "judge.started"])
    await asyncio.to_thread(broker.restart, empty=empty)
    if empty:  # the worker's other thread judges it, then the first one wakes
        await finished(watching, page, web)
        workers.go_on()
        await until(lambda: b"attempt 1 is no longer ours" in workers.log.read_bytes())
    else:
        workers.go_on()
        await finished(watching, page, web)
    with redis.Redis.from_url(broker.url) as client:
        assert not empty or not client.exists(stream.log_key(page.run, 1))
        await until(lambda: client.xlen(stream.ENDED) == 0)
    await row_says(web, page.run, "finished")
    assert page.attempt == (STRIDE + 1 if empty else 1)


async def test_a_judging_whose_worker_dies_together_with_valkey_is_judged_by_the_next(
    web: Web, broker: Broker, workers: Workers
) -> None:
    first = workers.start()
    page = Page(web, await asyncio.to_thread(web.submit, "judge"))
    watching = asyncio.create_task(page.watch())
    await until(workers.begun.exists)
    workers.kill(first)
    await asyncio.to_thread(broker.restart, empty=EMPTY)
    workers.start()
    await finished(watching, page, web)


async def test_the_page_of_a_judging_whose_worker_was_killed_shows_its_place_in_the_queue(
    web: Web, workers: Workers
) -> None:
    first = workers.start()
    page = Page(web, await asyncio.to_thread(web.submit, "judge"))
    watching = asyncio.create_task(page.watch())
    await until(lambda: page.kinds == ["run.started", "judge.started"])
    workers.kill(first)
    await until(lambda: page.waits(2))
    assert page.log == []
    workers.start()
    await finished(watching, page, web)


@pytest.mark.parametrize("kind", ["judge", "demo"])
def test_a_worker_that_has_a_job_in_hand_waits_for_a_broker_that_is_away(kind: str, broker: Broker) -> None:
    """Its message is taken from the broker already: to drop it would leave the run queued for ever."""
    client = stream.connect(broker.url)
    demo = OpenJails('say("run.started", 0)\nsay("run.ended", 1.0, state="finished")\n')
    worker = Worker(client, demo, demo, judging=lambda *_: states.FINISHED)
    job = JudgeJob(new_id(), {}, "", 1) if kind == "judge" else DemoJob(new_id(), {}, 7, 1.0)
    Leases(client).enqueue(job.run, kind)
    broker.kill()
    thread = threading.Thread(target=getattr(worker, kind), args=(job, kind))
    thread.start()
    thread.join(1.0)  # time enough to give up, if it would
    broker.start()
    thread.join(20)
    state = client.hget(stream.run_key(job.run), "state")
    worker.close()
    worker.shut()
    assert state == b"finished"


@how
def test_a_judging_that_cannot_be_told_of_for_long_is_left_to_the_next_worker(
    empty: bool, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not ended by our fault: the code is there, and so will be the broker."""
    monkeypatch.setattr("sandbox.attempt.OUTAGE", 0.5)
    client = stream.connect(broker.url)
    jails = OpenJails("")

    def cut_off(job: JudgeJob, take_jail: Any, emit: Any, stopped: Any) -> Ending:
        broker.kill()
        emit({"t": 0.0, "kind": "judge.started", "cases": []})
        return states.FINISHED

    worker = Worker(client, jails, jails, judging=cut_off)
    job = JudgeJob(new_id(), {}, "", 1)
    worker.leases.enqueue(job.run, "judge")
    worker.judge(job)
    broker.start(empty=empty)
    state = client.hget(stream.run_key(job.run), "state")
    worker.close()
    worker.shut()
    assert state == (None if empty else b"running")
    assert client.xlen(stream.ENDED) == 0


async def test_a_demo_whose_worker_was_killed_while_it_waited_for_a_jail_is_played_by_the_next(
    web: Web, broker: Broker, workers: Workers
) -> None:
    first = workers.start(NO_JAILS="1")
    page = Page(web, await asyncio.to_thread(web.submit, "demo"))
    watching = asyncio.create_task(page.watch())
    with redis.Redis.from_url(broker.url) as client:
        await until(lambda: client.hget(stream.run_key(page.run), "held"))
    workers.kill(first)
    workers.start()
    await asyncio.wait_for(watching, 40)
    assert [end["state"] for end in page.ends] == ["finished"]


async def test_a_demo_that_is_watched_while_valkey_loses_everything_is_told_lost(
    web: Web, broker: Broker, workers: Workers
) -> None:
    workers.start()
    page = Page(web, await asyncio.to_thread(web.submit, "demo"))
    watching = asyncio.create_task(page.watch())
    await until(lambda: page.kinds.count("tick") > 2)
    await asyncio.to_thread(broker.restart, empty=EMPTY)
    await asyncio.wait_for(watching, 15)
    assert [end["state"] for end in page.ends] == ["lost"]
    assert [event["seq"] for event in page.log] == list(range(1, len(page.log) + 1))
    await row_says(web, page.run, "lost")


async def test_a_demo_that_is_watched_goes_on_when_valkey_comes_back_with_what_it_held(
    web: Web, broker: Broker, workers: Workers
) -> None:
    workers.start()
    page = Page(web, await asyncio.to_thread(web.submit, "demo"))
    watching = asyncio.create_task(page.watch())
    await until(lambda: page.kinds.count("tick") > 2)
    await asyncio.to_thread(broker.kill)
    await until(lambda: "away" in page.errors)
    await asyncio.to_thread(broker.start)
    await asyncio.wait_for(watching, 30)
    assert page.kinds == ["run.started", *["tick"] * 50, "run.ended"]
    assert [event["seq"] for event in page.log] == list(range(1, 53))
    assert [end["state"] for end in page.ends] == ["finished"]
