"""A real worker, real jails, many paced demos of lesson 5.1 at once: pipe → stream, and Stop → all gone."""

from __future__ import annotations

import os
import re
import secrets
import socket
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from celery import Celery

from bench._sandbox_pool import Weight, weight
from launch import setup
from launch.processes import Stack
from sandbox import broker, stream
from sandbox.jobs import DemoJob
from sandbox.leases import Leases
from sandbox.processes import descendants
from sandbox.states import END_STATES

LESSON = setup.ROOT / "content" / "05-fault-tolerance" / "01-circuit-breaker"
PATIENCE = 50.0  # s until what does not come is given up

# Stamps every event with the wall's clock just before it is encoded and written to the pipe, and keeps a file
# open whose name tells the jail of this run from the others. The lesson's own file is its neighbour.
STAMPED = """
import time
from sandbox.guest.wire import Outbox
from story import scenario

write, clock, wall = Outbox.write, time.clock_gettime, time.CLOCK_REALTIME

def stamped(outbox, event):
    write(outbox, event if event["kind"].startswith("run.") else {**event, "wall": clock(wall)})

Outbox.write = stamped
mark = open("/tmp/RUN", "w")
"""
# Hears no Stop: the main thread never gives way, and two daemons have left its family.
STUBBORN = """
import os, select

def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            select.select([], [], [], 1000)  # `time.sleep` is the scenario's
        os._exit(0)

async def scenario(lab):
    mark = open("/tmp/RUN", "w")
    daemon()
    daemon()
    lab.emit("busy")
    while True:
        pass
"""
STUBBORN_TREE = (
    7  # nsjail, process 1, the learner's, two daemons, and two ended children that nobody waits for
)
DURATION = 300.0  # scenario s: the demo's traffic goes on as long as it is let; on the page it is 45 s
WALL = re.compile(rb'\\"wall\\":([0-9.]+)')


def lesson_job() -> DemoJob:
    """Lesson 5.1's demo at the pace a reader sees, its events stamped."""
    demo = tomllib.loads((LESSON / "demo.toml").read_text())
    run = secrets.token_urlsafe(16)
    files = {
        "demo.py": STAMPED.replace("RUN", run),
        "story.py": (LESSON / "demo.py").read_text(),
        "reference.py": (LESSON / "reference.py").read_text(),
    }
    controls = {each["name"]: each["default"] for each in demo["controls"] if "default" in each}
    return DemoJob(run, files, demo["seed"], DURATION, controls=controls)


def stubborn_job() -> DemoJob:
    run = secrets.token_urlsafe(16)
    return DemoJob(run, {"demo.py": STUBBORN.replace("RUN", run)}, 1, 600.0)


@dataclass
class Found:
    """Seconds, but for counts and weights."""

    asked: int
    begun: int = 0  # before patience ended
    at_once: int = 0  # runs that wrote events in the first and in the last third of the window
    refused: int = 0  # ended as lost: no jail within the limits' warm-up
    filling: float = 0.0  # first job sent → those runs have begun
    events: int = 0
    lags: list[float] = field(default_factory=list)
    stops: list[float] = field(default_factory=list)
    stubborn: list[float] = field(default_factory=list)
    idle: list[Weight] = field(default_factory=list)
    worker: int = 0


class Monitor(threading.Thread):
    """Valkey's own record of commands, each with the server's time in µs: the moment an entry arrived."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.said = bytearray()
        self._link = socket.socket(socket.AF_UNIX)
        self._link.connect(str(path))
        self._link.sendall(b"MONITOR\r\n")

    def run(self) -> None:
        while chunk := self._link.recv(1 << 20):
            self.said += chunk

    def close(self) -> None:
        self._link.shutdown(socket.SHUT_RDWR)
        self.join()
        self._link.close()

    def entries(self) -> Iterator[tuple[float, str, list[float]]]:
        """(arrived, run, when its events were emitted) of each entry appended to a run's log."""
        for line in bytes(self.said).split(b"\r\n"):
            arrived, _, rest = line.lstrip(b"+").partition(b" ")
            words = rest.split(b'"', 4)
            if len(words) == 5 and words[1] == b"XADD" and words[3].startswith(b"run:"):
                emitted = [float(stamp) for stamp in WALL.findall(words[4])]
                if emitted:
                    yield float(arrived), words[3].split(b":")[1].decode(), emitted


