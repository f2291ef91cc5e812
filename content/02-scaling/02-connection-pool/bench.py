"""The lesson's pool beside SQLAlchemy's: taking a connection and giving it back, alone and in a crowd."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

from sqlalchemy.pool import AsyncAdaptedQueuePool, QueuePool
from sqlalchemy.util import greenlet_spawn

from bench.table import show

ROUNDS = 15
TIMES = 3000  # borrowings a round
CROWD = 30  # tasks, with SIZE connections between them
SIZE = 5

HERE = Path(__file__).resolve().parent


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_of_the_pool", HERE / "reference.py")
    assert spec
    assert spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reference = load()


class Conn:
    """As little as both pools agree to keep."""

    def close(self) -> None: ...
    def rollback(self) -> None: ...


async def dial() -> Conn:
    return Conn()


async def alone_ours() -> None:
    async with reference.ConnectionPool(dial, Conn.close, max_size=SIZE, min_size=1) as pool:
        for _ in range(TIMES):
            pool.release(await pool.acquire())


async def alone_theirs() -> None:
    pool = QueuePool(Conn, pool_size=SIZE, max_overflow=0)  # type: ignore[arg-type]
    for _ in range(TIMES):
        pool.connect().close()


async def alone_theirs_async() -> None:
    pool = AsyncAdaptedQueuePool(Conn, pool_size=SIZE, max_overflow=0)  # type: ignore[arg-type]
    for _ in range(TIMES):
        (await greenlet_spawn(pool.connect)).close()


async def crowd_ours() -> None:
    async with reference.ConnectionPool(dial, Conn.close, max_size=SIZE, timeout=60.0) as pool:

        async def caller() -> None:
            for _ in range(TIMES // CROWD):
                async with pool.connection():
                    await asyncio.sleep(0)

        await asyncio.gather(*(caller() for _ in range(CROWD)))


async def crowd_theirs() -> None:
    pool = AsyncAdaptedQueuePool(Conn, pool_size=SIZE, max_overflow=0, timeout=60.0)  # type: ignore[arg-type]

    async def caller() -> None:
        for _ in range(TIMES // CROWD):
            held: Any = await greenlet_spawn(pool.connect)
            await asyncio.sleep(0)
            held.close()

    await asyncio.gather(*(caller() for _ in range(CROWD)))


def main(options: list[str]) -> None:
    """Interleaved rounds, medians, and how many times ours is quicker."""
    cases: dict[str, list[tuple[str, Callable[[], Awaitable[None]]]]] = {
        "one caller": [
            ("ours", alone_ours),
            ("QueuePool, no asyncio", alone_theirs),
            ("AsyncAdaptedQueuePool", alone_theirs_async),
        ],
        f"{CROWD} callers, {SIZE} places": [("ours", crowd_ours), ("AsyncAdaptedQueuePool", crowd_theirs)],
    }
    rows: list[list[object]] = []
    for case, pools in cases.items():
        took: dict[str, list[float]] = {name: [] for name, _ in pools}
        for _ in range(ROUNDS):
            for name, run in pools:
                begun = time.perf_counter()
                asyncio.run(run())  # type: ignore[arg-type]
                took[name].append((time.perf_counter() - begun) / TIMES * 1e6)
        ours = median(took["ours"])
        rows += [[case, name, median(times), f"{median(times) / ours:.2f}"] for name, times in took.items()]
    show(
        "Borrowing a connection and giving it back (goal: at least on a par)",
        ["case", "pool", "µs, median", "× ours"],
        rows,
    )
