"""What the client costs beside tenacity around purgatory, over a transport that answers at once."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import tenacity
from purgatory.domain import model as purgatory

from bench.table import percentile, show

ROUNDS = 15
CALLS = 2_000  # of one round
ATTEMPTS = 3


class Failed(Exception):
    """What the peers must see of an answer 5xx."""


def load(name: str) -> ModuleType:
    """A variant of the lesson, as a module."""
    spec = importlib.util.spec_from_file_location(f"resilient_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec
    assert spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def contenders(statuses: Callable[[], int]) -> dict[str, Callable[[], Awaitable[Any]]]:
    """One call each, over the same transport; all bound an attempt, retry thrice and have a breaker."""
    reference = load("reference")

    async def aclose() -> None:
        return None

    async def send(method: str, url: str, headers: Any) -> Any:
        return reference.Response(statuses(), {}, aclose)

    client = reference.ResilientClient(send, attempts=ATTEMPTS, threshold=10**9, chance=lambda: 0.0)
    circuit = purgatory.Context("a", 10**9, 4.0)

    async def once() -> Any:
        with circuit:
            async with asyncio.timeout(0.8):
                response = await send("GET", "http://a/", {})
            if response.status >= 500:
                await response.aclose()
                raise Failed
            return response

    async def peer() -> Any:
        async with asyncio.timeout(2.0):
            return await tenacity.AsyncRetrying(
                stop=tenacity.stop_after_attempt(ATTEMPTS), wait=tenacity.wait_none(), reraise=True,
                retry=tenacity.retry_if_exception_type((Failed, OSError)), sleep=asyncio.sleep,
            )(once)  # fmt: skip

    return {
        "bare transport": lambda: send("GET", "http://a/", {}),
        "the lesson's client": lambda: client.request("GET", "http://a/"),
        "tenacity + purgatory + two timeouts": peer,
    }


async def rounds(make: Callable[[], dict[str, Callable[[], Awaitable[Any]]]]) -> dict[str, list[float]]:
    """Microseconds of one call, by rounds in which each contender has its turn."""
    found: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, call in make().items():
            begun = time.perf_counter()
            for _ in range(CALLS):
                await call()
            found.setdefault(name, []).append((time.perf_counter() - begun) / CALLS * 1e6)
    return found


def every_third_fails() -> Callable[[], int]:
    """Two attempts answer 200, the third 503: a third of calls need a second attempt."""
    turn = iter(range(10**12))
    return lambda: 503 if next(turn) % 3 == 2 else 200


def main(options: list[str]) -> None:
    for title, statuses in (
        ("all is well", lambda: lambda: 200),
        ("every third attempt is a 503", every_third_fails),
    ):
        found = asyncio.run(rounds(lambda statuses=statuses: contenders(statuses())))  # type: ignore[misc]
        ours = percentile(found["the lesson's client"], 0.5)
        rows = [
            [name, percentile(times, 0.5), f"{percentile(times, 0.5) / ours:.2f}"]
            for name, times in found.items()
        ]
        show(f"A request's own cost: {title}", ["client", "µs a call, median of rounds", "beside ours"], rows)
