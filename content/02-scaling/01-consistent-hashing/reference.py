"""Consistent hashing: a new shard takes its share of the keys, and nothing else moves.

The ring: Karger et al., STOC 1997; many points: Dynamo, SOSP 2007; rendezvous: Thaler, Ravishankar, 1998.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, MutableMapping
from copy import copy
from hashlib import blake2b
from math import log
from typing import Generic, TypeVar

V = TypeVar("V")


class NoShards(LookupError):
    """There is nobody to keep a key."""


class ShardError(ValueError):
    """A shard of this name is there already, or there is none."""


# [hash]
def stable_hash(text: str) -> int:
    """64 bits of BLAKE2b: the same in every process and on every machine, unlike the built-in `hash`."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
    # [/hash]


# [ring]
class HashRing:
    """A circle of 2⁶⁴ positions; a shard stands at `vnodes` × weight of them and keeps what lies before each.

    Virtual node number i of shard "A" is at `hash("A-i")`. ValueError if `vnodes` < 1. Not thread-safe.
    """

    def __init__(self, vnodes: int = 160, *, hash: Callable[[str], int] = stable_hash) -> None:
        if vnodes < 1:
            raise ValueError(f"{vnodes=}: at least one point a shard")
        self.vnodes, self._hash = vnodes, hash
        self.shards: dict[str, int] = {}  # name → weight
        self._points: list[tuple[int, str]] = []  # sorted; at one position by name, whoever came first
        self._positions: list[int] = []  # of the same points: what bisect looks through
        # [/ring]

    # [owner]
    def owner(self, key: str) -> str:
        """The shard whose point is the first after the key's position. Raises NoShards."""
        if not self._points:
            raise NoShards("the ring is empty")
        n = bisect_right(self._positions, self._hash(key))
        return self._points[n if n < len(self._points) else 0][1]  # after the last point comes the first
        # [/owner]

    # [change]
    def add(self, shard: str, weight: int = 1) -> None:
        """Put a shard on the ring. Raises ShardError; ValueError if `weight` < 1."""
        if shard in self.shards:
            raise ShardError(f"shard {shard!r} is there already")
        if weight < 1:
            raise ValueError(f"{weight=}: at least 1")
        self.shards = {**self.shards, shard: weight}
        self._place(self._points + [(self._hash(f"{shard}-{i}"), shard) for i in range(self.vnodes * weight)])

    def remove(self, shard: str) -> None:
        """Take a shard off the ring. Raises ShardError."""
        if shard not in self.shards:
            raise ShardError(f"no shard {shard!r}")
        self.shards = {name: weight for name, weight in self.shards.items() if name != shard}
        self._place([point for point in self._points if point[1] != shard])

    def _place(self, points: list[tuple[int, str]]) -> None:
        self._points = sorted(points)
        self._positions = [position for position, _ in self._points]
        # [/change]


# [rendezvous]
class Rendezvous(HashRing):
    """No circle: every shard scores every key, the highest score keeps it. A look-up is one hash a shard."""

    def owner(self, key: str) -> str:
        """The shard with the highest score for this key. Raises NoShards."""
        if not self.shards:
            raise NoShards("nobody has come")
        draws = {shard: ((self._hash(f"{shard}-{key}") >> 12) + 0.5) / 2**52 for shard in self.shards}
        return max(draws, key=lambda shard: (self.shards[shard] / -log(draws[shard]), shard))

    def _place(self, points: list[tuple[int, str]]) -> None:
        """There are no points: names and weights are all it needs."""
        # [/rendezvous]


# [manager]
class ShardManager(Generic[V]):
    """Keeps values on shards, each at its owner; when shards come and go, moves those whose owner changed.

    `open_store(name)` gives an empty store: a dict, or a client that looks like one. All wait while it moves.
    """

    def __init__(
        self, ring: HashRing, open_store: Callable[[str], MutableMapping[str, V]] = lambda name: {}
    ) -> None:
        self.ring, self._open_store = ring, open_store
        self.shards = {name: open_store(name) for name in ring.shards}  # what is really stored where

    def get_shard(self, key: str) -> str:
        """The name of the shard that keeps this key. Raises NoShards."""
        return self.ring.owner(key)

    def store(self, key: str, value: V) -> None:
        """Keep a value. Raises NoShards."""
        self.shards[self.get_shard(key)][key] = value

    def retrieve(self, key: str) -> V:
        """What is kept under the key. Raises KeyError when nothing is, NoShards."""
        return self.shards[self.get_shard(key)][key]

    def delete(self, key: str) -> None:
        """Forget the key. Raises KeyError when nothing is kept under it, NoShards."""
        del self.shards[self.get_shard(key)][key]
        # [/manager]

    # [shards]
    def add_shard(self, name: str, weight: int = 1) -> int:
        """Let a shard in; how many keys moved to it. Raises ShardError, ValueError."""
        after = copy(self.ring)
        after.add(name, weight)
        return self._move(after, {**self.shards, name: self._open_store(name)})

    def remove_shard(self, name: str) -> int:
        """Let a live shard go; how many keys moved. Raises ShardError; NoShards if nobody takes them."""
        after = copy(self.ring)
        after.remove(name)
        return self._move(after, {other: store for other, store in self.shards.items() if other != name})

    def drop_shard(self, name: str) -> int:
        """The shard has died with all it kept: forget it; how many keys are lost. Raises ShardError."""
        self.ring.remove(name)
        return len(self.shards.pop(name))
        # [/shards]

    # [move]
    def _move(self, after: HashRing, shards: dict[str, MutableMapping[str, V]]) -> int:
        """Copy, switch, clean up: a failure while copying leaves everything as it was."""
        moves = [
            (key, source, target)
            for source, store in self.shards.items()
            for key in store
            if (target := after.owner(key)) != source
        ]
        try:
            for key, source, target in moves:
                shards[target][key] = self.shards[source][key]
        except BaseException:
            for key, _, target in moves:
                shards[target].pop(key, None)
            raise
        before, self.ring, self.shards = self.shards, after, shards
        for key, source, _ in moves:
            del before[source][key]
        return len(moves)
        # [/move]
