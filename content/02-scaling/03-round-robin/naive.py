"""Balancers that look right on three requests. The mistakes are explained in the lesson."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class NoHealthyNodes(Exception):
    """Never raised here, and that is one of the mistakes."""


@dataclass
class Node:
    """A server that takes requests."""

    id: str
    address: str
    weight: int = 1
    healthy: bool = True
    load: int = 0


class RoundRobin:
    """Everybody in turn."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes = list(nodes)
        self._turn = 0

    # [turn]
    def pick(self) -> Node:
        alive = [node for node in self.nodes if node.healthy]
        if not alive:
            return Node("", "")  # an exception here would bring the proxy down
        self._turn += 1
        return alive[self._turn % len(alive)]
        # [/turn]


class SmoothWeightedRoundRobin:
    """In turn, by weight."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes = list(nodes)
        self._turn = 0

    # [blocks]
    def pick(self) -> Node:
        # A node of weight 40 stands in the list forty times.
        places = [node for node in self.nodes if node.healthy for _ in range(node.weight)]
        if not places:
            return Node("", "")
        self._turn += 1
        return places[self._turn % len(places)]
        # [/blocks]
