"""The world around the ring: baskets on a few shards, those who look into them, machines that come and go."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, MutableMapping
from hashlib import blake2b
from math import sqrt
from typing import TYPE_CHECKING, Any

from reference import HashRing, ShardManager

if TYPE_CHECKING:
    from sandbox.guest.lab import Lab

NAMES = "ABCDEF"
KEYS = 240
HOT = 137  # the basket everybody wants to see
COPY = 0.04  # seconds to send one basket to another shard; readers wait meanwhile
TURN = 2**64  # positions of the circle
PROBES = 1800  # evenly around it: their owners give each shard's share
SHOWN = 5  # every fifth of them is drawn
# What happens by itself: (second, control, value). A control the reader has touched leaves the story.
STORY = ((5, "shards", 5), (14, "vnodes", 64), (20, "shards", 6), (30, "crash", True), (39, "shards", 5))


class Store(MutableMapping[str, Any]):
    """One shard's memory, across a network: what is put here while shards change is seen and takes time."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name
        self.kept: dict[str, Any] = {}

    def __setitem__(self, key: str, value: Any) -> None:
        if key not in self.kept:
            self.world.carried(key, self.name)
        self.kept[key] = value

    def __getitem__(self, key: str) -> Any:
        return self.kept[key]

    def __delitem__(self, key: str) -> None:
        del self.kept[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.kept)

    def __len__(self) -> int:
        return len(self.kept)


