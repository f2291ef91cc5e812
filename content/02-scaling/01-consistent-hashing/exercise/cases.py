"""Hidden cases for the ring. Shapes are fixed, values are random; time is for the picture only.

A trace shows the baskets where the solution has them, on the circle as it is by the rules.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from math import log, sqrt
from typing import Any

from sandbox.judge import Case, Handle, case

NAMES = "ABCDEF"
TURN = 2**64
ARCS = 360  # places around the circle that are asked about for the picture
SHOWN = 60  # baskets drawn at most
VERBS = {"join": "Пришёл", "leave": "Ушёл", "crash": "Сгорел"}
PLACES = "Позиция ключа — hash(key), точки шарда A — hash('A-0'), hash('A-1')…"


def place(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


@dataclass
class Model:
    """The rules of the task: who keeps what."""

    vnodes: int
    rendezvous: bool = False
    shards: dict[str, int] = field(default_factory=dict)
    hash: Callable[[str], int] = place

    def owners(self, keys: list[str]) -> list[str]:
        """Owners of the keys, in their order."""
        if self.rendezvous:
            return [max(self.shards, key=lambda name: self.score(name, key)) for key in keys]
        return self.around([self.hash(key) for key in keys])

    def score(self, name: str, key: str) -> float:
        return -self.shards[name] / log(((self.hash(f"{name}-{key}") >> 12) + 0.5) / 2**52)

    def around(self, places: list[int]) -> list[str]:
        """Owners of places on the circle."""
        nodes = [(name, i) for name, weight in self.shards.items() for i in range(self.vnodes * weight)]
        points = sorted((self.hash(f"{name}-{i}"), name) for name, i in nodes)
        positions = [position for position, _ in points]
        return [points[bisect_right(positions, one) % len(points)][1] for one in places]


@dataclass
class Board:
    """What the picture of a failed case shows: one circle, the baskets on it."""

    c: Case
    model: Model
    keys: list[str]
    at: str = ""  # where each basket was when last looked for
    owners: str = ""  # and where it belonged
    weights: dict[str, int] = field(default_factory=dict)  # of the shards there were

    def __post_init__(self) -> None:
        self.c.at(0).emit("world.ready", keys=len(self.keys), shards=self.names, vnodes=self.model.vnodes)
        angles = [round(self.model.hash(key) / TURN, 3) for key in self.keys[:SHOWN]]
        self.c.at(0).emit("keys.angles", first=0, angles=angles)

    @property
    def names(self) -> str:
        return "".join(sorted(self.model.shards))

    def show(self, cause: str, shard: str, at: list[Any], whose: list[Any]) -> None:
        """`at`: where the solution has each basket, None: nowhere; `whose`: where it is looked for."""
        c, model, names, n = self.c, self.model, self.names, len(self.model.shards) or 1
        before, was, self.at, self.owners = self.at, self.owners, letters(at), letters(whose)
        for number, (source, target) in enumerate(zip(before[:SHOWN], self.at, strict=False)):
            if source != target and target != "-":
                c.emit("key.moved", id=number, source=source, target=target)
        ring = {"shards": names, "weights": [model.shards[name] for name in names], "vnodes": model.vnodes}
        arcs = "" if model.rendezvous else "".join(model.around([one * TURN // ARCS for one in range(ARCS)]))
        dots = {"arcs": arcs, "owners": self.owners[:SHOWN], "at": self.at[:SHOWN]}
        c.emit("ring.seen", cause=cause, shard=shard, **ring, **dots)
        changed = sum(a != b for a, b in zip(was, self.owners, strict=False))
        missing = sum(a != b for a, b in zip(self.at, self.owners, strict=True))
        both, self.weights = {**self.weights, **model.shards}, dict(model.shards)
        share = both.get(shard, 0) / (sum(both.values()) or 1)
        cost = {"moved": percent(changed / len(at)), "model": percent(share), "missing": missing}
        loads = [self.at.count(name) * n / len(at) for name in names]
        by_formula = sqrt((n - 1) / (n * model.vnodes + 1))
        spread = percent(sqrt(sum((load - 1) ** 2 for load in loads) / n))
        load = {"spread": spread, "spread_model": percent(by_formula), "fullest": max(loads, default=0)}
        c.emit("change.measured", cause=cause, shard=shard, **cost, **load)


def percent(share: float) -> float:
    return round(100 * share, 1)


def letters(names: list[Any]) -> str:
    return "".join("-" if one is None else one if one in tuple(NAMES) else "?" for one in names)


@contextmanager
def quietly(c: Case, text: str) -> Iterator[None]:
    """What is done here is one line of the record, so that the learner sees what matters."""
    kept, dropped = len(c.record.steps), c.record.dropped
    yield
    del c.record.steps[kept:]
    c.record.dropped = dropped
    c.step(text)


async def built(
    c: Case, kind: str, weights: dict[str, int], count: int, vnodes: int = 0
) -> tuple[Handle, Board]:
    """A ring (or a rendezvous) of the learner's with these shards, and the same by the rules."""
    vnodes = vnodes or c.random.randint(2, 6)
    ring = await c.new(kind, vnodes)
    model = Model(vnodes, kind == "Rendezvous")
    for name in c.random.sample(sorted(weights), len(weights)):
        await c.call(ring, "add", name, weights[name])
        model.shards[name] = weights[name]
    return ring, Board(c, model, [f"basket-{number}" for number in c.random.sample(range(10_000), count)])


