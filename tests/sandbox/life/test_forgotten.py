"""What Valkey has forgotten of a judging is sent again by the site: a few times, and never judged twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import transaction
from django.utils import timezone

from sandbox import limits, runs, states, stream
from sandbox.attempt import ATTEMPTS, SENDINGS, STRIDE, Attempt, Gone, next_sending, tries
from sandbox.jobs import DemoJob, JudgeJob
from sandbox.leases import Leases
from sandbox.lines import Bounds
from sandbox.models import Run
from sandbox.registrar import Registrar
from sandbox.states import Ending
from sandbox.worker import Worker

pytestmark = pytest.mark.django_db(transaction=True)

MakeWorker = Callable[..., Worker]
JOB = JudgeJob(run="", files={"solution.py": ""}, cases="", seed=1)


def judging(job: JudgeJob, take_jail: Any, emit: Any, stopped: Callable[[], bool]) -> Ending:
    emit({"t": 0.0, "kind": "judge.started", "cases": ["первый"]})
    emit({"t": 0.1, "kind": "verdict", "passed": 1, "total": 1, "ok": True})
    return states.FINISHED


def start() -> tuple[Run, JudgeJob]:
    """A judging that was sent so long ago that its place in the queue is no news."""
    run = runs.start(JOB, label="", kind="judge")
    Run.objects.filter(pk=run.pk).update(created=timezone.now() - timedelta(seconds=10))
    job = run.task
    assert isinstance(job, JudgeJob)
    return run, job


def begin(leases: Leases, job: JudgeJob, *, owner: str = "worker") -> Attempt:
    """A worker in the middle of judging."""
    number = leases.claim(job.run, "judge", owner, again=True)
    attempt = Attempt(leases, job, number, "judge", Bounds(limits.JUDGE, live=False), owner=owner)
    attempt.begin()
    return attempt


def forget(client: redis.Redis, registrar: Registrar) -> None:
    """Valkey loses all it holds, and the registrar looks what became of its runs."""
    client.flushall()
    registrar.prepare()
    registrar.reap()


def settle(registrar: Registrar) -> None:
    while registrar.step():
        pass


def test_a_forgotten_judging_waits_in_the_queue_again_and_its_job_is_with_the_broker(
    registrar: Registrar, client: redis.Redis, ended: list[Run]
) -> None:
    run, _ = start()
    forget(client, registrar)
    run.refresh_from_db()
    assert (run.state, runs.position(run), client.llen("judge")) == ("queued", 1, 1)
    assert ended == []


def test_a_judging_forgotten_while_it_was_under_way_is_seen_to_wait(
    registrar: Registrar, leases: Leases, client: redis.Redis
) -> None:
    run, job = start()
    begin(leases, job)
    settle(registrar)
    run.refresh_from_db()
    assert run.state == "running"
    forget(client, registrar)
    run.refresh_from_db()
    assert run.state == "queued"


def test_it_is_sent_again_once_however_many_look(client: redis.Redis, registrar: Registrar) -> None:
    start()
    forget(client, registrar)
    registrar.reap()
    Registrar(client).reap()
    assert client.llen("judge") == 1


def test_those_who_waited_keep_their_order(registrar: Registrar, client: redis.Redis) -> None:
    first, second, third = (start()[0] for _ in range(3))
    Run.objects.filter(pk=second.pk).update(created=timezone.now() - timedelta(seconds=20))
    forget(client, registrar)
    assert [runs.position(run) for run in (second, first, third)] == [1, 2, 3]


def test_a_worker_that_lives_on_writes_nothing_once_its_log_is_forgotten(
    leases: Leases, client: redis.Redis
) -> None:
    _, job = start()
    old = begin(leases, job)
    client.flushall()
    with pytest.raises(Gone):
        old.emit("verdict", 0.1, {"passed": 1, "total": 1, "ok": True})
    assert not client.exists(stream.log_key(job.run, 1))
    assert not old.end(states.FINISHED)
    assert client.xlen(stream.ENDED) == 0


def test_a_worker_that_lives_on_cannot_end_what_another_judges_or_has_judged(
    registrar: Registrar, leases: Leases, client: redis.Redis, ended: list[Run]
) -> None:
    run, job = start()
    old = begin(leases, job, owner="old")
    forget(client, registrar)
    assert not old.end(states.STOPPED)  # nobody has taken it up yet
    new = begin(leases, job, owner="new")
    assert not old.end(states.STOPPED)
    client.delete(stream.lease_key(run.pk))  # even while the new one is late with its lease
    assert not old.end(states.STOPPED)
    assert new.end(states.FINISHED)
    assert not old.end(states.STOPPED)
    settle(registrar)
    run.refresh_from_db()
    assert (run.state, run.attempt, len(ended)) == ("finished", new.number, 1)


def test_an_end_told_before_valkey_forgot_and_heard_after_is_not_that_of_the_new_sending(
    registrar: Registrar, client: redis.Redis, ended: list[Run]
) -> None:
    run, _ = start()
    forget(client, registrar)
    told = {"run": run.pk, "attempt": "1", "state": "lost", "reason": "ours", "text": "", "last": "2"}
    assert not registrar.archive(told)
    run.refresh_from_db()
    assert (run.state, ended) == ("queued", [])


def test_the_old_task_and_the_new_one_make_one_judging(
    registrar: Registrar, client: redis.Redis, make_worker: MakeWorker, ended: list[Run]
) -> None:
    run, job = start()
    worker = make_worker(judging=judging)
    client.flushall()
    worker.judge(job)  # a worker held it meanwhile: the run is not known, nothing is done
    forget(client, registrar)
    worker.judge(job)
    worker.judge(job)
    settle(registrar)
    run.refresh_from_db()
    assert (run.state, run.attempt, len(ended)) == ("finished", STRIDE + 1, 1)


def test_each_sending_has_its_own_three_attempts(
    registrar: Registrar, leases: Leases, client: redis.Redis, make_worker: MakeWorker
) -> None:
    run, job = start()
    forget(client, registrar)
    for _ in range(ATTEMPTS - 1):
        leases.claim(run.pk, "judge", "a worker that dies", again=True)
        client.delete(stream.lease_key(run.pk))
    make_worker(judging=judging).judge(job)
    settle(registrar)
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("finished", STRIDE + ATTEMPTS)


def test_a_judging_forgotten_three_times_is_ended_by_our_fault(
    registrar: Registrar, client: redis.Redis, ended: list[Run]
) -> None:
    run, _ = start()
    for sending in range(SENDINGS):
        run.refresh_from_db()
        assert run.state == "queued", f"sending {sending}"
        forget(client, registrar)
    run.refresh_from_db()
    assert (run.state, run.reason, run.text) == ("lost", "ours", states.BROKEN.text)
    assert [one.pk for one in ended] == [run.pk]
    assert client.llen("judge") == 0


def test_a_sending_that_the_broker_did_not_take_does_not_count(
    registrar: Registrar, client: redis.Redis, settings: Any
) -> None:
    run, _ = start()
    client.flushall()
    registrar.prepare()
    there = settings.REDIS_URL
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    with pytest.raises(redis.ConnectionError):
        registrar.reap()
    settings.REDIS_URL = there
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("queued", 1)
    registrar.reap()
    assert client.llen("judge") == 1


@pytest.mark.parametrize("again", [True, False])
def test_a_job_that_was_never_handed_out_is_handed_out_by_whoever_looks(
    again: bool, registrar: Registrar, leases: Leases, client: redis.Redis
) -> None:
    """A web process may die between giving a run its place and telling the workers."""
    run, _ = start()
    client.flushall()
    registrar.prepare()
    leases.enqueue(run.pk, "judge", first=next_sending(1) if again else 1)
    registrar.reap()
    registrar.reap()
    assert client.llen("judge") == 1


def test_a_judging_that_the_broker_did_not_take_at_the_commit_is_sent_when_it_is_back(
    registrar: Registrar, client: redis.Redis, settings: Any, ended: list[Run]
) -> None:
    there = settings.REDIS_URL
    with transaction.atomic():
        run = runs.start(JOB, label="", kind="judge")
        settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    settings.REDIS_URL = there
    assert ended == []
    Run.objects.filter(pk=run.pk).update(created=timezone.now() - timedelta(seconds=10))
    registrar.reap()
    assert (runs.position(run), client.llen("judge")) == (1, 1)


def test_a_demo_that_the_broker_did_not_take_at_the_commit_is_lost(
    client: redis.Redis, settings: Any
) -> None:
    with transaction.atomic():
        run = runs.start(DemoJob(run="", files={}, seed=7, duration=1.0), label="")
        settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    run.refresh_from_db()
    assert (run.state, run.reason) == ("lost", "ours")


def test_a_run_sent_late_by_who_started_it_does_not_undo_what_the_registrar_did(
    registrar: Registrar, leases: Leases, client: redis.Redis
) -> None:
    run, job = start()
    forget(client, registrar)
    assert not leases.enqueue(run.pk, "judge")
    assert begin(leases, job).number == STRIDE + 1


def test_a_worker_that_closes_leaves_its_judging_to_the_next(
    registrar: Registrar, client: redis.Redis, make_worker: MakeWorker, ended: list[Run]
) -> None:
    run, job = start()
    begun = threading.Event()

    def slow(job: JudgeJob, take_jail: Any, emit: Any, stopped: Callable[[], bool]) -> Ending:
        begun.set()
        while not stopped():
            time.sleep(0.01)
        return states.STOPPED

    worker = make_worker(judging=slow)
    thread = threading.Thread(target=worker.judge, args=(job,))
    thread.start()
    assert begun.wait(10)
    worker.close()
    thread.join(10)
    client.delete(stream.lease_key(run.pk))  # in less time than it takes to run out
    registrar.reap()
    make_worker(judging=judging).judge(job)
    settle(registrar)
    run.refresh_from_db()
    assert (run.state, run.attempt, len(ended)) == ("finished", 2, 1)


def test_a_batch_whose_answer_was_lost_is_not_taken_for_somebody_elses(
    leases: Leases, client: redis.Redis
) -> None:
    _, job = start()
    attempt = begin(leases, job)
    line = stream.encode(2, 0.1, "verdict", {"ok": True})
    stream.Log(client, job.run, 1).append(2, [line])  # it has arrived, and is sent once more
    attempt.emit("verdict", 0.1, {"ok": True})
    stream.Log(client, job.run, 1).append(3, [stream.encode(3, 0.2, "other", {})])
    with pytest.raises(Gone):
        attempt.emit("verdict", 0.2, {"ok": False})


@pytest.mark.parametrize(("number", "tried", "following"), [(1, 1, 11), (3, 3, 11), (11, 1, 21), (24, 4, 31)])
def test_attempts_are_counted_by_sending(number: int, tried: int, following: int) -> None:
    assert (tries(number), next_sending(number)) == (tried, following)
