from hashlib import blake2b


class NoShards(LookupError):
    """Шардов нет, хранить негде."""


class ShardError(ValueError):
    """Такой шард уже есть — или такого нет."""


def stable_hash(text):
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


class HashRing:
    """Кто чем владеет. Правила 1–6."""

    def __init__(self, vnodes=160, *, hash=stable_hash):
        self.vnodes = vnodes
        self.shards = {}
        self._hash = hash

    def add(self, shard, weight=1):
        self.shards[shard] = weight

    def remove(self, shard):
        del self.shards[shard]

    def owner(self, key):
        # Пока это не кольцо, а остаток от деления. Где стоят точки и как найти следующую?
        if not self.shards:
            raise NoShards("кольцо пусто")
        names = sorted(self.shards)
        return names[self._hash(key) % len(names)]


class Rendezvous(HashRing):
    """То же без кольца: у каждого шарда очки за каждый ключ. Правило 12."""


class ShardManager:
    """Хранит значения у хозяев и перевозит их, когда хозяин меняется. Правила 7–11."""

    def __init__(self, ring, open_store=lambda name: {}):
        self.ring = ring
        self.shards = {name: open_store(name) for name in ring.shards}
        self._open_store = open_store

    def get_shard(self, key):
        return self.ring.owner(key)

    def store(self, key, value):
        self.shards[self.get_shard(key)][key] = value

    def retrieve(self, key):
        return self.shards[self.get_shard(key)][key]

    def delete(self, key):
        del self.shards[self.get_shard(key)][key]

    def add_shard(self, name, weight=1):
        # Шард пришёл. А его ключи?
        self.ring.add(name, weight)
        self.shards[name] = self._open_store(name)
        return 0

    def remove_shard(self, name):
        self.ring.remove(name)
        return len(self.shards.pop(name))

    def drop_shard(self, name):
        self.ring.remove(name)
        return len(self.shards.pop(name))
