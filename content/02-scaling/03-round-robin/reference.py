"""Whose turn is it: round robin, plain and weighted.

The weighted order is nginx's "smooth" one (Maxim Dounin, 2012, ngx_http_upstream_round_robin.c). Picking
awaits nothing, so in asyncio no lock is needed; between threads put one around `pick`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


# [node]
class NoHealthyNodes(Exception):
    """Nobody can take the request: of `known` nodes not one is healthy."""

    def __init__(self, known: int) -> None:
        super().__init__(f"no healthy node among {known}")
        self.known = known


@dataclass(eq=False, slots=True)
class Node:
    """A server that takes requests.

    `weight`: its share beside the others' weights; 0 sends it nothing while somebody else can serve.
    `healthy` is set by whoever checks the node, `load` (requests in flight) by whoever sends to it.
    Balancers read them anew at every pick. Raises ValueError if the weight is negative.
    """

    id: str
    address: str
    weight: int = 1
    healthy: bool = True
    load: int = 0

    def __post_init__(self) -> None:
        if self.weight < 0:
            raise ValueError(f"node {self.id!r}: weight {self.weight} is negative")
            # [/node]


# [protocol]
class LoadBalancer(Protocol):
    """All that a proxy wants from a balancer. `nodes` may be changed between picks."""

    nodes: list[Node]

    def pick(self) -> Node:
        """The node for the next request. Raises NoHealthyNodes."""
        ...
        # [/protocol]


def roster(nodes: Iterable[Node]) -> list[Node]:
    """The nodes as a list of one's own. Raises ValueError if two have the same id."""
    kept = list(nodes)
    if len({node.id for node in kept}) < len(kept):
        raise ValueError("two nodes have the same id")
    return kept


# [round-robin]
class RoundRobin:
    """Everybody in turn, in the order of the list; weights are not looked at."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes = roster(nodes)
        self._next = 0  # a place in the whole list, not among the healthy: that one would jump

    def pick(self) -> Node:
        """The next healthy node. Raises NoHealthyNodes."""
        count = len(self.nodes)
        for place in range(self._next, self._next + count):
            node = self.nodes[place % count]
            if node.healthy:
                self._next = (place + 1) % count
                return node
        raise NoHealthyNodes(count)
        # [/round-robin]


class SmoothWeightedRoundRobin:
    """Shares in proportion to weights, and never far from them: no bursts, whatever the size of weights.

    While nothing changes, nobody is ever a whole request ahead of its exact share. If no healthy node has
    a positive weight, all healthy ones take equal turns.
    """

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes = roster(nodes)
        self._weights: dict[Node, int] = {}  # of those who took part in the last pick
        self._total = 0  # the sum of these weights: the price of one request
        self._owed: dict[Node, float] = {}  # what each of them is owed

    # [pick]
    def pick(self) -> Node:
        """The healthy node that is owed most; of equals the first. Raises NoHealthyNodes."""
        weights = {node: node.weight for node in self.nodes if node.healthy and node.weight > 0}
        weights = weights or {node: 1 for node in self.nodes if node.healthy}
        if weights != self._weights:
            self._settle(weights)
        if not weights:
            raise NoHealthyNodes(len(self.nodes))
        owed = self._owed
        for node, weight in weights.items():
            owed[node] += weight
        chosen = max(owed, key=owed.__getitem__)
        owed[chosen] -= self._total
        return chosen
        # [/pick]

    # [settle]
    def _settle(self, weights: dict[Node, int]) -> None:
        """Somebody left, came or changed weight: those who stay keep what they are owed *in requests*.

        The price of a request has just changed, so debts are told in the new one. A newcomer is owed
        nothing: while it was away, others did the work.
        """
        before, self._total = self._total, sum(weights.values())
        scale = self._total / (before or 1)
        self._owed = {node: self._owed.get(node, 0) * scale for node in weights}
        self._weights = weights
        # [/settle]
