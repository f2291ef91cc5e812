"""Workers as they are in life, each in a process of its own: one of root, one of an ordinary user."""

from __future__ import annotations

import multiprocessing
import os
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import sandbox.limits
from sandbox import stream
from sandbox.host import Host
from sandbox.jobs import DemoJob
from sandbox.leases import Leases
from sandbox.limits import Limits
from sandbox.pool import Pool
from sandbox.processes import descendants
from sandbox.worker import Worker

FORK = multiprocessing.get_context("fork")
GONE_WITHIN = 1.0  # s after the end of a run until every trace of it must have gone


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look for what a jail may leave: the jails' root names every one of its processes."""

    host: Host
    folder: Path


class AttackedWorker:
    """Runs jobs one after another in a real worker's envelope."""

    def __init__(self, host: Host, url: str, uid: int, secret: Path) -> None:
        self.host = host
        self._ours, theirs = FORK.Pipe()
        self._process = FORK.Process(target=_serve, args=(theirs, host, url, uid, secret), daemon=True)
        self._process.start()
        theirs.close()

    def run(self, job: DemoJob, limits: Limits) -> list[int]:
        """Numbers of the processes that the worker still has when the run has ended."""
        self._ours.send((job, limits))
        assert self._ours.poll(120), "the worker does not come back"
        left = self._ours.recv()
        assert isinstance(left, list), left
        return left

    def close(self) -> None:
        self._ours.send(None)
        self._process.join(10)
        self._process.kill()
        self._process.join()

    def groups(self) -> list[str]:
        """Control groups that it has made and that are there now."""
        homes = set(self.host.cgroups.homes.values()) if self.host.cgroups else set()
        return [str(path) for home in homes for path in home.glob(f"*-{self._process.pid}-*")]


def _serve(orders: Connection, host: Host, url: str, uid: int, secret: Path) -> None:
    # What a careless deployer may leave to a worker: a secret in its environment, an open, inheritable file.
    os.environ["SECRET_KEY"] = secret.read_text()
    os.set_inheritable(os.open(secret, os.O_RDONLY), True)
    if os.geteuid() != uid:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    client = stream.connect(url)
    worker = Worker(client, None, None)  # type: ignore[arg-type]
    try:
        while (order := orders.recv()) is not None:
            job, limits = order
            sandbox.limits.DEMO = limits  # where the worker reads the bounds of a demo
            Leases(client).enqueue(job.run, "demo")
            with Pool(host, limits, spare=0) as pool:
                worker.demo_jails = pool
                worker.demo(job)
            orders.send(descendants(os.getpid()))
    except Exception as error:
        orders.send(repr(error))
    finally:
        worker.close()
        worker.shut()


def processes_of(place: Place) -> list[int]:
    """Processes of this machine that were started from, or live in, the jails' root."""
    mark, found = str(place.host.root).encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "cmdline").read_bytes() or mark in (folder / "mountinfo").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def mounts() -> set[str]:
    return set(Path("/proc/self/mountinfo").read_text().splitlines())


def files(place: Place) -> dict[str, tuple[int, int]]:
    """What lies in the jails' root, and in the folders where a program leaves things: size and time."""
    found = {}
    for path in [*place.host.root.rglob("*"), *place.folder.glob("*"), *Path("/tmp").glob("nsjail*")]:
        status = path.lstat()
        found[str(path)] = (0, 0) if path == place.folder / "broker" else (status.st_size, status.st_mtime_ns)
    return found


def traces(
    place: Place, worker: AttackedWorker, before: tuple[set[str], dict[str, tuple[int, int]]]
) -> list[str]:
    """All that a run has left, given a second to go."""
    until = time.monotonic() + GONE_WITHIN
    while True:
        found = [f"process {number}" for number in processes_of(place)]
        found += [f"mount {line}" for line in mounts() - before[0]]
        found += [f"group {name}" for name in worker.groups()]
        found += [f"file {name}" for name, _ in set(files(place).items()) ^ set(before[1].items())]
        if not found or time.monotonic() > until:
            return found
        time.sleep(0.02)
