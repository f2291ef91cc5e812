"""The site's side of a run: rows, archives, positions, and the reaper of runs that nobody works on."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.utils import timezone

from sandbox import runs, signals, states, stream
from sandbox.controls import BadControl
from sandbox.jobs import DemoJob, JudgeJob
from sandbox.leases import Leases
from sandbox.models import Archive, Run
from sandbox.registrar import GROUP, Registrar
from sandbox.worker import Worker

pytestmark = pytest.mark.django_db(transaction=True)

MakeWorker = Callable[..., Worker]
SCRIPT = 'say("call.sent", 0.5, id=1)\nsay("run.ended", 10.0, state="finished")\n'
JOB = DemoJob(run="", files={"demo.py": ""}, seed=7, duration=10.0)
JUDGE_JOB = JudgeJob(run="", files={"solution.py": ""}, cases="", seed=1)


def start() -> tuple[Run, DemoJob]:
    run = runs.start(JOB, label="Демо", kind="demo")
    job = run.task
    assert isinstance(job, DemoJob)
    return run, job


def test_a_started_run_waits_in_the_queue_and_its_job_is_with_the_broker(client: redis.Redis) -> None:
    run, _ = start()
    assert run.state == "queued"
    assert client.llen("demo") == 1
    assert runs.position(run) == 1


def test_positions_say_how_many_wait_before(client: redis.Redis, leases: Leases) -> None:
    first, second, third = start()[0], start()[0], start()[0]
    assert [runs.position(run) for run in (first, second, third)] == [1, 2, 3]
    leases.claim(first.id, "demo", "worker")
    assert [runs.position(run) for run in (first, second, third)] == [None, 1, 2]


def test_an_ended_run_is_archived_and_told_of_once(
    registrar: Registrar, make_worker: MakeWorker, ended: list[Run]
) -> None:
    run, job = start()
    make_worker(SCRIPT).demo(job)
    while registrar.step():
        pass
    run.refresh_from_db()
    assert (run.state, run.reason, run.last_seq) == ("finished", "done", 3)
    assert run.started is not None
    assert run.ended is not None
    assert [found.id for found in ended] == [run.id]
    assert [json.loads(line)["seq"] for line in run.events()] == [1, 2, 3]
    assert [json.loads(line)["seq"] for line in run.events(after=2)] == [3]


def test_a_run_reads_the_same_from_the_stream_and_from_the_archive(
    registrar: Registrar, make_worker: MakeWorker
) -> None:
    run, job = start()
    make_worker(SCRIPT).demo(job)
    live = list(run.events())
    while registrar.step():
        pass
    run.refresh_from_db()
    assert run.archive_id
    assert list(run.events()) == live


def test_equal_logs_share_one_archive(registrar: Registrar, make_worker: MakeWorker) -> None:
    worker = make_worker(SCRIPT)
    for _ in range(2):
        worker.demo(start()[1])
    while registrar.step():
        pass
    assert Run.objects.filter(archive__isnull=False).count() == 2
    assert Archive.objects.count() == 1


def test_an_end_told_twice_is_acted_upon_once(
    registrar: Registrar, make_worker: MakeWorker, ended: list[Run], client: redis.Redis
) -> None:
    _, job = start()
    make_worker(SCRIPT).demo(job)
    ((_, told),) = client.xrange(stream.ENDED)  # type: ignore[misc]
    registrar.step()
    client.xadd(stream.ENDED, told)  # type: ignore[arg-type]
    registrar.step()
    assert len(ended) == 1
    assert client.xlen(stream.ENDED) == 0


def test_two_registrars_share_the_work(
    client: redis.Redis, make_worker: MakeWorker, ended: list[Run]
) -> None:
    one, two = Registrar(client), Registrar(client)
    one.prepare()
    two.prepare()
    worker = make_worker(SCRIPT)
    for _ in range(4):
        worker.demo(start()[1])
    while one.step() + two.step():
        pass
    assert len({run.id for run in ended}) == len(ended) == 4


def test_an_end_whose_receiver_failed_is_told_again(
    registrar: Registrar, make_worker: MakeWorker, monkeypatch: pytest.MonkeyPatch, client: redis.Redis
) -> None:
    calls: list[str] = []

    def fail_once(run: Run, **_: Any) -> None:
        calls.append(run.id)
        Run.objects.filter(pk=run.pk).update(label="записано")
        if len(calls) == 1:
            raise RuntimeError("в первый раз не вышло")

    monkeypatch.setattr("sandbox.registrar.FORSAKEN_AFTER", 0)
    signals.run_ended.connect(fail_once)
    try:
        run, job = start()
        make_worker(SCRIPT).demo(job)
        registrar.step()
        run.refresh_from_db()
        assert (run.state, run.label) == ("running", "Демо")  # nothing is half kept
        registrar.recover()
    finally:
        signals.run_ended.disconnect(fail_once)
    run.refresh_from_db()
    assert (run.state, run.label, len(calls)) == ("finished", "записано", 2)


def test_a_running_run_is_seen_as_running(registrar: Registrar, leases: Leases) -> None:
    run, _ = start()
    number = leases.claim(run.id, "demo", "worker")
    leases.mark(run.id, number, "running")
    registrar.step()
    run.refresh_from_db()
    assert run.state == "running"
    assert run.started is not None


def test_stopping_a_queued_run_ends_it_at_once(
    registrar: Registrar, make_worker: MakeWorker, ended: list[Run]
) -> None:
    run, job = start()
    runs.stop(run)
    registrar.step()
    run.refresh_from_db()
    assert (run.state, run.reason) == ("stopped", "owner")
    worker = make_worker(SCRIPT)
    worker.demo(job)  # the broker still holds the job
    assert worker.demo_jails.taken == 0  # type: ignore[attr-defined]
    assert [json.loads(line)["kind"] for line in run.events()] == ["run.started", "run.ended"]
    assert len(ended) == 1


def test_a_run_whose_lease_is_gone_is_lost_by_our_fault(
    registrar: Registrar, leases: Leases, client: redis.Redis
) -> None:
    run, _ = start()
    number = leases.claim(run.id, "demo", "a worker that dies")
    stream.Log(client, run.id, number).append(
        2, [stream.encode(1, 0, "a", {}), stream.encode(2, 1.5, "b", {})]
    )
    registrar.reap()
    run.refresh_from_db()
    assert run.state == "queued"  # the lease still holds
    client.delete(stream.lease_key(run.id))
    registrar.reap()
    registrar.step()
    run.refresh_from_db()
    assert (run.state, run.reason, run.last_seq) == ("lost", "ours", 3)
    assert json.loads(list(run.events())[-1])["t"] == 1.5


def test_a_run_whose_worker_died_before_it_had_a_jail_is_handed_out_again(
    registrar: Registrar, leases: Leases, client: redis.Redis
) -> None:
    run, _ = start()
    sent = client.llen("demo")
    leases.take_in(run.id, "a worker that dies")
    registrar.reap()
    assert client.llen("demo") == sent  # it lives, and waits for a jail
    client.delete(stream.worker_key("a worker that dies"))
    registrar.reap()
    registrar.reap()
    assert client.llen("demo") == sent + 1
    assert (client.hget(stream.run_key(run.id), "state"), runs.position(run)) == (b"queued", 1)


def test_a_judging_that_was_requeued_is_not_taken_for_one_that_a_dead_worker_holds(
    registrar: Registrar, leases: Leases, client: redis.Redis
) -> None:
    run = runs.start(JUDGE_JOB, label="", kind="judge")
    sent = client.llen("judge")
    leases.take_in(run.id, "a worker that dies")
    leases.claim(run.id, "judge", "a worker that dies", again=True)
    client.delete(stream.lease_key(run.id), stream.worker_key("a worker that dies"))
    registrar.reap()
    registrar.reap()
    assert client.llen("judge") == sent + 1


def test_a_judging_whose_lease_is_gone_waits_for_another_worker_as_if_it_had_just_come(
    registrar: Registrar, leases: Leases, client: redis.Redis
) -> None:
    run = runs.start(JUDGE_JOB, label="", kind="judge")
    sent = client.llen("judge")
    leases.claim(run.id, "judge", "a worker that dies", again=True)
    client.delete(stream.lease_key(run.id))
    registrar.reap()
    registrar.reap()
    assert client.llen("judge") == sent + 1  # once, however often somebody looks
    assert (client.hget(stream.run_key(run.id), "state"), runs.position(run)) == (b"queued", 1)
    assert client.xlen(stream.ENDED) == 0
    assert leases.claim(run.id, "judge", "another worker", again=True) == 2
    assert leases.claim(run.id, "judge", "who got the broker's own copy", again=True) == 0


def test_a_judging_that_another_worker_has_taken_up_is_not_queued_again(
    leases: Leases, client: redis.Redis
) -> None:
    run = runs.start(JUDGE_JOB, label="", kind="judge")
    leases.claim(run.id, "judge", "a worker that dies", again=True)
    client.delete(stream.lease_key(run.id))
    leases.claim(run.id, "judge", "another worker", again=True)
    assert not leases.requeue(run.id, 1, "judge")
    assert not leases.requeue(run.id, 2, "judge")


def test_a_run_that_valkey_has_forgotten_is_lost(
    registrar: Registrar, client: redis.Redis, ended: list[Run]
) -> None:
    run, _ = start()
    client.flushall()
    client.xgroup_create(stream.ENDED, GROUP, id="0", mkstream=True)
    client.xgroup_create(stream.CHANGES, GROUP, id="0", mkstream=True)
    registrar.prepare()
    Run.objects.filter(pk=run.pk).update(created=timezone.now() - timedelta(seconds=10))
    registrar.reap()
    run.refresh_from_db()
    assert run.state == "queued"  # it may just be on its way
    Run.objects.filter(pk=run.pk).update(created=timezone.now() - timedelta(minutes=1))
    registrar.reap()
    run.refresh_from_db()
    assert (run.state, run.reason) == ("lost", "ours")
    assert len(ended) == 1


def test_an_emptied_valkey_is_noticed_and_what_it_forgot_is_lost_at_once(
    registrar: Registrar, client: redis.Redis, ended: list[Run]
) -> None:
    before, _ = start()
    Run.objects.filter(pk=before.pk).update(created=timezone.now() - timedelta(seconds=10))
    client.flushall()
    registrar.prepare()
    after, _ = start()
    registrar.reap()
    assert [run.id for run in ended] == [before.id]
    after.refresh_from_db()
    assert after.state == "queued"


def test_a_finished_log_becomes_a_run_of_its_own() -> None:
    run = runs.record(
        [{"seq": 40, "t": 1.0, "kind": "call.sent", "id": 1}, {"t": 2.0, "kind": "call.ok", "id": 1}],
        label="Случай 3",
        kind="case",
    )
    assert run.over
    assert [json.loads(line)["seq"] for line in run.events()] == [1, 2]


def test_a_start_without_the_broker_is_refused_and_leaves_no_row(settings: Any) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    with pytest.raises(runs.Unavailable):
        runs.start(JOB, label="", kind="demo")
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"op": "explode"},
        {"op": "set", "name": "Rps", "value": 1},
        {"op": "set", "name": "rps", "value": None},
        7,
    ]
    + [{"op": "speed", "value": value} for value in (0, 1000, "2", True, float("nan"))],
)
def test_a_control_message_that_says_nothing_is_refused(message: Any) -> None:
    run, _ = start()
    with pytest.raises(BadControl):
        runs.send(run, message)


def test_ids_are_short_and_safe_in_a_url() -> None:
    made = [start()[0].id for _ in range(3)]
    assert all(stream.RUN_ID.fullmatch(found) and found[0] != "-" for found in made)


def test_the_row_keeps_what_the_run_took_of_the_processor(registrar: Registrar, leases: Leases) -> None:
    run, _ = start()
    number = leases.claim(run.id, "demo", "a worker")
    line = stream.encode(1, 0, "run.ended", {"state": "finished", "reason": "done", "text": ""})
    leases.conclude(run.id, number, "demo", states.FINISHED, last=1, lines=[line], cpu=1.5)
    registrar.step()
    run.refresh_from_db()
    assert run.cpu_seconds == 1.5
