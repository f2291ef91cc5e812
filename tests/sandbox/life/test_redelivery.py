"""A judging outlives its worker: it is handed out again at once, and there is one verdict."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from sandbox import runs, stream
from sandbox.jobs import JudgeJob
from sandbox.registrar import Registrar
from tests.sandbox.life.web import ROOT


@pytest.fixture
def start_worker(clean_valkey: str, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    env = {**os.environ, "REDIS_URL": clean_valkey, "BEGUN": str(tmp_path / "begun")}

    def start(**more: str) -> subprocess.Popen[bytes]:
        command = "-m celery -A tests.sandbox.life.celeryapp worker -P threads -c 2 -Q judge -l WARNING"
        with (tmp_path / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command.split(), "--without-gossip", "--without-mingle"],
                cwd=ROOT,
                env={**env, **more},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def until(condition: Callable[[], Any], seconds: float) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "did not happen in time"
        time.sleep(0.05)


@pytest.mark.django_db(transaction=True)
def test_a_judging_whose_worker_was_killed_is_judged_by_another_with_one_verdict(
    start_worker: Callable[..., subprocess.Popen[bytes]], client: redis.Redis, tmp_path: Path
) -> None:
    registrar = Registrar(client)
    registrar.prepare()
    run = runs.start(JudgeJob(run="", files={}, cases="", seed=1), label="", kind="judge")
    first = start_worker()
    until((tmp_path / "begun").exists, 20)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    start_worker()

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
def test_the_brokers_own_second_copy_finds_nothing_to_do(
    start_worker: Callable[..., subprocess.Popen[bytes]], client: redis.Redis, tmp_path: Path
) -> None:
    registrar = Registrar(client)
    registrar.prepare()
    run = runs.start(JudgeJob(run="", files={}, cases="", seed=1), label="", kind="judge")
    first = start_worker(VISIBILITY="7")
    until((tmp_path / "begun").exists, 20)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    start_worker(VISIBILITY="7")
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
