"""The ring beside uhashring: looking a key up, a shard in and out again. Interleaved rounds, one process."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import uhashring

from bench.table import percentile, show

HERE = Path(__file__).resolve().parent
SHARDS = [f"shard-{number}" for number in range(20)]
KEYS = [f"basket-{number}" for number in range(10_000)]
ROUNDS = 15


def reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_of_the_ring", HERE / "reference.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main(options: list[str]) -> None:
    ours_of = reference()
    ours = ours_of.HashRing()
    for name in SHARDS:
        ours.add(name)
    same = uhashring.HashRing(list(SHARDS), hash_fn=ours_of.stable_hash)
    usual = uhashring.HashRing(list(SHARDS))
    assert [ours.owner(key) for key in KEYS] == [same.get_node(key) for key in KEYS]

    def look_up(owner: Callable[[str], Any]) -> Callable[[], object]:
        return lambda: [owner(key) for key in KEYS]

    def change(add: Callable[[str], Any], remove: Callable[[str], Any]) -> Callable[[], object]:
        return lambda: [(add("newcomer"), remove("newcomer")) for _ in range(20)]

    work = {
        "look-up, µs": (
            len(KEYS),
            [look_up(ours.owner), look_up(same.get_node), look_up(usual.get_node)],
        ),
        "in and out, µs": (
            20,
            [
                change(ours.add, ours.remove),
                change(same.add_node, same.remove_node),
                change(usual.add_node, usual.remove_node),
            ],
        ),
    }
    rows: list[list[object]] = []
    for what, (count, three) in work.items():
        took: list[list[float]] = [[], [], []]
        for _ in range(ROUNDS):
            for kept, one in zip(took, three, strict=True):
                kept.append(timed(one) / count * 1e6)
        ours_p50, same_p50, usual_p50 = (percentile(kept, 0.5) for kept in took)
        ratios = [f"{same_p50 / ours_p50:.2f}", f"{usual_p50 / ours_p50:.2f}"]
        rows.append([what, f"{ours_p50:.2f}", f"{same_p50:.2f}", f"{usual_p50:.2f}", *ratios])
    show(
        f"A ring of {len(SHARDS)} shards by 160 points, medians of {ROUNDS} rounds (goal: times ours ≥ 1)",
        ["what", "ours", "uhashring, our hash", "uhashring, md5", "times ours", "times ours, md5"],
        rows,
    )
