"""The lesson's client beside redis-py's RedisCluster on three real nodes. Interleaved rounds, one process."""

from __future__ import annotations

import asyncio
import importlib.util
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from redis.asyncio.cluster import RedisCluster
from redis.crc import key_slot as peer_slot

from bench.table import percentile, show

HERE = Path(__file__).resolve().parent
KEYS = [f"user:{number}" for number in range(500)]
TAGGED = [f"{{user:{number}}}:cart".encode() for number in range(10_000)]
CROWD = 32  # commands at once
ROUNDS = 15


def module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"redis_cluster_{path.stem}", path)
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


async def one_by_one(get: Callable[[str], Awaitable[Any]]) -> None:
    for key in KEYS:
        await get(key)


async def in_a_crowd(get: Callable[[str], Awaitable[Any]]) -> None:
    waiting = iter(KEYS)

    async def worker() -> None:
        for key in waiting:
            await get(key)

    await asyncio.gather(*(worker() for _ in range(CROWD)))


async def compared(reference: ModuleType, addresses: list[str]) -> list[list[object]]:
    connections = reference.Connections()
    ours = reference.ClusterClient(addresses, connections.send)
    host, port = addresses[0].split(":")
    peer = RedisCluster(host=host, port=int(port))
    rows: list[list[object]] = []
    for key in KEYS:
        await ours.set(key, "value")
    for what, work in {"GET, one by one": one_by_one, f"GET, {CROWD} at once": in_a_crowd}.items():
        took: tuple[list[float], list[float]] = ([], [])
        for _ in range(ROUNDS):
            for kept, get in zip(took, (ours.get, peer.get), strict=True):
                begun = time.perf_counter()
                await work(get)
                kept.append((time.perf_counter() - begun) / len(KEYS) * 1e6)
        rows.append(row(what, took))
    await peer.aclose()
    await connections.aclose()
    return rows


def slots(reference: ModuleType) -> list[object]:
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for kept, count in zip(took, (reference.key_slot, peer_slot), strict=True):
            begun = time.perf_counter()
            for key in TAGGED:
                count(key)
            kept.append((time.perf_counter() - begun) / len(TAGGED) * 1e6)
    return row("slot of a tagged key", took)


def row(what: str, took: tuple[list[float], list[float]]) -> list[object]:
    ours, peer = (percentile(kept, 0.5) for kept in took)
    return [what, f"{ours:.2f}", f"{peer:.2f}", f"{peer / ours:.2f}"]


def main(options: list[str]) -> None:
    reference = module(HERE / "reference.py")
    with module(HERE / "tests" / "redis_cluster_nodes.py").running() as nodes:
        rows = asyncio.run(compared(reference, nodes.addresses))
    show(
        f"The cluster client, µs a call, medians of {ROUNDS} rounds (goal: times ours ≥ 1)",
        ["what", "ours", "redis-py", "times ours"],
        [*rows, slots(reference)],
    )
