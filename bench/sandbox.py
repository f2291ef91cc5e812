"""The sandbox: the first event in our jails and in others', the pool, a hundred demos, Stop, leftovers.

What is compared is measured in interleaved rounds, so that a machine busy with something else slows every
row alike. `--quick`: a third of the rounds, for a look; `--only=jails,pool,demos` for some of the parts.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench import _sandbox_demos, _sandbox_jails, _sandbox_pool
from bench._sandbox_jails import Round
from bench._sandbox_left import Census
from bench._sandbox_pool import DEMO_FILE, PARTS, Weight, first_event, full, start
from bench.table import percentile, show
from launch.processes import Stack
from sandbox import host as hosts
from sandbox.guest.rehearsal import ENVIRONMENT, ROOT
from sandbox.host import Host
from sandbox.jail import Jail
from sandbox.limits import DEMO
from sandbox.pool import SPARE, Pool
from sandbox.tasks import JUDGE_SPARE

ROUNDS = 40
BURSTS = 5
BURST = 40  # learners at once
DEMOS = 100
WINDOW = 20.0  # s
PRESSES = 40
STUBBORN = 20
HEAD = ["what", "p50 ms", "p95 ms", "times"]
SLEEPS = """
import asyncio
async def scenario(lab):
    async def one():
        for _ in range(100):
            await asyncio.sleep(1.01)
    await asyncio.gather(*[one() for _ in range(100)])
