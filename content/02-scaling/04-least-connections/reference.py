"""Who is the least busy: least connections, two random choices, and Peak EWMA.

Sources: M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", IEEE TPDS 12(10), 2001;
Peak EWMA is Finagle's (Twitter, 2015). Picking awaits nothing, so in asyncio no lock is needed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import exp
from random import Random


# [node]
class NoHealthyNodes(Exception):
    """Nobody can take the request: of `known` nodes not one is healthy."""

    def __init__(self, known: int) -> None:
        super().__init__(f"no healthy node among {known}")
        self.known = known


@dataclass(eq=False, slots=True)
class Node:
    """A server that takes requests.

    `load` is the number of requests it holds, as far as the one who counts them knows; `weight` is how many
    of them it can bear beside others; 0 sends it nothing while somebody else can serve. All are read anew
    at every pick and never written. Raises ValueError if the weight is negative.
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


# [balancer]
class Balancer:
    """What the three have in common. `nodes` may be changed between picks; `clock` gives seconds."""

    def __init__(
        self,
        nodes: Iterable[Node],
        random: Random | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.nodes = list(nodes)
        self._random, self._clock = random or Random(), clock

    def pick(self) -> Node:
        """The node for the next request. Raises NoHealthyNodes."""
        raise NotImplementedError

    def observe(self, node: Node, seconds: float, failed: bool = False) -> None:
        """A request to `node` has ended after `seconds`. Who only counts requests learns nothing from it."""

    def _able(self) -> list[Node]:
        """Healthy nodes of positive weight, or all the healthy if there are none such."""
        able = [node for node in self.nodes if node.healthy and node.weight]
        able = able or [node for node in self.nodes if node.healthy]
        if not able:
            raise NoHealthyNodes(len(self.nodes))
        return able


def crowding(node: Node) -> float:
    """How crowded the node will be once it has taken one more: requests for a unit of weight."""
    return (node.load + 1) / (node.weight or 1)
    # [/balancer]


# [least]
class LeastConnections(Balancer):
    """The least crowded of all; one of equals by lot, or all balancers would run to the same one."""

    def pick(self) -> Node:
        """A node nobody is less crowded than. Raises NoHealthyNodes."""
        best, least = [], float("inf")
        for node in self._able():
            crowd = crowding(node)
            if crowd < least:
                best, least = [node], crowd
            elif crowd == least:
                best.append(node)
        return best[0] if len(best) == 1 else self._random.choice(best)
        # [/least]


# [two]
class PowerOfTwoChoices(Balancer):
    """The better of two different nodes taken at random."""

    def pick(self) -> Node:
        """One of two. Raises NoHealthyNodes."""
        able = self._able()
        count = len(able)
        if count == 1:
            return able[0]
        # Two different places by construction; `sample` does the same slower.
        first = int(self._random.random() * count)
        second = int(self._random.random() * (count - 1))
        second += second >= first
        # The order of the pair is random too, so taking the first of equals is a fair lot.
        one, other = able[first], able[second]
        return one if self._cost(one) <= self._cost(other) else other

    def _cost(self, node: Node) -> float:
        return crowding(node)
        # [/two]


# [ewma]
class PeakEwma(PowerOfTwoChoices):
    """Of two, the one that promises the shorter wait: remembered latency times the crowd.

    A slower answer is believed at once, a faster one bit by bit: what is `TAU` old weighs e times less. A
    failure counts as `PENALTY` at least, or whoever refuses at once would look the fastest. What is not
    confirmed fades, so that a node once slow is tried again.
    """

    TAU = 5.0  # seconds
    PENALTY = 5.0  # seconds

    def __init__(
        self,
        nodes: Iterable[Node],
        random: Random | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(nodes, random, clock)
        self._seen: dict[Node, tuple[float, float]] = {}  # seconds, and when that was written

    def observe(self, node: Node, seconds: float, failed: bool = False) -> None:
        """Up at once, down slowly."""
        if failed:
            seconds = max(seconds, self.PENALTY)
        now = self._clock()
        before, when = self._seen.get(node, (seconds, now))
        keep = exp((when - now) / self.TAU)
        self._seen[node] = (max(seconds, before * keep + seconds * (1 - keep)), now)

    def _cost(self, node: Node) -> float:
        """Seconds. A node nobody has tried is as quick as the others are on average, not infinitely quick."""
        if node not in self._seen:
            known = [self._seen[other][0] for other in self.nodes if other in self._seen]
            return crowding(node) * (sum(known) / len(known) if known else 1.0)
        seconds, when = self._seen[node]
        return crowding(node) * seconds * exp((when - self._clock()) / self.TAU)
        # [/ewma]
