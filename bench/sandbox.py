"""The sandbox: how soon the first event comes, warm and cold, beside a bare interpreter; what jails weigh.

The rounds are interleaved, so that a machine busy with something else slows every row alike.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bench.table import percentile, show
from sandbox import host as hosts
from sandbox.guest.rehearsal import ENVIRONMENT, ROOT
from sandbox.host import Host
from sandbox.jail import Jail
from sandbox.limits import DEMO, MIB
from sandbox.pool import Pool
from sandbox.processes import descendants

ROUNDS = 40
BURST = 40
IDLE = 8
DEMO_FILE = "async def scenario(lab):\n    lab.emit('hello')\n"
SLEEPS = """
import asyncio
async def scenario(lab):
    async def one():
        for _ in range(100):
            await asyncio.sleep(1.01)
    await asyncio.gather(*[one() for _ in range(100)])
"""

Round = Callable[[], float]


def start(demo: str) -> dict[str, object]:
    files = {"demo.py": demo}
    return {"op": "start", "mode": "demo", "files": files, "seed": 1, "duration": 200.0, "pace": None}


def first_event(jail: Jail) -> None:
    jail.send(start(DEMO_FILE))
    poll = select.poll()
    poll.register(jail.events, select.POLLIN)
    poll.poll(10_000)
    assert os.read(jail.events, 1) == b"{"


def warm(pool: Pool) -> float:
    """Start message sent → first event, in a jail that was warm; the pool refills beside it."""
    while pool.ready() < pool.spare:
        time.sleep(0.005)
    with pool.take() as jail:
        began = time.perf_counter()
        first_event(jail)
        return time.perf_counter() - began


def taken(pool: Pool) -> float:
    """Asked for → first event: what a worker waits, pool included."""
    while pool.ready() < pool.spare:
        time.sleep(0.005)
    began = time.perf_counter()
    with pool.take() as jail:
        first_event(jail)
        return time.perf_counter() - began


def cold(host: Host) -> float:
    """No jail → first event."""
    began = time.perf_counter()
    with Jail(host, DEMO) as jail:
        jail.wait_ready()
        first_event(jail)
        return time.perf_counter() - began


def stop(host: Host) -> float:
    """A running jail told to stop → every process of it gone."""
    with Jail(host, DEMO) as jail:
        jail.wait_ready()
        jail.send(start("async def scenario(lab):\n    while True: pass"))
        poll = select.poll()
        poll.register(jail.events, select.POLLIN)
        poll.poll(10_000)
        began = time.perf_counter()
        jail.stop()
        return time.perf_counter() - began


def bare(*words: str) -> Round:
    """An interpreter with no jail at all → its first byte."""

    def once() -> float:
        began = time.perf_counter()
        process = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE)
        assert process.stdout
        process.stdout.read(1)
        took = time.perf_counter() - began
        process.stdout.close()
        process.wait()
        return took

    return once


def bare_guest() -> float:
    """The same guest and demo, outside a jail → its first event."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-sP", "-c", "from sandbox.guest.rehearsal import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=folder,
            env={**ENVIRONMENT, "PYTHONPATH": str(ROOT)},
        )
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(start(DEMO_FILE)).encode() + b"\n")
        process.stdin.close()
        process.stdout.read(1)
        took = time.perf_counter() - began
        process.stdout.read()
        process.stdout.close()
        process.wait()
    return took


def burst(pool: Pool, size: int) -> float:
    """Runs a second when `size` ask at once and the pool is full."""
    while pool.ready() < pool.spare:
        time.sleep(0.01)
    threads = [threading.Thread(target=_one, args=(pool,)) for _ in range(size)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return size / (time.perf_counter() - began)


def _one(pool: Pool) -> None:
    with pool.take() as jail:
        first_event(jail)


def weight(host: Host) -> list[float]:
    """MiB of PSS of each idle warm jail, nsjail included."""
    with Pool(host, spare=IDLE) as pool:
        while pool.ready() < IDLE:
            time.sleep(0.02)
        return [
            sum(map(_pss, [jail.process, *descendants(jail.process)])) / MIB for jail in list(pool._ready)
        ]


def _pss(process: int) -> int:
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def sleeps(host: Host) -> float:
    """10,000 sleeps over 101 virtual seconds, unpaced."""
    with Jail(host, DEMO) as jail:
        jail.wait_ready()
        began = time.perf_counter()
        jail.send(start(SLEEPS))
        poll = select.poll()
        poll.register(jail.events, select.POLLIN)
        said = b""
        while b"run.ended" not in said:
            poll.poll(10_000)
            said += os.read(jail.events, 65536)
        return time.perf_counter() - began


def main(options: list[str] | None = None) -> None:
    """Measure and print. Takes about a minute."""
    del options
    with tempfile.TemporaryDirectory(prefix="poligon-bench-") as folder:
        Path(folder).chmod(0o755)
        host = hosts.find(Path(folder))
        with Pool(host, spare=2) as pool:
            rounds: dict[str, Round] = {
                "bare python -I -S": bare("-I", "-S", "-c", "print(1)"),
                "bare python with asyncio and json": bare("-I", "-S", "-c", "import asyncio, json; print(1)"),
                "the guest without a jail, first event": bare_guest,
                "cold jail, first event": lambda: cold(host),
                "warm jail, start sent → first event": lambda: warm(pool),
                "taken from the pool → first event": lambda: taken(pool),
                "stop a busy loop, all processes gone": lambda: stop(host),
            }
            took: dict[str, list[float]] = {name: [] for name in rounds}
            for _ in range(ROUNDS):
                for name, once in rounds.items():
                    took[name].append(once())
        rows: list[list[str]] = [
            [name, f"{percentile(times, 0.5) * 1000:.1f}", f"{percentile(times, 0.95) * 1000:.1f}"]
            for name, times in took.items()
        ]
        show("Sandbox: latency", ["what", "p50 ms", "p95 ms"], rows)
        with Pool(host, spare=2) as pool:
            cold_rate = burst(pool, BURST)
        with Pool(host, spare=BURST) as pool:
            warm_rate = burst(pool, BURST)
        pss = weight(host)
        quick = min(sleeps(host) for _ in range(3))
        show(
            "Sandbox: the rest",
            ["what", "how much"],
            [
                [f"runs/s, {BURST} at once, pool of 2", f"{cold_rate:.0f}"],
                [f"runs/s, {BURST} at once, pool of {BURST}", f"{warm_rate:.0f}"],
                [f"idle warm jail, largest PSS of {IDLE}", f"{max(pss):.1f} MiB"],
                ["10,000 sleeps over 101 virtual seconds", f"{quick:.2f} s"],
            ],
        )
