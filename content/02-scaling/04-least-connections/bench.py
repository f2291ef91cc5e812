"""What one pick costs beside what people write instead: a lot, a minimum over the list, a heap.

No well-known Python library balances by load, so the peers are of the standard library. None of them knows of
health or weights, and the heap counts by itself. Interleaved rounds; the ratio is the median over them.
"""

from __future__ import annotations

import importlib.util
import random
import sys
import time
from collections.abc import Callable
from heapq import heapify, heapreplace
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
        nodes = [reference.Node(str(n), f"10.0.0.{n}:80", load=dealer.randint(0, 20)) for n in range(size)]
        found = _measure(_contestants(reference, nodes, dealer), PICKS // size)
        ours = found["two choices"]
        for name, times in found.items():
            ratio = median(a / b for a, b in zip(ours, times, strict=True))
            rows.append([size, name, f"{median(times) * 1e6:.2f}", f"{ratio:.2f}"])
    show("One pick: two choices beside others", ["nodes", "who", "µs", "two choices cost, times"], rows)


def _contestants(
    reference: ModuleType, nodes: list[Any], dealer: random.Random
) -> dict[str, Callable[[], Any]]:
    heap = [(node.load, place) for place, node in enumerate(nodes)]
    heapify(heap)

    def from_heap() -> Any:
        """The least loaded; its load grows by one, as the heap must be told."""
        load, place = heap[0]
        heapreplace(heap, (load + 1, place))
        return nodes[place]

    def sampled() -> Any:
        """Two choices as they are usually written, with health."""
        one, other = dealer.sample([node for node in nodes if node.healthy], 2)
        return one if one.load <= other.load else other

    ewma = reference.PeakEwma(nodes, dealer)
    for node in nodes:
        ewma.observe(node, dealer.uniform(0.01, 0.1))
    return {
        "two choices": reference.PowerOfTwoChoices(nodes, dealer).pick,
        "least connections": reference.LeastConnections(nodes, dealer).pick,
        "peak EWMA": ewma.pick,
        "two choices by random.sample, with health": sampled,
        "min over the list, health not looked at": lambda: min(nodes, key=lambda node: node.load),
        "heapq, health not looked at": from_heap,
        "random.choice, health not looked at": lambda: dealer.choice(nodes),
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
    spec = importlib.util.spec_from_file_location("least_connections_reference", path)
    assert spec
    assert spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
