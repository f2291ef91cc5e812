"""Bait: what an attack would find if the jail did not hold. And two real workers to attack."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis

from launch.processes import Stack
from sandbox import stream
from sandbox.host import REPOSITORY, Host
from tests.sandbox.attacks.workers import AttackedWorker, Place
from tests.sandbox.jail.conftest import MODES, NOBODY, host, open_folder, user_host

__all__ = ["host", "open_folder", "user_host"]


@pytest.fixture(scope="session")
def canary() -> str:
    """The secret of this session: nowhere but on the host."""
    return f"canary-{uuid.uuid4().hex}"


@pytest.fixture(scope="session")
def secret(open_folder: Path, canary: str) -> Path:
    """A file of the host that anybody may read."""
    path = open_folder / "secret.txt"
    path.write_text(canary)
    path.chmod(0o644)
    return path


@pytest.fixture(scope="session")
def place(host: Host, user_host: Host, open_folder: Path, secret: Path) -> Place:
    return Place(host, open_folder)


@pytest.fixture(scope="session")
def broker(open_folder: Path) -> Iterator[str]:
    """A Valkey that both workers may reach."""
    folder = open_folder / "broker"
    with Stack(folder, port=0) as running:
        running.start_valkey()
        folder.chmod(0o755)
        (folder / "valkey.sock").chmod(0o777)
        yield f"unix://{folder}/valkey.sock"


@pytest.fixture(scope="session")
def workers(host: Host, user_host: Host, broker: str, secret: Path) -> Iterator[dict[str, AttackedWorker]]:
    """By mode. Started before any thread of this process: they are forked from it."""
    made = {"user": AttackedWorker(user_host, broker, NOBODY if os.geteuid() == 0 else os.geteuid(), secret)}
    if "root" in MODES:
        made["root"] = AttackedWorker(replace(host), broker, 0, secret)
    yield made
    for worker in made.values():
        worker.close()


@pytest.fixture(scope="session")
def client(broker: str) -> Iterator[redis.Redis]:
    with stream.connect(broker) as connected:
        yield connected
        connected.connection_pool.disconnect()


@pytest.fixture(scope="session")
def bait(
    workers: dict[str, AttackedWorker], secret: Path, canary: str, open_folder: Path
) -> Iterator[dict[str, Any]]:
    """Names and numbers of the host's things, told to the attack so that it need not guess."""
    everywhere = socket.create_server(("0.0.0.0", 0))
    abstract, by_path = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    abstract.bind("\0" + canary[:20])
    path = open_folder / "bait.sock"
    by_path.bind(str(path))
    path.chmod(0o777)
    for server in (everywhere, abstract, by_path):
        server.listen()
        threading.Thread(target=_tell, args=(server, canary), daemon=True).start()
    victim = subprocess.Popen(
        [sys.executable, "-c", "input()"],
        stdin=subprocess.PIPE,
        env={"PATH": os.defpath, "SECRET_KEY": canary},
    )
    yield {
        "file": str(secret),
        "folder": str(open_folder),
        "repository": str(REPOSITORY),
        "hostname": socket.gethostname(),
        "address": _address(),
        "port": everywhere.getsockname()[1],
        "abstract": canary[:20],
        "socket": str(path),
        "process": victim.pid,
    }
    victim.communicate(b"\n")
    for server in (everywhere, abstract, by_path):
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def _tell(server: socket.socket, canary: str) -> None:
    while True:
        try:
            caller, _ = server.accept()
        except OSError:
            return
        with caller:
            caller.sendall(canary.encode())


def _address() -> str:
    """The host's own address in its network; the loopback's when it has none. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
