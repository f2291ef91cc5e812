"""Sharding that passes code review and loses the data. The mistakes are explained in the lesson."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from hashlib import blake2b
from typing import Any


def stable_hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


# [modulo]
class HashRing:
    """Not a ring at all: the remainder tells the shard."""

    def __init__(self, vnodes: int = 160, *, hash: Callable[[str], int] = stable_hash) -> None:
        self.vnodes = vnodes
        self.shards: dict[str, int] = {}
        self._hash = hash

    def owner(self, key: str) -> str:
        names = list(self.shards)
        return names[self._hash(key) % len(names)]  # simple, even, and known to everyone

    def add(self, shard: str, weight: int = 1) -> None:
        self.shards[shard] = weight

    def remove(self, shard: str) -> None:
        del self.shards[shard]
        # [/modulo]


class ShardManager:
    """Keeps values on shards, each at its owner."""

    def __init__(
        self, ring: HashRing, open_store: Callable[[str], MutableMapping[str, Any]] = lambda name: {}
    ) -> None:
        self.ring = ring
        self.shards = {name: open_store(name) for name in ring.shards}
        self._open_store = open_store

    def get_shard(self, key: str) -> str:
        return self.ring.owner(key)

    def store(self, key: str, value: Any) -> None:
        self.shards[self.get_shard(key)][key] = value

    def retrieve(self, key: str) -> Any:
        return self.shards[self.get_shard(key)][key]

    def delete(self, key: str) -> None:
        del self.shards[self.get_shard(key)][key]

    # [change]
    def add_shard(self, name: str, weight: int = 1) -> int:
        self.ring.add(name, weight)
        self.shards[name] = self._open_store(name)
        return 0  # it is empty, there is nothing to move

    def remove_shard(self, name: str) -> int:
        self.ring.remove(name)
        leaving = self.shards.pop(name)
        moved = 0
        for store in [leaving, *self.shards.values()]:
            for key in list(store):
                if store is not (target := self.shards[self.get_shard(key)]):
                    target[key] = store.pop(key)
                    moved += 1
        return moved
        # [/change]

    def drop_shard(self, name: str) -> int:
        self.ring.remove(name)
        return len(self.shards.pop(name))
