"""A judging outlives its worker: it is handed out again at once, and there is one verdict."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from sandbox import runs, stream
from sandbox.jobs import JudgeJob
from sandbox.registrar import Registrar
from tests.sandbox.life.workers import Workers


@pytest.fixture
def workers(clean_valkey: str, tmp_path: Path) -> Iterator[Workers]:
    workers = Workers(tmp_path, clean_valkey)
    yield workers
    workers.close()


def until(condition: Callable[[], Any], seconds: float) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "did not happen in time"
        time.sleep(0.05)


@pytest.mark.django_db(transaction=True)
def test_a_judging_whose_worker_was_killed_is_judged_by_another_with_one_verdict(
    workers: Workers, client: redis.Redis
) -> None:
    registrar = Registrar(client)
    registrar.prepare()
    run = runs.start(JudgeJob(run="", files={}, cases="", seed=1), label="", kind="judge")
    first = workers.start()
    until(workers.begun.exists, 20)
    workers.kill(first)
    workers.start()

    def ended() -> bool:
        registrar.step()
        registrar.reap()
        run.refresh_from_db()
        return run.over

    until(ended, 25)  # the broker alone would take 150 s
    kinds = [json.loads(line)["kind"] for line in run.events()]
    assert (run.state, run.attempt) == ("finished", 2)
    assert kinds == ["run.started", "judge.started", "verdict", "run.ended"]


@pytest.mark.django_db(transaction=True)
def test_the_brokers_own_second_copy_finds_nothing_to_do(workers: Workers, client: redis.Redis) -> None:
    registrar = Registrar(client)
    registrar.prepare()
    run = runs.start(JudgeJob(run="", files={}, cases="", seed=1), label="", kind="judge")
    first = workers.start(VISIBILITY="7")
    until(workers.begun.exists, 20)
    workers.kill(first)
    workers.start(VISIBILITY="7")
    until(lambda: client.hlen("unacked") == 1, 20)  # the dead worker's copy
    verdicts = 0

    def quiet() -> bool:
        nonlocal verdicts
        verdicts += client.xlen(stream.ENDED)
        registrar.step()
        registrar.reap()
        return verdicts > 0 and client.hlen("unacked") == 0 and client.llen("judge") == 0

    until(quiet, 40)
    run.refresh_from_db()
    assert (verdicts, run.state, run.attempt) == (1, "finished", 2)
