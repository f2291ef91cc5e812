"""Three real Valkey nodes outside the jail, for this lesson's tests and bench."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from launch.processes import free_port
from sandbox.packages import valkey_server

FIRST = (0, 5461, 10923, 16384)  # slots they begin with: each up to the next one's first


class Nodes:
    """A cluster in a folder. Nodes are numbered 0, 1, 2."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = [free_port() for _ in range(3)]
        self.buses = [free_port() for _ in range(3)]
        self.addresses = [f"127.0.0.1:{port}" for port in self.ports]
        self.ids = [str(number) * 40 for number in range(3)]
        self.processes: list[subprocess.Popen[bytes] | None] = [None] * 3
        self.admins = [redis.Redis(port=port, decode_responses=True) for port in self.ports]

    def start(self) -> None:
        for number in range(3):
            self._introduce(number)
            self.start_one(number)
        self.wait_whole()

    def _introduce(self, number: int) -> None:
        lines = []
        for other, name in enumerate(self.ids):
            role = "myself,master" if other == number else "master"
            place = f"{self.addresses[other]}@{self.buses[other]}"
            slots = f"{FIRST[other]}-{FIRST[other + 1] - 1}"
            lines.append(f"{name} {place} {role} - 0 0 {other + 1} connected {slots}\n")
        lines.append("vars currentEpoch 3 lastVoteEpoch 0\n")
        (self.folder / f"nodes-{number}.conf").write_text("".join(lines))

    def start_one(self, number: int) -> None:
        settings = {
            "port": self.ports[number],
            "cluster-port": self.buses[number],
            "bind": "127.0.0.1",
            "dir": self.folder,
            "cluster-enabled": "yes",
            "cluster-config-file": f"nodes-{number}.conf",
            "cluster-require-full-coverage": "no",
            "appendonly": "yes",
            "appenddirname": f"data-{number}",
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", str(value))]
        self.processes[number] = subprocess.Popen([valkey_server(), *options], stdout=subprocess.DEVNULL)

    def stop_one(self, number: int) -> None:
        process, self.processes[number] = self.processes[number], None
        if process:
            process.kill()
            process.wait()

    def wait_whole(self) -> None:
        deadline = time.monotonic() + 30
        while not all(self._ok(number) for number in range(3)):
            assert time.monotonic() < deadline, "the cluster does not form"
            time.sleep(0.02)

    def _ok(self, number: int) -> bool:
        try:
            return bool(self.tell(number, "CLUSTER INFO")["cluster_state"] == "ok")
        except redis.RedisError:
            return False

    def tell(self, number: int, *command: Any) -> Any:
        return self.admins[number].execute_command(*command)

    def holder(self, slot: int) -> int:
        """Who holds the slot, as node 1 says."""
        for low, high, (_, port, *_), *_ in self.tell(1, "CLUSTER SLOTS"):
            if low <= slot <= high:
                return self.ports.index(port)
        raise AssertionError(f"nobody holds slot {slot}")

    # -- moving a slot ------------------------------------------------------------------------------------

    def begin_move(self, slot: int) -> tuple[int, int]:
        """The slot is on its way: from, to."""
        source = self.holder(slot)
        target = (source + 1) % 3
        self.tell(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", self.ids[source])
        self.tell(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", self.ids[target])
        return source, target

    def carry(self, keys: list[str], source: int, target: int) -> None:
        self.tell(source, "MIGRATE", "127.0.0.1", self.ports[target], "", 0, 1000, "KEYS", *keys)

    def end_move(self, slot: int, source: int, target: int) -> None:
        while keys := self.tell(source, "CLUSTER", "GETKEYSINSLOT", slot, 100):
            self.carry(keys, source, target)
        for number in (target, source, 3 - source - target):
            self.tell(number, "CLUSTER", "SETSLOT", slot, "NODE", self.ids[target])


@contextmanager
def running() -> Iterator[Nodes]:
    """A cluster that ends with the block."""
    with tempfile.TemporaryDirectory(prefix="poligon-nodes-") as folder:
        nodes = Nodes(Path(folder))
        try:
            nodes.start()
            yield nodes
        finally:
            for number, admin in enumerate(nodes.admins):
                nodes.stop_one(number)
                admin.close()
