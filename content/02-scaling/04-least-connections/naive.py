"""Balancers that look at the load and still drown the servers. The mistakes are explained in the lesson."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random


class NoHealthyNodes(Exception):
    """Nobody can take the request."""


@dataclass(eq=False)
class Node:
    """A server that takes requests."""

    id: str
    address: str
    weight: int = 1
    healthy: bool = True
    load: int = 0


class LeastConnections:
    """The least busy of all."""

    REFRESH = 1.0  # seconds

    def __init__(
        self, nodes: Iterable[Node], random: Random | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.nodes = list(nodes)
        self._random, self._clock = random or Random(), clock
        self._order: list[Node] = []
        self._sorted = float("-inf")

    # [stale]
    def pick(self) -> Node:
        # Sorting at every request is dear; once a second will do.
        if self._clock() - self._sorted >= self.REFRESH:
            self._order = sorted(self.nodes, key=lambda node: node.load)
            self._sorted = self._clock()
        for node in self._order:
            if node.healthy:
                return node
        raise NoHealthyNodes
        # [/stale]

    def observe(self, node: Node, seconds: float, failed: bool = False) -> None:
        pass


class PowerOfTwoChoices(LeastConnections):
    """The better of two."""

    # [twice]
    def pick(self) -> Node:
        healthy = [node for node in self.nodes if node.healthy]
        if not healthy:
            raise NoHealthyNodes
        first, second = self._random.choices(healthy, k=2)
        return first if first.load < second.load else second
        # [/twice]


class PeakEwma(LeastConnections):
    """The quickest of all."""

    def __init__(
        self, nodes: Iterable[Node], random: Random | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(nodes, random, clock)
        self._seconds: dict[Node, float] = {}

    # [fastest]
    def pick(self) -> Node:
        healthy = [node for node in self.nodes if node.healthy]
        if not healthy:
            raise NoHealthyNodes
        return min(healthy, key=lambda node: self._seconds.get(node, 0.0))

    def observe(self, node: Node, seconds: float, failed: bool = False) -> None:
        self._seconds[node] = 0.8 * self._seconds.get(node, seconds) + 0.2 * seconds
        # [/fastest]