async def agrees(c: Case, ring: Handle, board: Board, cause: str, shard: str, what: str) -> None:
    """The learner's owners of all baskets are those of the rules."""
    owners = board.model.owners(board.keys)
    with quietly(c, f"owner спрошен о {len(owners)} ключах"):
        got = [await c.call(ring, "owner", key) for key in board.keys]
    said = [one.value if one.ok and type(one.value) is str else None for one in got]
    board.show(cause, shard, said, owners)
    for key, one, owner in zip(board.keys, got, owners, strict=True):
        c.returned(one, owner, f"{what}: хозяин {key}", hint=PLACES)


@case("Хозяин ключа — шард следующей точки кольца", fails="looks_back builtin_hash")
async def next_point_owns(c: Case) -> None:
    ring, board = await built(c, "HashRing", dict.fromkeys("ABCD", 1), 40)
    await agrees(c, ring, board, "start", "", "Четыре шарда")


async def placed(c: Case, order: str, places: dict[str, float]) -> tuple[Handle, Board, str]:
    """A ring with one point a shard, every text at its part of the circle; and all this in words."""
    spots = {text: int(part * TURN) for text, part in places.items()}
    hashed = c.stub("hash" + order, sync=True).answers(lambda call: spots.get(call.args[0], 0))
    ring = await c.new("HashRing", 1, hash=hashed)
    for name in order:
        await c.call(ring, "add", name)
    model = Model(1, shards=dict.fromkeys(order, 1), hash=spots.__getitem__)
    words = ", ".join(f"{text} — {part:.2f}".replace(".", ",") for text, part in places.items())
    board = Board(c, model, [text for text in places if not text.endswith("-0")])
    return ring, board, f"Шарды пришли в порядке {order}; места на кольце: {words}"


@case("За последней точкой кольца идёт первая", fails="falls_off_the_end")
async def wraps_around(c: Case) -> None:
    points = {"A-0": 0.1, "B-0": 0.2, "C-0": 0.4}
    keys = {"beyond": c.random.uniform(0.41, 0.49), "before": c.random.uniform(0.01, 0.09)}
    ring, board, words = await placed(c, "ABC", points | keys)
    await agrees(c, ring, board, "start", "", words)


@case("Ключ на самой точке — к следующей; общая точка — к первому по алфавиту", fails="ties_by_arrival")
async def edges_are_settled(c: Case) -> None:
    points = {"A-0": 0.1, "B-0": 0.3, "C-0": 0.3, "D-0": 0.4}
    keys = {"on-A": 0.1, "between": c.random.uniform(0.11, 0.29), "on-BC": 0.3}
    for order in ("DCBA", "BCDA", "ABCD"):
        ring, board, words = await placed(c, order, points | keys)
        await agrees(c, ring, board, "start", "", words)
        await c.advance(2.0)
        await c.call(ring, "remove", "B")
        del board.model.shards["B"]
        await agrees(c, ring, board, "leave", "B", f"{words}; B ушёл")


@case("Вес умножает число точек", fails="ignores_weight")
async def weight_is_more_points(c: Case) -> None:
    weights = {"A": c.random.randint(3, 5), "B": 1, "C": 2}
    ring, board = await built(c, "HashRing", weights, 40)
    await agrees(c, ring, board, "start", "", f"Веса {weights}")


@case("Ушёл и вернулся: кольцо такое же, как было", fails="forgets_points")
async def comes_and_goes(c: Case) -> None:
    ring, board = await built(c, "HashRing", dict.fromkeys("ABC", 1), 60, vnodes=16)
    name = c.random.choice("ABC")
    await c.advance(2.0)
    await c.call(ring, "remove", name)
    del board.model.shards[name]
    await agrees(c, ring, board, "leave", name, f"Шард {name} ушёл")
    await c.advance(2.0)
    await c.call(ring, "add", name)
    board.model.shards[name] = 1
    await agrees(c, ring, board, "join", name, f"Шард {name} вернулся")