class Bench:
    def __init__(self, stack: Stack) -> None:
        self.url = f"unix://{stack.var}/valkey.sock"
        self.socket = stack.var / "valkey.sock"
        self.client = stream.connect(self.url)
        self.leases = Leases(self.client)
        self.app: Celery = broker.make_app(self.url)
        self.worker = stack.running["worker"].pid
        self.refused = 0  # runs that ended instead of beginning: no jail could be had for them in time

    def send(self, job: DemoJob) -> str:
        """As the site does: its place in the queue, then the message."""
        self.leases.enqueue(job.run, "demo")
        self.app.send_task(
            broker.RUN_DEMO, args=[job.to_json(), "demo"], queue="demo", retry=False, ignore_result=True
        )
        return job.run

    def begun(self, runs: list[str]) -> list[str]:
        """Those that have written something of their own, once all have or patience has ended."""
        until = time.monotonic() + PATIENCE
        while True:
            pipe = self.client.pipeline(transaction=False)  # and seldom: whoever asks takes from the runs
            for run in runs:
                pipe.xlen(stream.log_key(run, 1))
                pipe.hget(stream.run_key(run), "state")
            told = pipe.execute()
            lengths, ended = told[::2], [state.decode() in END_STATES for state in told[1::2]]
            begun = [
                run
                for run, length, over in zip(runs, lengths, ended, strict=True)
                if length >= 2 and not over
            ]
            self.refused = sum(ended)
            if len(begun) + self.refused == len(runs) or time.monotonic() > until:
                return begun
            time.sleep(0.05 if len(runs) == 1 else 0.3)

    def jails(self, runs: list[str]) -> dict[str, list[int]]:
        """Every process of each run's jail, nsjail first, found by the file that the run keeps open."""
        wanted = {f"/tmp/{run}": run for run in runs}
        found = {}
        for nsjail in _children(self.worker):
            tree = [nsjail, *descendants(nsjail)]
            for process in tree:
                if run := next((wanted[name] for name in _open_files(process) if name in wanted), None):
                    found[run] = tree
                    break
        return found

    def whole(self, run: str, size: int) -> list[int]:
        """The jail of a run once it holds so many processes. Raises RuntimeError."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            tree = self.jails([run]).get(run, [])
            if len(tree) == size:
                return tree
            time.sleep(0.01)
        raise RuntimeError(f"the jail of {run} never held {size} processes")

    def press_stop(self, run: str, tree: list[int]) -> float:
        """Stop pressed → no process of the jail is left, not even unreaped; looked at each ms."""
        began = time.perf_counter()
        stream.send_control(self.client, run, {"op": "stop"})
        while any(os.path.exists(f"/proc/{process}") for process in tree):
            if time.perf_counter() - began > PATIENCE:
                raise RuntimeError(f"jail {tree} outlives its Stop")
            time.sleep(0.001)
        return time.perf_counter() - began

    def idle(self, jails: int) -> list[Weight]:
        """The warm jails of a worker that has nothing to do."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            trees = {nsjail: descendants(nsjail) for nsjail in _children(self.worker)}
            if len(trees) == jails and all(len(inside) == 2 for inside in trees.values()):
                time.sleep(0.5)
                return [weight(nsjail) for nsjail in trees]
            time.sleep(0.05)
        raise RuntimeError("the worker's jails do not get warm")


@contextmanager
def worker(stack: Stack) -> Iterator[Bench]:
    stack.start_valkey()
    stack.start_worker()
    bench = Bench(stack)
    try:
        yield bench
    finally:
        bench.client.close()
        bench.app.close()


def measure(bench: Bench, *, demos: int, window: float, presses: int, stubborn: int, spare: int) -> Found:
    """The whole story; `window` in seconds."""
    found = Found(demos, worker=bench.worker)
    found.idle = bench.idle(spare)
    began = time.perf_counter()
    sent = [bench.send(lesson_job()) for _ in range(demos)]
    runs = bench.begun(sent)
    found.begun, found.filling = len(runs), time.perf_counter() - began
    found.refused = bench.refused
    _watch(bench, found, window)
    trees = bench.jails(runs)
    for run in runs[:presses]:
        found.stops.append(bench.press_stop(run, trees[run]))
    for run in sent:
        stream.send_control(bench.client, run, {"op": "stop"})
    while any(os.path.exists(f"/proc/{tree[0]}") for tree in trees.values()):
        time.sleep(0.05)
    for _ in range(stubborn):
        run = bench.send(stubborn_job())
        if not bench.begun([run]):
            raise RuntimeError("a run did not begin")
        tree = bench.whole(run, STUBBORN_TREE)
        found.stubborn.append(bench.press_stop(run, tree))
    return found


def _watch(bench: Bench, found: Found, window: float) -> None:
    monitor = Monitor(bench.socket)
    monitor.start()
    began = time.time()
    time.sleep(window)
    monitor.close()
    early: set[str] = set()
    late: set[str] = set()
    for arrived, run, emitted in monitor.entries():
        found.lags += [arrived - stamp for stamp in emitted]
        if arrived < began + window / 3:
            early.add(run)
        elif arrived > began + window * 2 / 3:
            late.add(run)
    found.events = len(found.lags)
    found.at_once = len(early & late)


def _children(process: int) -> list[int]:
    """Of all its threads: the one that starts jails is not the first."""
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").iterdir():
        try:
            found += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return found


def _open_files(process: int) -> list[str]:
    names: list[Any] = []
    try:
        for entry in os.scandir(f"/proc/{process}/fd"):
            names.append(os.readlink(entry.path))
    except OSError:
        return []
    return names
