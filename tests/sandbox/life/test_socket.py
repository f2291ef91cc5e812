"""What is said on a run's socket, word by word."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from asgiref.sync import sync_to_async
from django.utils import timezone

from sandbox import consumer, runs, states, stream
from sandbox.attempt import Attempt
from sandbox.door import Door
from sandbox.jobs import DemoJob, JudgeJob
from sandbox.leases import Leases
from sandbox.limits import DEMO
from sandbox.lines import Bounds
from sandbox.models import Run, new_id
from sandbox.registrar import Registrar
from tests.sandbox.life.sockets import Socket

pytestmark = pytest.mark.django_db(transaction=True)

Open = Callable[..., Awaitable[Socket]]


def watch_only(user: object, session: object, run_id: str) -> str | None:
    return "watch" if Run.objects.filter(pk=run_id).exists() else None


@pytest.fixture(autouse=True)
def _anybody_controls(settings: Any) -> None:
    settings.SANDBOX_ACCESS = "tests.sandbox.life.site.run_access"
    settings.ALLOWED_HOSTS = ["localhost"]


@pytest.fixture
def run(client: redis.Redis, leases: Leases) -> Run:
    """A queued run."""
    return runs.start(DemoJob(run="", files={}, seed=7, duration=10.0), label="", kind="demo")


@pytest.fixture
def attempt(run: Run, leases: Leases) -> Attempt:
    """The same run, running."""
    number = leases.claim(run.id, "demo", "worker")
    attempt = Attempt(leases, run.task, number, "demo", Bounds(DEMO))
    attempt.begin()
    return attempt


@pytest.fixture
async def connect(client: redis.Redis) -> AsyncIterator[Open]:
    opened: list[Socket] = []

    async def connect(run_id: str, **subscribe: Any) -> Socket:
        socket = Socket(Door(), f"/ws/runs/{run_id}/", "http://localhost")
        opened.append(socket)
        assert await socket.open()
        if subscribe:
            await socket.say({"type": "subscribe", **subscribe})
        return socket

    yield connect
    for socket in opened:
        await socket.leave()
    await consumer.close_reader()


async def hear(socket: Socket, kind: str) -> dict[str, Any]:
    """The next message of a kind; others that come before it are passed over."""
    while True:
        message = await socket.heard()
        if message["type"] == kind:
            return message


async def numbers(socket: Socket, last: int) -> list[int]:
    """The seqs of the events received up to `last`."""
    found: list[int] = []
    while not found or found[-1] < last:
        found += [event["seq"] for event in (await hear(socket, "events"))["events"]]
    return found


def emit(attempt: Attempt, count: int, t: float = 1.0) -> None:
    attempt.take([json.dumps({"t": t, "kind": "tick", "text": "ёж"}).encode() for _ in range(count)])


async def test_a_viewer_gets_the_state_the_events_and_the_end(connect: Open, attempt: Attempt) -> None:
    socket = await connect(attempt.job.run, after=0)
    assert await hear(socket, "state") == {
        "type": "state",
        "state": "running",
        "position": None,
        "wait": None,
        "attempt": 1,
        "yours": True,
    }
    await asyncio.to_thread(emit, attempt, 3)
    assert await numbers(socket, 4) == [1, 2, 3, 4]
    await asyncio.to_thread(attempt.end, states.FINISHED)
    assert await numbers(socket, 5) == [5]
    assert await hear(socket, "end") == {"type": "end", "state": "finished", "last": 5}
    assert (await socket.receive_output(5)) == {"type": "websocket.close", "code": 1000}


@pytest.mark.parametrize("after", [0, 1, 3, 4])
async def test_a_viewer_who_comes_back_gets_what_follows(after: int, connect: Open, attempt: Attempt) -> None:
    await asyncio.to_thread(emit, attempt, 3)
    socket = await connect(attempt.job.run, after=after)
    await asyncio.to_thread(emit, attempt, 2)
    assert await numbers(socket, 6) == list(range(after + 1, 7))


async def test_a_queued_run_tells_its_position_as_it_moves_up(
    connect: Open, run: Run, leases: Leases, client: redis.Redis
) -> None:
    later = await sync_to_async(runs.start)(
        DemoJob(run="", files={}, seed=7, duration=1.0), label="", kind="demo"
    )
    socket = await connect(later.id, after=0)
    while (await hear(socket, "state"))["position"] != 2:
        pass
    await asyncio.to_thread(leases.claim, run.id, "demo", "worker")
    assert (await hear(socket, "state"))["position"] == 1
    await asyncio.to_thread(leases.claim, later.id, "demo", "worker")
    assert (await hear(socket, "state"))["state"] == "starting"


async def test_an_archived_run_is_read_like_a_live_one(
    connect: Open, attempt: Attempt, client: redis.Redis
) -> None:
    registrar = Registrar(client)

    def finish() -> None:
        for _ in range(30):
            emit(attempt, 100)
        attempt.end(states.FINISHED)
        registrar.prepare()
        registrar.step()
        client.flushall()

    await sync_to_async(finish)()
    socket = await connect(attempt.job.run, after=7)
    assert await numbers(socket, 3002) == list(range(8, 3003))
    assert (await hear(socket, "end"))["last"] == 3002


async def test_a_run_that_has_just_ended_is_read_from_the_stream(connect: Open, attempt: Attempt) -> None:
    await asyncio.to_thread(emit, attempt, 3)
    await asyncio.to_thread(attempt.end, states.FINISHED)
    socket = await connect(attempt.job.run, after=2)
    assert await numbers(socket, 5) == [3, 4, 5]
    assert (await hear(socket, "end"))["state"] == "finished"


async def test_what_has_left_the_ring_is_read_back(
    connect: Open, attempt: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.watched.RING_BYTES", 2_000)
    monkeypatch.setattr("sandbox.frames.FRAME_BYTES", 1_000)
    monkeypatch.setattr("sandbox.reader.HISTORY", 3)
    first = await connect(attempt.job.run, after=0)
    for _ in range(40):
        await asyncio.to_thread(emit, attempt, 5)
    late = await connect(attempt.job.run, after=0)
    assert await numbers(late, 201) == list(range(1, 202))
    assert await numbers(first, 201) == list(range(1, 202))


async def test_another_attempt_begins_anew(
    connect: Open, attempt: Attempt, leases: Leases, client: redis.Redis
) -> None:
    await asyncio.to_thread(emit, attempt, 3)
    socket = await connect(attempt.job.run, after=0)
    assert await numbers(socket, 4) == [1, 2, 3, 4]
    client.delete(stream.lease_key(attempt.job.run))
    number = leases.claim(attempt.job.run, "demo", "another worker", again=True)
    second = Attempt(leases, attempt.job, number, "demo", Bounds(DEMO))
    await asyncio.to_thread(second.begin)
    assert await hear(socket, "reset") == {"type": "reset", "attempt": 2}
    assert await numbers(socket, 1) == [1]
    back = await connect(attempt.job.run, after=4, attempt=1)
    assert await hear(back, "reset") == {"type": "reset", "attempt": 2}
    assert await numbers(back, 1) == [1]


async def test_a_judging_that_valkey_forgot_tells_its_place_to_who_came_before_it_was_sent_again(
    connect: Open, client: redis.Redis
) -> None:
    run = await sync_to_async(runs.start)(JudgeJob("", {}, "", 1), label="", kind="judge")
    await sync_to_async(Run.objects.update)(created=timezone.now() - timedelta(seconds=10))
    client.flushall()
    socket = await connect(run.id, after=0)
    assert (await hear(socket, "state"))["position"] is None
    registrar = Registrar(client)
    await sync_to_async(registrar.prepare)()
    await sync_to_async(registrar.reap)()
    assert (await hear(socket, "reset"))["attempt"] == 11
    while (told := await hear(socket, "state"))["position"] != 1:
        pass
    assert (told["state"], told["attempt"]) == ("queued", 11)


async def test_a_judging_given_up_after_three_sendings_ends_for_who_watches_it(
    connect: Open, client: redis.Redis
) -> None:
    run = await sync_to_async(runs.start)(JudgeJob("", {}, "", 1), label="", kind="judge")
    await sync_to_async(Run.objects.update)(created=timezone.now() - timedelta(seconds=10))
    socket = await connect(run.id, after=0)
    registrar = Registrar(client)
    for _ in range(3):
        client.flushall()
        await sync_to_async(registrar.prepare)()
        await sync_to_async(registrar.reap)()
    assert await hear(socket, "end") == {"type": "end", "state": "lost", "last": 0}


async def test_a_viewer_ahead_of_the_log_is_told_to_begin_anew(connect: Open, attempt: Attempt) -> None:
    socket = await connect(attempt.job.run, after=500)
    await hear(socket, "reset")
    assert await numbers(socket, 1) == [1]


async def test_an_owner_s_control_is_acknowledged_and_waits_for_the_worker(
    connect: Open, attempt: Attempt, client: redis.Redis
) -> None:
    socket = await connect(attempt.job.run, after=0)
    message = {"op": "set", "name": "rps", "value": 9}
    await socket.say({"type": "control", "ref": 5, "message": message})
    assert await hear(socket, "ack") == {"type": "ack", "ref": 5}
    ((_, fields),) = client.xrange(stream.control_key(attempt.job.run))  # type: ignore[misc]
    assert json.loads(fields[b"m"]) == message  # type: ignore[index]


async def test_an_owner_stops_a_queued_run(connect: Open, run: Run) -> None:
    socket = await connect(run.id, after=0)
    await socket.say({"type": "stop", "ref": "s"})
    assert (await hear(socket, "end"))["state"] == "stopped"


async def test_a_stranger_may_watch_but_not_control(connect: Open, attempt: Attempt, settings: Any) -> None:
    settings.SANDBOX_ACCESS = "tests.sandbox.life.test_socket.watch_only"
    socket = await connect(attempt.job.run, after=0)
    assert (await hear(socket, "state"))["yours"] is False
    await socket.say({"type": "stop", "ref": 1})
    answer = await hear(socket, "error")
    assert (answer["code"], answer["ref"]) == ("forbidden", 1)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "bad_json"),
        ("[" * 3000, "bad_json"),
        ("7", "bad_message"),
        ('{"type":"dance"}', "bad_message"),
        ('{"type":"control","message":{"op":"explode"}}', "bad_control"),
        ('{"type":"control"}', "bad_control"),
        ('{"type":"control","message":{"op":{}}}', "bad_control"),
        ('{"type":"control","message":{"op":["set"]}}', "bad_control"),
        ('{"type":"control","message":{"op":"\\ud800"}}', "bad_control"),
        ('{"type":"control","message":{"op":"speed","value":1' + "0" * 400 + "}}", "bad_control"),
        ('{"type":"control","message":{"op":"set","name":"x","value":1' + "0" * 400 + "}}", "bad_control"),
        ('{"type":"control","message":{"op":"set","name":"x","value":"\\udfff"}}', "bad_control"),
        ('{"type":"dance","ref":"\\ud800"}', "bad_message"),
        ('{"type":"ping","ref":{"a":1}}', "bad_message"),
        ('{"type":"subscribe","after":-1}', "bad_message"),
        ('{"type":"subscribe","after":"1"}', "bad_message"),
        ('"' + "x" * 5000 + '"', "too_long"),
    ],
)
async def test_nonsense_is_answered_and_does_no_harm(
    text: str, code: str, connect: Open, attempt: Attempt
) -> None:
    socket = await connect(attempt.job.run)
    await socket.say_raw(text)
    assert (await hear(socket, "error"))["code"] == code
    await socket.say({"type": "ping"})
    await hear(socket, "pong")


async def test_binary_messages_are_refused(connect: Open, attempt: Attempt) -> None:
    socket = await connect(attempt.job.run)
    await socket.say_raw(data=b"\x00")
    assert (await hear(socket, "error"))["code"] == "bad_message"


async def test_subscribing_twice_is_refused(connect: Open, attempt: Attempt) -> None:
    socket = await connect(attempt.job.run, after=0)
    await socket.say({"type": "subscribe", "after": 0})
    assert (await hear(socket, "error"))["code"] == "subscribed"


@pytest.mark.parametrize("apart", [0.0, 0.002], ids=["all at once", "500 a second"])
async def test_a_flood_is_slowed_then_cut_off(
    apart: float, connect: Open, attempt: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the consumer's clock, so that the flood is one however long a busy machine takes over it."""
    looks = itertools.count()
    monkeypatch.setattr(consumer, "time", SimpleNamespace(monotonic=lambda: apart * next(looks)))
    socket = await connect(attempt.job.run)
    for _ in range(800):
        await socket.say({"type": "ping"})
    codes = set()
    while (output := await socket.receive_output(5))["type"] == "websocket.send":
        codes.add(json.loads(output["text"]).get("code"))
    assert "too_fast" in codes
    assert output["code"] == consumer.MISUSED


@pytest.mark.parametrize("run_id", [new_id(), "short", "x" * 22 + "y"])
async def test_an_unknown_run_is_told_of_and_closed(run_id: str, connect: Open) -> None:
    socket = await connect(run_id)
    assert (await hear(socket, "error"))["code"] == "unknown_run"
    assert (await socket.receive_output(5)) == {"type": "websocket.close", "code": 4404}


async def test_another_site_s_page_may_not_connect(run: Run) -> None:
    assert not await Socket(Door(), f"/ws/runs/{run.id}/", "http://evil.example").open()


async def test_there_is_nothing_at_other_addresses() -> None:
    assert not await Socket(Door(), "/ws/elsewhere/", "http://localhost").open()


async def test_nothing_is_kept_of_a_run_that_nobody_watches_any_more(connect: Open, attempt: Attempt) -> None:
    sockets = [await connect(attempt.job.run, after=0) for _ in range(3)]
    for socket in sockets:
        await numbers(socket, 1)
    reader = await consumer.shared_reader()
    assert len(reader._watched[attempt.job.run].viewers) == 3
    for socket in sockets:
        await socket.leave()
    assert not reader._watched
    assert not reader._by_key
