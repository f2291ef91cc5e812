"""The judge where it works: in a worker, with a real pool of jails, writing a real log."""

from __future__ import annotations

import json

import pytest
import redis

from sandbox import stream
from sandbox.jobs import JudgeJob
from sandbox.leases import Leases
from sandbox.models import new_id
from sandbox.pool import Pool
from sandbox.worker import Worker
from tests.sandbox.judge.keeper import CASES, SOLUTION


def log_of(client: redis.Redis, run: str) -> list[dict[str, object]]:
    return [json.loads(line) for batch in stream.Log(client, run, 1).read() for line in batch.lines()]


def test_a_judging_is_a_run_whose_log_ends_with_the_verdict(clean_valkey: str, pool: Pool) -> None:
    job = JudgeJob(new_id(), {"solution.py": SOLUTION.replace("2 *", "3 *")}, CASES, 1)
    with stream.connect(clean_valkey) as client:
        Leases(client).enqueue(job.run, "judge")
        worker = Worker(client, pool, pool)
        worker.judge(job)
        worker.close()
        worker.shut()
        log = log_of(client, job.run)
    assert [event["seq"] for event in log] == list(range(1, len(log) + 1))
    assert [log[0]["kind"], log[1]["kind"]] == ["run.started", "judge.started"]
    assert log[-2]["kind"] == "verdict"
    assert (log[-2]["passed"], log[-2]["total"], log[-2]["ok"]) == (4, 5, False)
    assert (log[-1]["kind"], log[-1]["state"], log[-1]["reason"]) == ("run.ended", "finished", "done")


@pytest.mark.parametrize("said", [r"\ud800", r"\x1b[2J\u202e", r"\x00"])
def test_signs_that_are_no_text_in_what_a_solution_prints_break_no_judging(
    clean_valkey: str, pool: Pool, said: str
) -> None:
    solution = SOLUTION.replace("2 *", f"print('{said}') or 3 *")
    job = JudgeJob(new_id(), {"solution.py": solution}, CASES, 1)
    with stream.connect(clean_valkey) as client:
        Leases(client).enqueue(job.run, "judge")
        worker = Worker(client, pool, pool)
        worker.judge(job)
        worker.close()
        worker.shut()
        log = log_of(client, job.run)
    assert (log[-2]["passed"], log[-2]["total"]) == (4, 5)
    assert (log[-1]["state"], log[-1]["reason"]) == ("finished", "done")
