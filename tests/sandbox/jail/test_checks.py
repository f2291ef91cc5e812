"""`manage.py check --deploy` warns of what a deployer may overlook."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox import checks


def test_one_persons_mode_is_an_error(settings: Any) -> None:
    settings.LOCAL, settings.DEBUG = True, True
    assert [found.id for found in checks.one_persons_machine(None)] == ["sandbox.E001", "sandbox.E002"]


def test_a_worker_whose_environment_may_not_be_read_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(path: Path) -> bytes:
        raise PermissionError(path)

    monkeypatch.setattr(checks, "workers", lambda: [7])
    monkeypatch.setattr(Path, "read_bytes", closed)  # root may read every environment there is
    assert [found.id for found in checks.workers_secrets(None)] == ["sandbox.W003"]


def test_a_broker_without_password_is_an_error(settings: Any) -> None:
    settings.REDIS_URL = "redis://10.0.0.5:6379/0"
    assert [found.id for found in checks.open_broker(None)] == ["sandbox.E005"]


def test_a_broker_with_a_password_or_a_socket_is_fine(settings: Any) -> None:
    for url in (
        "rediss://:word@10.0.0.5:6379/0",
        "redis://:word@localhost:6379/0",
        "unix:///run/valkey.sock",
    ):
        settings.REDIS_URL = url
        assert checks.open_broker(None) == []


def test_a_password_in_the_clear_on_a_network_is_a_warning(settings: Any) -> None:
    settings.REDIS_URL = "redis://:word@10.0.0.5:6379/0"
    assert [found.id for found in checks.open_broker(None)] == ["sandbox.W004"]


def test_a_socket_that_anybody_may_write_to_is_an_error(settings: Any, tmp_path: Path) -> None:
    socket = tmp_path / "valkey.sock"
    socket.touch()
    settings.REDIS_URL = f"unix://{socket}"
    for mode, told in ((0o777, ["sandbox.E006"]), (0o770, [])):
        socket.chmod(mode)
        assert [found.id for found in checks.open_broker(None)] == told


def test_every_message_says_the_remedy(settings: Any, tmp_path: Path) -> None:
    settings.LOCAL, settings.DEBUG, settings.REDIS_URL = True, True, "redis://10.0.0.5:6379/0"
    settings.ENV = SimpleNamespace(worker_concurrency=1_000_000)
    told = [*checks.one_persons_machine(None), *checks.open_broker(None), *checks.room_for_all(None)]
    assert len(told) == 4
    assert all(found.hint for found in told)


def test_more_places_than_memory_is_a_warning(settings: Any) -> None:
    settings.ENV = SimpleNamespace(worker_concurrency=1_000_000)
    assert [found.id for found in checks.room_for_all(None)] == ["sandbox.W002"]


@pytest.mark.parametrize("secret", ["SECRET_KEY", "DATABASE_URL"])
def test_a_running_worker_that_knows_a_secret_of_the_site_is_an_error(secret: str) -> None:
    words = ["-c", "print(flush=True); input()", "coursesite.celery", "worker"]
    with subprocess.Popen(
        [sys.executable, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": os.defpath, secret: "x" * 50},
    ) as process:
        assert process.stdout
        process.stdout.readline()  # until it runs, the kernel shows no words of its command
        told = [found.msg for found in checks.workers_secrets(None)]
        process.communicate(b"\n")
    assert any(f"Исполнитель {process.pid} " in text and secret in text for text in told)
