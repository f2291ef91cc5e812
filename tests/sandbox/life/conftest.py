"""A real Valkey, a real worker inside the test's process, and jails without walls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from sandbox import signals, stream
from sandbox.jobs import DemoJob
from sandbox.leases import Leases
from sandbox.models import Run, new_id
from sandbox.registrar import Registrar
from sandbox.worker import Worker
from tests.sandbox.life.jails import OpenJails


@pytest.fixture
def client(clean_valkey: str) -> Iterator[redis.Redis]:
    with stream.connect(clean_valkey) as connected:
        yield connected
        connected.connection_pool.disconnect()


@pytest.fixture
def leases(client: redis.Redis) -> Leases:
    return Leases(client)


@pytest.fixture
def job() -> DemoJob:
    return DemoJob(run=new_id(), files={"demo.py": ""}, seed=7, duration=10.0, controls={"rps": 5})


@pytest.fixture
def make_worker(client: redis.Redis) -> Iterator[Callable[..., Worker]]:
    """`make_worker(script)`: a worker whose jails run that script."""
    made: list[Worker] = []

    def make(script: str = "", **options: object) -> Worker:
        worker = Worker(client, OpenJails(script), OpenJails(script), **options)  # type: ignore[arg-type]
        made.append(worker)
        return worker

    yield make
    for worker in made:
        worker.close()
        worker.shut()
        worker.keeper.join(5)
        worker.postman.join(5)


@pytest.fixture
def registrar(client: redis.Redis) -> Registrar:
    registrar = Registrar(client)
    registrar.prepare()
    return registrar


@pytest.fixture
def ended() -> Iterator[list[Run]]:
    """The runs of which `run_ended` told."""
    told: list[Run] = []

    def hear(run: Run, **_: Any) -> None:
        told.append(run)

    signals.run_ended.connect(hear)
    yield told
    signals.run_ended.disconnect(hear)