@case("На пустом кольце хозяина нет; нелепое не принимается и ничего не портит", fails="accepts_nonsense")
async def refuses_nonsense(c: Case) -> None:
    empty = await c.new("HashRing", 3)
    c.raised(await c.call(empty, "owner", "basket"), "NoShards", "На пустом кольце owner бросает исключение")
    c.raised(await c.call(c.module, "HashRing", 0), "ValueError", "vnodes=0 — ошибка")
    ring, board = await built(c, "HashRing", dict.fromkeys("AB", 1), 30)
    c.raised(await c.call(ring, "add", "A", 2), "ShardError", "Шард A уже есть")
    c.raised(await c.call(ring, "remove", "Z"), "ShardError", "Шарда Z нет")
    for weight in (0, -2):
        c.raised(await c.call(ring, "add", "C", weight), "ValueError", f"Вес {weight} — ошибка")
    await agrees(c, ring, board, "start", "", "После ошибок всё как было")


@dataclass
class Cluster:
    """A manager of the learner's with values in it, and where each of them must be."""

    c: Case
    manager: Handle
    board: Board
    values: dict[str, int]

    @classmethod
    async def make(cls, c: Case, names: str, count: int, kind: str = "HashRing") -> Cluster:
        ring, board = await built(c, kind, {name: c.random.randint(1, 2) for name in names}, count)
        manager = await c.new("ShardManager", ring)
        cluster = cls(c, manager, board, {key: c.random.randrange(10**6) for key in board.keys})
        with quietly(c, f"store: {count} корзин"):
            for key, value in cluster.values.items():
                await c.call(manager, "store", key, value)
        await cluster.in_order("start", "", "После записи")
        return cluster

    async def owners(self) -> dict[str, Any]:
        """Whose each basket is by the solution's own words: rings have cases of their own."""
        with quietly(self.c, f"get_shard спрошен о {len(self.board.keys)} ключах"):
            found = {key: await self.c.call(self.manager, "get_shard", key) for key in self.board.keys}
        for key, got in found.items():
            named = got.ok and type(got.value) is str and got.value in tuple(self.board.names)
            self.c.check(named, f"get_shard({key!r}) — имя шарда", got=got)
        return {key: got.value for key, got in found.items()}

    async def in_order(self, cause: str, shard: str, what: str) -> dict[str, Any]:
        """Every value is at its owner and nowhere else; the picture shows where it is. Gives the owners."""
        owners = await self.owners()
        (shards,) = await self.c.look(self.manager, "shards")
        plain = type(shards) is dict and all(
            type(name) is str and type(store) is dict for name, store in shards.items()
        )
        expected = "словарь: имя шарда → словарь с его ключами"
        self.c.check(plain, "manager.shards показывает, что где лежит", expected=expected, got=shards)
        held = {key: [name for name in sorted(shards) if key in shards[name]] for key in owners}
        at = [owners[key] if owners[key] in names else next(iter(names), None) for key, names in held.items()]
        self.board.show(cause, shard, at, list(owners.values()))
        self.c.equal(sorted(shards), sorted(self.board.names), f"{what}: шарды")
        for key in owners:
            right = [owners[key]] if key in self.values else []
            self.c.equal(held[key], right, f"{what}: на каких шардах лежит {key}")
        for name, store in shards.items():
            mine = {key: value for key, value in self.values.items() if owners[key] == name}
            self.c.equal(store, mine, f"{what}: что лежит на шарде {name}")
        return owners

    async def change(self, cause: str, name: str, weight: int = 1) -> None:
        """One change of shards: what it returns, and that everything is in its place afterwards."""
        c, shards = self.c, self.board.model.shards
        await c.advance(2.0)
        c.emit("change.started", cause=cause, shard=name)
        before = await self.owners()
        if cause == "join":
            shards[name] = weight
            got = await c.call(self.manager, "add_shard", name, weight)
        else:
            del shards[name]
            got = await c.call(self.manager, "remove_shard" if cause == "leave" else "drop_shard", name)
        c.check(got.ok, f"{VERBS[cause]} шард {name}: без исключения", expected="число ключей", got=got)
        lost = [key for key in self.values if before[key] == name]
        if cause == "crash":
            self.values = {key: value for key, value in self.values.items() if key not in lost}
        after = await self.in_order(cause, name, f"{VERBS[cause]} шард {name}")
        moved = lost if cause == "crash" else [key for key in self.values if before[key] != after[key]]
        what = "сколько ключей пропало" if cause == "crash" else "сколько ключей переехало"
        c.returned(got, len(moved), f"{VERBS[cause]} шард {name}: {what}")
        for key in c.random.sample(self.board.keys, 5):
            await self.reads(key, f"{VERBS[cause]} шард {name}")

    async def reads(self, key: str, what: str) -> None:
        got = await self.c.call(self.manager, "retrieve", key)
        if key in self.values:
            self.c.returned(got, self.values[key], f"{what}: retrieve({key!r})")
        else:
            self.c.raised(got, "KeyError", f"{what}: retrieve({key!r})")


