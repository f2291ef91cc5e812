"""What one pick costs beside what people use instead: random.choices, and a cycle over a block-wise list.

No well-known Python library deals smooth weighted turns, so the peers are of the standard library. Neither
knows of health; `choices` is right on average only, and the cycle deals in bursts. Interleaved rounds; the
ratio is the median over them.
"""

from __future__ import annotations

import importlib.util
import random
import sys
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

from bench.table import show

ROUNDS = 15
PICKS = 20_000
SIZES = (3, 10, 100)


def main(options: list[str]) -> None:
    """Print microseconds a pick and ratios. No options."""
    reference = _reference()
    rows: list[list[object]] = []
    for size in SIZES:
        dealer = random.Random(size)
        nodes = [reference.Node(str(n), f"10.0.0.{n}:80", dealer.randint(1, 20)) for n in range(size)]
        found = _measure(_contestants(reference, nodes, dealer), PICKS // size)
        ours = found["smooth"]
        for name, times in found.items():
            ratio = median(a / b for a, b in zip(ours, times, strict=True))
            rows.append([size, name, f"{median(times) * 1e6:.2f}", f"{ratio:.2f}"])
    show(
        "One pick: the smooth order beside others",
        ["nodes", "who", "µs", "smooth costs, times"],
        rows,
    )


def _contestants(
    reference: ModuleType, nodes: list[Any], dealer: random.Random
) -> dict[str, Callable[[], Any]]:
    weights = [node.weight for node in nodes]
    blocks = cycle([node for node in nodes for _ in range(node.weight)])

    def draw() -> Any:
        """What stands in most home-made balancers: filter by health, then draw lots."""
        alive = [node for node in nodes if node.healthy]
        return dealer.choices(alive, [node.weight for node in alive])[0]

    return {
        "smooth": reference.SmoothWeightedRoundRobin(nodes).pick,
        "plain circle": reference.RoundRobin(nodes).pick,
        "random.choices over the healthy": draw,
        "random.choices, health not looked at": lambda: dealer.choices(nodes, weights)[0],
        "cycle over blocks, health not looked at": blocks.__next__,
    }


def _measure(contestants: dict[str, Callable[[], Any]], picks: int) -> dict[str, list[float]]:
    """Seconds a pick, one number a round; the contestants take turns within each round."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, pick in contestants.items():
            begun = time.perf_counter()
            for _ in range(picks):
                pick()
            times[name].append((time.perf_counter() - begun) / picks)
    return times


def _reference() -> ModuleType:
    path = Path(__file__).with_name("reference.py")
    spec = importlib.util.spec_from_file_location("round_robin_reference", path)
    assert spec
    assert spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
