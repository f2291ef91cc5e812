# fails: leaving_gives_its_keys, refuses_and_keeps_all
# Шард ушёл вместе с данными.
from bisect import bisect_right
from hashlib import blake2b
from math import log


class NoShards(LookupError):
    pass


class ShardError(ValueError):
    pass


def stable_hash(text):
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


class HashRing:
    def __init__(self, vnodes=160, *, hash=stable_hash):
        if vnodes < 1:
            raise ValueError("нужна хотя бы одна точка")
        self.vnodes = vnodes
        self.shards = {}
        self.points = []
        self._hash = hash

    def add(self, shard, weight=1):
        if shard in self.shards:
            raise ShardError(f"шард {shard} уже есть")
        if weight < 1:
            raise ValueError("вес должен быть положительным")
        self.shards[shard] = weight
        for i in range(self.vnodes * weight):
            self.points.append((self._hash(f"{shard}-{i}"), shard))
        self.points.sort()

    def remove(self, shard):
        if shard not in self.shards:
            raise ShardError(f"шарда {shard} нет")
        del self.shards[shard]
        self.points = [point for point in self.points if point[1] != shard]

    def owner(self, key):
        if not self.points:
            raise NoShards("кольцо пусто")
        n = bisect_right([position for position, _ in self.points], self._hash(key))
        return self.points[n % len(self.points)][1]


class Rendezvous(HashRing):
    def owner(self, key):
        if not self.shards:
            raise NoShards("шардов нет")
        return max(self.shards, key=lambda shard: self.score(shard, key))

    def score(self, shard, key):
        return self.shards[shard] / -log(((self._hash(f"{shard}-{key}") >> 12) + 0.5) / 2**52)


class ShardManager:
    def __init__(self, ring, open_store=lambda name: {}):
        self.ring = ring
        self.open_store = open_store
        self.shards = {name: open_store(name) for name in ring.shards}

    def get_shard(self, key):
        return self.ring.owner(key)

    def store(self, key, value):
        self.shards[self.get_shard(key)][key] = value

    def retrieve(self, key):
        return self.shards[self.get_shard(key)][key]

    def delete(self, key):
        del self.shards[self.get_shard(key)][key]

    def add_shard(self, name, weight=1):
        self.ring.add(name, weight)
        self.shards[name] = self.open_store(name)
        moved = 0
        for other, store in self.shards.items():
            for key in list(store):
                if other != name and self.get_shard(key) == name:
                    self.shards[name][key] = store.pop(key)
                    moved += 1
        return moved

    def remove_shard(self, name):
        if list(self.shards) == [name] and self.shards[name]:
            raise NoShards("ключи некому отдать")
        self.ring.remove(name)
        leaving = self.shards.pop(name)
        return len(leaving)

    def drop_shard(self, name):
        self.ring.remove(name)
        return len(self.shards.pop(name))