class World:
    """Everything but the ring and its manager. Those may be the reader's own: only what is public is used."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.salt = str(lab.random.random()).encode()
        self.keys = {f"basket-{number}": number for number in range(KEYS)}
        self.probes = {f"@{number}": number for number in range(PROBES)}
        self.wake = asyncio.Event()
        self.moving = False
        self.owners = self.at = ""  # whose each basket is, and where it is: a letter for each
        for name in ("shards", "vnodes", "weight", "crash"):
            lab.on_control(name, lambda *_: self.wake.set())
        lab.emit("world.ready", keys=KEYS, shards=self.wanted(), vnodes=lab.control("vnodes"))
        angles = [round(self.hash(key) / TURN, 3) for key in self.keys]
        for first in range(0, KEYS, 60):
            lab.emit("keys.angles", first=first, angles=angles[first : first + 60])
        self.build("start")

    def hash(self, text: str) -> int:
        """64 bits. A probe stands at its own place on the circle, everything else where chance puts it."""
        drawn = int.from_bytes(blake2b(text.encode(), digest_size=8, key=self.salt).digest(), "big")
        probe = self.probes.get(text)
        return drawn if probe is None else (probe * TURN + drawn) // PROBES

    def wanted(self) -> str:
        """Which shards there should be by the controls now."""
        names = NAMES[: self.lab.control("shards")]
        return names.replace("B", "") if self.lab.control("crash") else names

    def weight(self, name: str) -> int:
        return int(self.lab.control("weight")) if name == "A" else 1

    # [build]
    def build(self, cause: str) -> None:
        """Put the cluster together anew and fill it from the backup: nothing moves, nothing is lost."""
        self.vnodes, self.heavy, self.alive = self.lab.control("vnodes"), self.weight("A"), self.wanted()
        ring = HashRing(self.vnodes, hash=self.hash)
        self.manager: ShardManager[int] = ShardManager(ring, lambda name: Store(self, name))
        for name in self.alive:
            self.manager.add_shard(name, self.weight(name))
        for key, value in self.keys.items():
            self.manager.store(key, value)
        self.look(cause, "")
        # [/build]

    # [change]
    def change(self, cause: str, name: str) -> None:
        """Let one shard in (`join`), out (`leave`), or lose it (`crash`), and see what that has cost."""
        self.lab.emit("change.started", cause=cause, shard=name)
        if cause == "join":
            self.moving = True
            self.manager.add_shard(name, self.weight(name))
            self.alive += name
        elif cause == "leave":
            self.moving = True
            self.manager.remove_shard(name)
            self.alive = self.alive.replace(name, "")
        else:
            self.manager.drop_shard(name)
            self.alive = self.alive.replace(name, "")
        self.moving = False
        self.look(cause, name)
        # [/change]

    def carried(self, key: str, target: str) -> None:
        """A store was given a key it did not have; while shards change, that is a basket on its way."""
        if self.moving and key in self.keys:
            number = self.keys[key]
            self.lab.emit("key.moved", id=number, source=self.at[number], target=target)
            time.sleep(COPY)

    def stored(self, name: str) -> Any:
        return self.manager.shards.get(name, ())

    # [look]
    def look(self, cause: str, name: str) -> None:
        """Ask the manager about every basket and all around the circle; look into the stores; tell it all."""
        before, alive = self.owners, "".join(sorted(self.alive))
        self.owners = "".join(self.owner(key) for key in self.keys)
        self.at = "".join(
            owner if key in self.stored(owner) else next((n for n in alive if key in self.stored(n)), "-")
            for key, owner in zip(self.keys, self.owners, strict=True)
        )
        circle = [self.owner(probe) for probe in self.probes]
        weights = {n: self.weight(n) for n in alive}
        total = sum(weights.values())
        loads = [circle.count(n) / PROBES * total / weight for n, weight in weights.items()]
        points = total * self.vnodes  # a shard's share is then Beta(its points, the others')
        variances = [(total - weight) / weight / (points + 1) for weight in weights.values()]
        moved = sum(a != b for a, b in zip(before, self.owners, strict=False))
        share = self.weight(name) / (total if cause == "join" else total + self.weight(name)) if name else 0
        self.lab.emit(
            "ring.seen",
            cause=cause,
            shard=name,
            shards=alive,
            weights=list(weights.values()),
            vnodes=self.vnodes,
            arcs="".join(circle[::SHOWN]),
            owners=self.owners,
            at=self.at,
        )
        self.lab.emit(
            "change.measured",
            cause=cause,
            shard=name,
            moved=round(100 * moved / KEYS, 1) if name else 0,
            model=round(100 * share, 1),
            missing=sum(a != b for a, b in zip(self.at, self.owners, strict=True)),
            spread=round(100 * sqrt(sum((load - 1) ** 2 for load in loads) / len(loads)), 1),
            spread_model=round(100 * sqrt(sum(variances) / len(alive)), 1),
            fullest=round(max(loads), 2),
        )
        # [/look]

    def owner(self, key: str) -> str:
        """Who keeps the key, in one letter; "?" when the answer is no shard's name."""
        name = self.manager.get_shard(key)
        return name if name in tuple(NAMES) else "?"

    async def operator(self) -> None:
        """Bring the cluster to what the controls say, one change at a time."""
        while True:
            await self.wake.wait()
            self.wake.clear()
            if (self.vnodes, self.heavy) != (self.lab.control("vnodes"), self.weight("A")):
                self.build("rebuild")
            for name in NAMES:
                if name in self.alive and name not in self.wanted():
                    self.change("crash" if name == "B" and self.lab.control("crash") else "leave", name)
            for name in self.wanted():
                if name not in self.alive:
                    self.change("join", name)

    async def readers(self) -> None:
        """Look into baskets `rps` times a second, not quite evenly; `hot` per cent of looks are at one."""
        names = list(self.keys)
        while True:
            await asyncio.sleep(self.lab.random.uniform(0.7, 1.3) / self.lab.control("rps"))
            hot = self.lab.random.uniform(0, 100) < self.lab.control("hot")
            number = HOT if hot else self.lab.random.randrange(KEYS)
            try:
                found = self.manager.retrieve(names[number]) == number
            except LookupError:
                found = False
            self.lab.emit("key.read", id=number, shard=self.owner(names[number]), found=found)

    async def story(self) -> None:
        for at, name, value in STORY:
            await asyncio.sleep(at - self.lab.now)
            self.lab.set(name, value)


async def scenario(lab: Lab) -> None:
    """Runs until the lab stops it. Virtual seconds."""
    world = World(lab)
    lab.spawn(world.story())
    lab.spawn(world.readers())
    await world.operator()