"""


def warm(pool: Pool) -> float:
    """Start message sent → first event, in a jail that was warm; the pool refills beside it."""
    full(pool)
    with pool.take() as jail:
        began = time.perf_counter()
        first_event(jail)
        return time.perf_counter() - began


def asked(pool: Pool) -> float:
    full(pool)
    return _sandbox_pool.taken(pool)


def cold(host: Host) -> float:
    """No jail → first event."""
    began = time.perf_counter()
    with Jail(host, DEMO) as jail:
        jail.wait_ready()
        first_event(jail)
        return time.perf_counter() - began


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


def jails(host: Host, rounds: int) -> None:
    """Our jails beside others, every round all of them."""
    with _sandbox_jails.nsjail_groups(host), Pool(host) as pool:
        ways: dict[str, Round | str] = {
            **_sandbox_jails.others(host),
            "the guest without a jail, first event": bare_guest,
            "our cold jail, first event": lambda: cold(host),
            "our pool, jail asked for → first event": lambda: asked(pool),
            "our warm jail, code sent → first event": lambda: warm(pool),
        }
        took: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, once in ways.items():
                if not isinstance(once, str):
                    full(pool)  # nothing starts beside what is measured
                    took[name].append(once())
    goals = {"our cold jail, first event": "p95 150", "our warm jail, code sent → first event": "3 / 10"}
    rows = [
        [name, *([way, "", ""] if isinstance(way, str) else ms(took[name])), goals.get(name, "")]
        for name, way in ways.items()
    ]
    show(f"Sandbox: start, {rounds} rounds ({_sandbox_jails.machine()})", [*HEAD, "goal"], rows)


def pools(host: Host, rounds: int, bursts: int) -> None:
    with Pool(host, spare=0) as none, Pool(host) as usual:
        cold_bursts, warm_bursts, single, alone = [], [], [], []
        for _ in range(bursts):
            cold_bursts.append(_sandbox_pool.burst(none, BURST))
            warm_bursts.append(_sandbox_pool.burst(usual, BURST))
        for _ in range(rounds):
            full(usual)
            single.append(cold(host))
            alone.append(_sandbox_pool.while_refilling(usual))
    rows: list[list[object]] = []
    for name, waits in (
        ("one learner, cold jail, no pool", single),
        ("one learner while the emptied pool refills", alone),
        (f"{BURST} learners at once, pool of {SPARE}", _waits(warm_bursts)),
        (f"{BURST} learners at once, no warm jails", _waits(cold_bursts)),
    ):
        rows.append([name, *ms(waits), max(waits) * 1000])
    show("Sandbox: waits, asked for → first event", [*HEAD, "worst ms"], rows)
    weights = {count: _sandbox_pool.weights(host, count) for count in (SPARE, 20)}
    rate = percentile([each.rate for each in cold_bursts], 0.5)
    rows = [
        [f"cold runs/s, {BURST} at once, median of {bursts}", f"{rate:.0f}", "15"],
        [
            f"runs/s, {BURST} at once, pool of {SPARE}",
            f"{percentile([each.rate for each in warm_bursts], 0.5):.0f}",
            "",
        ],
    ]
    for count, found in weights.items():
        rows.append([f"idle warm jail, PSS of the heaviest of {count}", heaviest(found), "15 MiB"])
    rows.append(
        ["10,000 sleeps over 101 virtual seconds", f"{min(sleeps(host) for _ in range(3)):.2f} s", ""]
    )
    show("Sandbox: the pool", ["what", "how much", "goal"], rows)


def demos(stack: Stack, count: int, quick: bool) -> int:
    """A hundred readers on one worker; its process number, when it is gone."""
    with _sandbox_demos.worker(stack) as bench:
        found = _sandbox_demos.measure(
            bench,
            demos=count,
            window=WINDOW / 3 if quick else WINDOW,
            presses=min(PRESSES, count) // (3 if quick else 1),
            stubborn=STUBBORN // (3 if quick else 1),
            spare=SPARE + JUDGE_SPARE,
        )
    stack.stop()
    show(
        "Sandbox: paced demos of lesson 5.1 on one worker (threads)",
        ["what", "how much", "goal"],
        [
            ["demos that run at once", f"{found.at_once} of {found.asked}", "100"],
            ["all sent → begun", f"{found.begun} in {found.filling:.1f} s", ""],
            ["lost for want of a jail in time", found.refused, "0"],
            ["events in the window", f"{found.events}", ""],
            [
                "pipe → stream, p50 / p95 / p99 / worst",
                " / ".join(f"{percentile(found.lags, share) * 1000:.1f}" for share in (0.5, 0.95, 0.99, 1.0))
                + " ms",
                "p99 100 ms",
            ],
            [f"the idle worker's {len(found.idle)} warm jails, heaviest", heaviest(found.idle), "15 MiB"],
        ],
    )
    show(
        "Sandbox: Stop pressed → every process of the jail gone",
        [*HEAD, "worst ms", "goal p95"],
        [
            [name, *ms(took), max(took) * 1000, 500]
            for name, took in (
                (f"lesson's demo, {found.begun} run, {len(found.stops)} pressed in turn", found.stops),
                (f"busy loop and two daemons, {len(found.stubborn)} in turn", found.stubborn),
            )
        ],
    )
    return found.worker


def ms(seconds: Sequence[float]) -> list[object]:
    """Median and p95 in milliseconds, and how many were measured."""
    return [percentile(seconds, 0.5) * 1000, percentile(seconds, 0.95) * 1000, len(seconds)]


def heaviest(weights: Sequence[Weight]) -> str:
    most = max(weights, key=lambda each: each.whole)
    parts = ", ".join(f"{name} {mib:.1f}" for name, mib in zip(PARTS, most.parts, strict=True))
    return f"{most.whole:.1f} MiB ({parts})"


def _waits(bursts: Sequence[_sandbox_pool.Burst]) -> list[float]:
    return [wait for each in bursts for wait in each.waits]


def main(options: list[str] | None = None) -> None:
    """Measure and print. Takes about three minutes."""
    chosen = dict(option.lstrip("-").partition("=")[::2] for option in options or ())
    quick = "quick" in chosen
    parts = (chosen.get("only") or "jails,pool,demos").split(",")
    makers = {os.getpid()}
    with tempfile.TemporaryDirectory(prefix="poligon-") as folder:
        var = Path(folder)
        var.chmod(0o755)
        host = hosts.find(var)
        census = Census(var)
        rounds = ROUNDS // 3 if quick else ROUNDS
        if "jails" in parts:
            jails(host, rounds)
        if "pool" in parts:
            pools(host, rounds, 1 if quick else BURSTS)
        if "demos" in parts:
            count = int(chosen.get("demos", DEMOS))
            with Stack(var) as stack:
                makers.add(demos(stack, count, quick))
        left = census.take(host.cgroups, makers)
        show("Sandbox: left over (goal 0)", ["processes", "mounts", "cgroups", "files"], [left.counts()])
        if any(left.counts()):
            print(left)
        if host.cgroups:
            host.cgroups.leave()
