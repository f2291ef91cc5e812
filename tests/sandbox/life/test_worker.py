"""One demo in a worker: events numbered, controls delivered, every end told once, whoever is at fault."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import redis

from sandbox import states, stream
from sandbox.attempt import give_up
from sandbox.jobs import DemoJob, JudgeJob
from sandbox.leases import Leases
from sandbox.models import new_id
from sandbox.states import Ending
from sandbox.worker import Worker

MakeWorker = Callable[..., Worker]

END = 'say("run.ended", 10.0, state="finished", reason="done", text="что угодно")\n'


def events(client: redis.Redis, run: str, attempt: int = 1) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.lines_of(stream.Log(client, run, attempt).read())]


def state(client: redis.Redis, run: str) -> str:
    return client.hget(stream.run_key(run), "state").decode()  # type: ignore[union-attr]


def until(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if found := condition():
            return found
        time.sleep(0.01)
    raise AssertionError("did not happen in time")


@pytest.fixture
def run_in_thread() -> Any:
    threads: list[threading.Thread] = []

    def run(target: Callable[..., None], *args: Any) -> threading.Thread:
        threads.append(threading.Thread(target=target, args=args))
        threads[-1].start()
        return threads[-1]

    yield run
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_a_demo_s_events_are_numbered_from_its_start_to_its_end(
    client: redis.Redis, leases: Leases, job: DemoJob, make_worker: MakeWorker
) -> None:
    leases.enqueue(job.run, "demo")
    make_worker('say("run.started", 0)\nsay("call.sent", 0.5, id=1)\nsay("call.ok", 0.7, id=1)\n' + END).demo(
        job
    )
    first, *middle, last = events(client, job.run)
    assert first == {
        "seq": 1,
        "t": 0.0,
        "kind": "run.started",
        "seed": 7,
        "duration": 10.0,
        "clock": "virtual",
        "controls": {"rps": 5},
    }
    assert middle == [
        {"seq": 2, "t": 0.5, "kind": "call.sent", "id": 1},
        {"seq": 3, "t": 0.7, "kind": "call.ok", "id": 1},
    ]
    assert (last["seq"], last["t"], last["state"], last["reason"]) == (4, 10.0, "finished", "done")


def test_the_guest_is_sent_the_whole_job_first(
    client: redis.Redis, leases: Leases, job: DemoJob, make_worker: MakeWorker
) -> None:
    big = replace(job, files={"demo.py": "x" * 200_000, "reference.py": ""}, script=[(1.0, "rps", 9)])
    leases.enqueue(big.run, "demo")
    make_worker('say("got", 0, size=len(start["files"]["demo.py"]), script=start["script"][0])\n' + END).demo(
        big
    )
    got = events(client, big.run)[1]
    assert (got["size"], got["script"]) == (200_000, [1.0, "rps", 9])


def test_a_control_reaches_the_guest(
    client: redis.Redis, leases: Leases, job: DemoJob, make_worker: MakeWorker, run_in_thread: Any
) -> None:
    leases.enqueue(job.run, "demo")
    run_in_thread(
        make_worker('m = line(); say("control.set", 1.0, name=m["name"], value=m["value"])\n' + END).demo, job
    )
    until(lambda: state(client, job.run) == "running")
    stream.send_control(client, job.run, {"op": "set", "name": "rps", "value": 11})
    until(lambda: state(client, job.run) == "finished")
    assert events(client, job.run)[1] == {
        "seq": 2,
        "t": 1.0,
        "kind": "control.set",
        "name": "rps",
        "value": 11,
    }


def test_a_control_sent_before_the_start_is_not_lost(
    client: redis.Redis, leases: Leases, job: DemoJob, make_worker: MakeWorker
) -> None:
    leases.enqueue(job.run, "demo")
    stream.send_control(client, job.run, {"op": "speed", "value": 2})
    make_worker('say("got", 0, op=line()["op"])\n' + END).demo(job)
    assert events(client, job.run)[1]["op"] == "speed"


def test_a_stop_is_told_to_the_guest_which_says_when_it_ended(
    client: redis.Redis, leases: Leases, job: DemoJob, make_worker: MakeWorker
) -> None:
    leases.enqueue(job.run, "demo")
    stream.send_control(client, job.run, {"op": "stop"})
    make_worker('line(); say("run.ended", 3.25, state="stopped")\n').demo(job)
    last = events(client, job.run)[-1]
    assert (last["t"], last["state"], last["reason"]) == (3.25, "stopped", "owner")


def test_a_guest_that_does_not_stop_is_stopped(
    client: redis.Redis, leases: Leases, job: DemoJob, make_worker: MakeWorker
) -> None:
    leases.enqueue(job.run, "demo")
    stream.send_control(client, job.run, {"op": "stop"})
    make_worker("time.sleep(60)").demo(job)
    assert state(client, job.run) == "stopped"


@pytest.mark.parametrize(
    ("script", "what"),
    [
        ('os.write(EVENTS, b"nonsense\\n")', "format"),
        ('os.write(EVENTS, b"[1]\\n")', "format"),
        ('say("ok", 5); say("back", 4)', "format"),
        ('say("deep", 1, field={"a": 1})', "format"),
        ('say("nan", 1, field=float("nan"))', "format"),
        ('say("mine", 1, seq=7)', "format"),
        ('say("Bad Kind", 1)', "format"),
        ('say("late", 1e400)', "format"),
        ('say("late", 10 ** 400)', "format"),
        ('say("half", 1, text="\\ud800")', "format"),
        ('say("long", 1, text="x" * 9000)', "event_bytes"),
        ('os.write(EVENTS, b"x" * 9000)', "event_bytes"),
        ('[say("fast", 1) for _ in range(20000)]', "events_per_second"),
        ('[say("out", 1, text="x" * 4000) for _ in range(100)]', "output"),
    ],
)
def test_a_guest_past_a_bound_is_told_so_and_stopped(
    script: str, what: str, client: redis.Redis, leases: Leases, job: DemoJob, make_worker: MakeWorker
) -> None:
    leases.enqueue(job.run, "demo")
    make_worker(script + "\ntime.sleep(60)").demo(job)
    *before, limit, last = events(client, job.run)
    assert (limit["kind"], limit["what"]) == ("limit", what)
    assert (last["state"], last["reason"]) == ("stopped", "limit")
    assert [event["seq"] for event in [*before, limit, last]] == list(range(1, len(before) + 3))


def test_a_run_nobody_paces_may_hurry_but_not_write_without_end(
    client: redis.Redis, leases: Leases, job: DemoJob, make_worker: MakeWorker
) -> None:
    hurried = replace(job, pace=None)
    leases.enqueue(job.run, "demo")
    make_worker('[say("fast", 1) for _ in range(60000)]\ntime.sleep(60)').demo(hurried)
    log = events(client, job.run)
    assert log[-2]["what"] == "events"
    assert log[-1]["seq"] == 50_002


@pytest.mark.parametrize(
    ("script", "state_", "reason"),
    [
        ("os.kill(os.getpid(), 9)", "out_of_memory", "limit"),
        ("sys.exit(0)", "failed", "learner"),
        ("sys.exit(3)", "failed", "learner"),
        ('say("run.ended", 1, state="failed")', "failed", "learner"),
        ('say("run.ended", 1, state="lost", reason="ours")', "failed", "learner"),
    ],
)
def test_an_end_is_told_in_words_of_ours(
    script: str,
    state_: str,
    reason: str,
    client: redis.Redis,
    leases: Leases,
    job: DemoJob,
    make_worker: MakeWorker,
) -> None:
    leases.enqueue(job.run, "demo")
    make_worker(script).demo(job)
    last = events(client, job.run)[-1]
    assert (last["kind"], last["state"], last["reason"]) == ("run.ended", state_, reason)
    assert last["text"].endswith(".")


def test_a_sandbox_that_cannot_be_had_is_our_fault(
    client: redis.Redis, leases: Leases, job: DemoJob, make_worker: MakeWorker
) -> None:
    worker = make_worker()
    worker.demo_jails = object()  # type: ignore[assignment]
    leases.enqueue(job.run, "demo")
    worker.demo(job)
    assert [event["kind"] for event in events(client, job.run)] == ["run.started", "run.ended"]
    assert events(client, job.run)[-1]["reason"] == "ours"


def test_a_worker_that_closes_ends_its_runs_as_our_fault(
    client: redis.Redis, leases: Leases, job: DemoJob, make_worker: MakeWorker, run_in_thread: Any
) -> None:
    worker = make_worker("time.sleep(60)")
    leases.enqueue(job.run, "demo")
    thread = run_in_thread(worker.demo, job)
    until(lambda: state(client, job.run) == "running")
    worker.close()
    thread.join(5)
    assert events(client, job.run)[-1]["reason"] == "ours"


def test_a_job_delivered_twice_runs_once(
    client: redis.Redis, leases: Leases, job: DemoJob, make_worker: MakeWorker
) -> None:
    leases.enqueue(job.run, "demo")
    worker = make_worker(END)
    worker.demo(job)
    worker.demo(job)
    assert len(events(client, job.run)) == 2
    assert client.xlen(stream.ENDED) == 1


def test_a_job_that_was_stopped_while_it_waited_takes_no_jail(
    client: redis.Redis, leases: Leases, job: DemoJob, make_worker: MakeWorker
) -> None:
    leases.enqueue(job.run, "demo")
    assert leases.claim(job.run, "demo", "owner") == 1
    give_up(leases, job, 1, "demo", states.STOPPED, unless_leased=False)
    worker = make_worker(END)
    worker.demo(job)
    assert worker.demo_jails.taken == 0  # type: ignore[attr-defined]
    assert events(client, job.run)[-1]["state"] == "stopped"


def test_a_worker_whose_lease_ran_out_falls_silent(
    client: redis.Redis, leases: Leases, job: DemoJob, make_worker: MakeWorker, run_in_thread: Any
) -> None:
    leases.enqueue(job.run, "demo")
    thread = run_in_thread(make_worker("time.sleep(60)").demo, job)
    until(lambda: state(client, job.run) == "running")
    client.delete(stream.lease_key(job.run))
    thread.join(5)
    assert state(client, job.run) == "running"  # the reaper will tell
    assert give_up(leases, job, 1, "demo", states.LOST, unless_leased=True)
    assert events(client, job.run)[-1]["state"] == "lost"


def test_a_lease_lives_as_long_as_its_run(
    client: redis.Redis, leases: Leases, job: DemoJob, make_worker: MakeWorker, run_in_thread: Any
) -> None:
    leases.enqueue(job.run, "demo")
    run_in_thread(make_worker(f"time.sleep(2.5)\n{END}").demo, job)
    until(lambda: state(client, job.run) == "running")
    time.sleep(1.5)
    assert client.pttl(stream.lease_key(job.run)) > 3_500
    until(lambda: state(client, job.run) == "finished")
    assert not client.exists(stream.lease_key(job.run))


def test_two_workers_and_an_owner_who_stops_leave_one_end(
    client: redis.Redis, leases: Leases, job: DemoJob
) -> None:
    leases.enqueue(job.run, "demo")
    claims = [leases.claim(job.run, "demo", owner) for owner in ("one", "two", "owner")]
    assert claims == [1, 0, 0]
    ends = [give_up(leases, job, 1, "demo", states.STOPPED, unless_leased=False) for _ in range(3)]
    assert ends == [True, False, False]


class Judging:
    """A judge that emits what it is told to."""

    def __init__(self, ending: Ending = states.FINISHED, hold: threading.Event | None = None) -> None:
        self.ending = ending
        self.hold = hold

    def __call__(self, job: JudgeJob, take_jail: Any, emit: Any, stopped: Callable[[], bool]) -> Ending:
        emit({"t": 0.0, "kind": "judge.started", "cases": ["первый"]})
        while self.hold is not None and not self.hold.wait(0.01):
            if stopped():
                return Ending("stopped", "owner", "Проверка остановлена.")
        emit({"t": 0.1, "kind": "verdict", "passed": 1, "total": 1, "ok": True})
        return self.ending


@pytest.fixture
def judging_job() -> JudgeJob:
    return JudgeJob(run=new_id(), files={"solution.py": ""}, cases="", seed=1)


def test_a_judging_is_wrapped_like_any_run(
    client: redis.Redis, leases: Leases, judging_job: JudgeJob, make_worker: MakeWorker
) -> None:
    leases.enqueue(judging_job.run, "judge")
    make_worker(judging=Judging()).judge(judging_job)
    kinds = [event["kind"] for event in events(client, judging_job.run)]
    assert kinds == ["run.started", "judge.started", "verdict", "run.ended"]


def test_a_judging_whose_worker_died_is_judged_again_as_the_next_attempt(
    client: redis.Redis, leases: Leases, judging_job: JudgeJob, make_worker: MakeWorker
) -> None:
    leases.enqueue(judging_job.run, "judge")
    assert leases.claim(judging_job.run, "judge", "a worker that dies", again=True) == 1
    worker = make_worker(judging=Judging())
    worker.judge(judging_job)  # redelivered too early: the other one may be alive
    assert events(client, judging_job.run, 2) == []
    client.delete(stream.lease_key(judging_job.run))
    worker.judge(judging_job)
    assert events(client, judging_job.run, 2)[-1]["state"] == "finished"
    assert client.xlen(stream.ENDED) == 1


def test_a_judging_that_takes_every_worker_down_is_given_up(
    client: redis.Redis, leases: Leases, judging_job: JudgeJob, make_worker: MakeWorker
) -> None:
    leases.enqueue(judging_job.run, "judge")
    for _ in range(3):
        leases.claim(judging_job.run, "judge", "a worker that dies", again=True)
        client.delete(stream.lease_key(judging_job.run))
    make_worker(judging=Judging()).judge(judging_job)
    assert events(client, judging_job.run, 4)[-1]["reason"] == "ours"


def test_a_judging_can_be_stopped(
    client: redis.Redis, leases: Leases, judging_job: JudgeJob, make_worker: MakeWorker, run_in_thread: Any
) -> None:
    leases.enqueue(judging_job.run, "judge")
    run_in_thread(make_worker(judging=Judging(hold=threading.Event())).judge, judging_job)
    until(lambda: state(client, judging_job.run) == "running")
    stream.send_control(client, judging_job.run, {"op": "stop"})
    until(lambda: state(client, judging_job.run) == "stopped")


def test_a_judge_that_breaks_is_our_fault(
    client: redis.Redis, leases: Leases, judging_job: JudgeJob, make_worker: MakeWorker
) -> None:
    def broken(*_: Any) -> Ending:
        raise OSError("нет песочницы")

    leases.enqueue(judging_job.run, "judge")
    make_worker(judging=broken).judge(judging_job)
    assert events(client, judging_job.run)[-1]["reason"] == "ours"


def test_the_end_of_a_demo_says_what_it_took_of_the_processor(
    client: redis.Redis, leases: Leases, job: DemoJob, make_worker: MakeWorker
) -> None:
    leases.enqueue(job.run, "demo")
    busy = "while time.process_time() < 0.3: pass\n"
    make_worker('say("run.started", 0)\n' + busy + END + "time.sleep(30)\n").demo(job)
    ((_, told),) = client.xrange(stream.ENDED)  # type: ignore[misc]
    assert 0.2 < float(told[b"cpu"]) < 30


def test_a_judging_counts_every_jail_it_has_used(
    client: redis.Redis, leases: Leases, make_worker: MakeWorker
) -> None:
    def judging(job: JudgeJob, take_jail: Any, emit: Any, stopped: Any) -> Ending:
        for _ in range(2):
            with take_jail() as jail:
                os.write(jail.control, b"{}\n")
                until(lambda jail=jail: jail.usage().cpu_seconds >= 0.3)
        return states.FINISHED

    job = JudgeJob(new_id(), {}, "", 1)
    leases.enqueue(job.run, "judge")
    worker = make_worker("while True: pass", judging=judging)
    worker.judge(job)
    ((_, told),) = client.xrange(stream.ENDED)  # type: ignore[misc]
    assert float(told[b"cpu"]) >= 0.6