@case("Менеджер пишет, читает и стирает у хозяина ключа", fails="swallows_missing")
async def stores_at_the_owner(c: Case) -> None:
    cluster = await Cluster.make(c, "ABC", 30)
    keys = cluster.board.keys
    for key in keys[:5]:
        cluster.values[key] += 1
        await c.call(cluster.manager, "store", key, cluster.values[key])
        await cluster.reads(key, "После перезаписи")
    for key in keys[5:10]:
        got = await c.call(cluster.manager, "delete", key)
        c.check(got.ok, f"delete({key!r}) должен удаться", expected="без ошибки", got=got)
        del cluster.values[key]
        await cluster.reads(key, "После удаления")
        c.raised(await c.call(cluster.manager, "delete", key), "KeyError", f"Второй delete({key!r})")
    await cluster.in_order("start", "", "После записей и удалений")


@case("Новый шард получает свои ключи, все и только свои", fails="moves_nothing keeps_copies")
async def joining_takes_its_keys(c: Case) -> None:
    cluster = await Cluster.make(c, "ABC", 60)
    await cluster.change("join", "D")
    await cluster.change("join", "E", c.random.randint(2, 3))


@case("Уходящий шард раздаёт ключи, остальные не двигаются", fails="loses_on_leave reshuffles_all")
async def leaving_gives_its_keys(c: Case) -> None:
    cluster = await Cluster.make(c, "ABCDE", 60)
    for name in c.random.sample("ABCDE", 2):
        await cluster.change("leave", name)


@case("Сгоревший шард уносит только своё", fails="saves_the_dead")
async def crash_loses_only_its_own(c: Case) -> None:
    cluster = await Cluster.make(c, "ABCD", 60)
    await cluster.change("crash", c.random.choice("ABCD"))
    await cluster.change("join", "F")


@case("Последний шард с данными не уходит, повторный не стирает чужого", fails="burns_the_last reopens_store")
async def refuses_and_keeps_all(c: Case) -> None:
    cluster = await Cluster.make(c, "AB", 30)
    for method, name in (("add_shard", "A"), ("remove_shard", "Z"), ("drop_shard", "Z")):
        c.raised(await c.call(cluster.manager, method, name), "ShardError", f"{method}({name!r}) — ошибка")
        await cluster.in_order("start", "", f"После неудачного {method}")
    await cluster.change("leave", "A")
    got = await c.call(cluster.manager, "remove_shard", "B")
    c.raised(got, "NoShards", "Последнему шарду с данными уйти нельзя")
    await cluster.in_order("start", "", "После отказа последнему шарду")
    for key in list(cluster.values):
        await c.call(cluster.manager, "delete", key)
    c.returned(await c.call(cluster.manager, "remove_shard", "B"), 0, "Пустой последний шард может уйти")


@case("Рандеву: хозяин — у кого больше очков, вес точен без точек", fails="rendezvous_forgets_weight")
async def rendezvous_scores(c: Case) -> None:
    ring, board = await built(c, "Rendezvous", {"A": c.random.randint(3, 5), "B": 1, "C": 1, "D": 2}, 50)
    await agrees(c, ring, board, "start", "", f"Веса {board.model.shards}")
    empty = await c.new("Rendezvous")
    c.raised(await c.call(empty, "owner", "basket"), "NoShards", "Без шардов хозяина нет")


@case("При любой череде перемен каждое значение у хозяина, и только у него", seeds=12, limit=6.0)
async def any_history(c: Case) -> None:
    kind = c.random.choice(("HashRing", "HashRing", "Rendezvous"))
    cluster = await Cluster.make(c, "ABC", 10 + c.size, kind)
    for _ in range(2 + c.size // 4):
        names = cluster.board.names
        away = [name for name in NAMES if name not in names]
        causes = ["join"] * bool(away) + ["leave", "crash"] * (len(names) > 1)
        cause = c.random.choice(causes)
        name = c.random.choice(away if cause == "join" else list(names))
        await cluster.change(cause, name, c.random.randint(1, 3) if cause == "join" else 1)
