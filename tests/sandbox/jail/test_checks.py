"""`manage.py check --deploy` warns of what a deployer may overlook."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

from sandbox import checks


def test_one_persons_mode_is_an_error(settings: Any) -> None:
    settings.LOCAL, settings.DEBUG = True, True
    assert [found.id for found in checks.one_persons_machine(None)] == ["sandbox.E001", "sandbox.E002"]


def test_a_broker_without_password_is_an_error(settings: Any) -> None:
    settings.REDIS_URL = "redis://10.0.0.5:6379/0"
    assert [found.id for found in checks.open_broker(None)] == ["sandbox.E005"]


def test_a_broker_with_a_password_or_a_socket_is_fine(settings: Any) -> None:
    for url in ("redis://:word@10.0.0.5:6379/0", "unix:///run/valkey.sock"):
        settings.REDIS_URL = url
        assert checks.open_broker(None) == []


def test_more_places_than_memory_is_a_warning(settings: Any) -> None:
    settings.ENV = SimpleNamespace(worker_concurrency=1_000_000)
    assert [found.id for found in checks.room_for_all(None)] == ["sandbox.W002"]


def test_a_running_worker_that_knows_the_sites_secret_is_an_error() -> None:
    words = ["-c", "print(flush=True); input()", "coursesite.celery", "worker"]
    with subprocess.Popen(
        [sys.executable, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": os.defpath, "SECRET_KEY": "x" * 50},
    ) as process:
        assert process.stdout
        process.stdout.readline()  # until it runs, the kernel shows no words of its command
        told = [found.msg for found in checks.workers_secrets(None)]
        process.communicate(b"\n")
    assert any(f"Работник {process.pid} " in text and "SECRET_KEY" in text for text in told)
