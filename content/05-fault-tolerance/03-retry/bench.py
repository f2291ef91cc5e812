"""The retry loop beside tenacity and stamina: an async call that succeeds at once, and one that fails twice.

All with zero pauses, so what is timed is the machinery. Ratios of medians over interleaved rounds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

import stamina
import tenacity

from bench.table import show

CALLS, ROUNDS = 400, 15
Attempts = Callable[[Callable[[], Awaitable[None]]], Awaitable[Any]]


def _reference() -> ModuleType:
    path = Path(__file__).parent / "reference.py"
    module = ModuleType("retry_reference")
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), module.__dict__)
    return module


def _runners() -> dict[str, Attempts]:
    ours = _reference()
    policy = (3, 0.0, 0.0, 2.0, "full", (TimeoutError,))
    full = ours.RetryPolicy(*policy, budget=ours.RetryBudget(1e6, 1.0), deadline=60.0)
    calls = tenacity.AsyncRetrying(
        stop=tenacity.stop_after_attempt(4),
        wait=tenacity.wait_random_exponential(multiplier=0, max=0),
        retry=tenacity.retry_if_exception_type(TimeoutError),
        reraise=True,
    )
    caller = stamina.AsyncRetryingCaller(
        attempts=4, timeout=None, wait_initial=0, wait_max=0, wait_jitter=0
    ).on(TimeoutError)
    return {
        "эталон": ours.RetryPolicy(*policy).retry,
        "эталон с бюджетом и сроком": full.retry,
        "tenacity": calls,
        "stamina": caller,
    }


def _work(failures: int) -> Callable[[], Awaitable[None]]:
    left = failures

    async def work() -> None:
        nonlocal left
        if left:
            left -= 1
            raise TimeoutError
        left = failures

    return work


async def _round(attempts: Attempts, failures: int) -> float:
    """Microseconds a call."""
    work = _work(failures)
    begun = time.perf_counter()
    for _ in range(CALLS):
        await attempts(work)
    return (time.perf_counter() - begun) / CALLS * 1e6


async def _measure(failures: int) -> dict[str, float]:
    runners = _runners()
    taken: dict[str, list[float]] = {name: [] for name in runners}
    for _ in range(ROUNDS):
        for name, attempts in runners.items():
            taken[name].append(await _round(attempts, failures))
    return {name: median(values[1:]) for name, values in taken.items()}  # the first round warms up


def main(options: list[str]) -> None:
    """Print microseconds a call, and the ratio to tenacity."""
    stamina.instrumentation.set_on_retry_hooks([])  # no logging: nobody else has it on
    columns = {"удача сразу": 0, "две неудачи, потом удача": 2}
    measured = {title: asyncio.run(_measure(failures)) for title, failures in columns.items()}
    head = ["", *(f"{title}, мкс" for title in columns), *(f"{title}, к tenacity" for title in columns)]
    rows = []
    for name in next(iter(measured.values())):
        ratios = [f"{taken[name] / taken['tenacity']:.2f}" for taken in measured.values()]
        rows.append([name, *(taken[name] for taken in measured.values()), *ratios])
    show("5.3 Повторы: цена одного вызова", head, rows)
