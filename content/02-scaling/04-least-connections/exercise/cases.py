"""Hidden cases for two random choices. Loads are fixed during a count, so the shares are known exactly.

Shares of the rules are compared with counts: a share of a right solution is off by more than `SIGMAS`
deviations less than once in a million cases. The traces are in the events of the lesson's demo.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from math import sqrt

from sandbox.judge import Case, case
from sandbox.judge.stubs import Handle
from sandbox.judge.wire import Thing

NAMES = ("a", "b", "c", "d", "e", "f")
GAP, WORK, SHOWN = 0.25, 0.2, 60  # virtual seconds between requests and of each; requests that are traced
MANY = 300  # requests in a count
SIGMAS = 5.5


class Bench:
    """A balancer of the learner's over some nodes, and what the rules say of them."""

    balancer: Handle

    def __init__(self, c: Case) -> None:
        self.c = c
        self.nodes: dict[str, Handle] = {}
        self.known: dict[str, tuple[int, bool, int]] = {}  # weight, healthy, load
        self.marks: dict[str, str] = {}  # addresses
        self.number = 0

    @classmethod
    async def make(cls, c: Case, loads: list[int], weights: list[int] | None = None) -> Bench:
        """Healthy nodes a, b, c… with these loads and weights."""
        bench = cls(c)
        c.emit("world.ready", nodes=list(NAMES[: len(loads)]))
        c.emit("balancer.state", algorithm="two")
        for place, load in enumerate(loads):
            await bench.add(NAMES[place], load, weights[place] if weights else 1)
        bench.balancer = await c.new("PowerOfTwoChoices", list(bench.nodes.values()))
        for name in bench.nodes:
            await bench.sign(name)
        bench.tell()
        return bench

    async def add(self, name: str, load: int, weight: int = 1) -> None:
        self.nodes[name] = await self.c.new("Node", name, f"{name}:80", weight, True, load)
        self.known[name] = (weight, True, load)
        self.c.emit("node.state", node=name, up=True, healthy=True, known=True)

    async def sign(self, name: str) -> None:
        """Mark the node: a copy made before will not have this."""
        self.marks[name] = f"10.0.0.{self.c.random.randrange(1, 250)}:80"
        await self.c.set(self.nodes[name], "address", self.marks[name])

    async def change(self, name: str, **fields: int | bool) -> None:
        weight, healthy, load = self.known[name]
        for field, value in fields.items():
            await self.c.set(self.nodes[name], field, value)
        new = {"weight": weight, "healthy": healthy, "load": load} | fields
        self.known[name] = (int(new["weight"]), bool(new["healthy"]), int(new["load"]))
        if "healthy" in fields:
            up = bool(fields["healthy"])
            self.c.emit("node.state", node=name, up=up, healthy=up, known=True)
        self.tell()

    def tell(self) -> None:
        self.c.emit("load.report", loads=[load for _, _, load in self.known.values()])

    def shares(self) -> dict[str, float]:
        """By the rules: what part of requests each node gets."""
        alive = {name: (w, load) for name, (w, healthy, load) in self.known.items() if healthy}
        able = {name: one for name, one in alive.items() if one[0]} or {
            n: (1, b) for n, (_, b) in alive.items()
        }
        if len(able) == 1:
            return dict.fromkeys(able, 1.0)
        shares = dict.fromkeys(able, 0.0)
        pairs = list(combinations(able, 2))
        for one, other in pairs:
            (w1, l1), (w2, l2) = able[one], able[other]
            first, second = (l1 + 1) * w2, (l2 + 1) * w1  # compared without division
            part = 0.5 if first == second else float(first < second)
            shares[one] += part / len(pairs)
            shares[other] += (1 - part) / len(pairs)
        return shares

    async def pick(self) -> str:
        """One request. Fails the case unless one of our nodes comes, and one that may."""
        c, may = self.c, self.shares()
        got = await c.call(self.balancer, "pick")
        c.check(got.ok, "pick() отдаёт узел, пока есть живые", expected="узел", got=got)
        ref = got.value.ref if isinstance(got.value, Thing) else 0
        c.check(bool(ref), "pick() отдаёт узел из списка", expected="узел", got=got)
        seen = Handle(ref, "node")
        told, mark = await c.look(seen, "id", "address")
        await c.drop(seen)
        name = told if type(told) is str and told in self.nodes and mark == self.marks[told] else ""
        self.number += 1
        if self.number <= SHOWN:
            c.emit("request.sent", id=self.number, node=name)
            c.at(c.now + WORK).emit("request.done", id=self.number, node=name, ms=round(WORK * 1000))
            await c.advance(GAP)
        c.check(
            bool(name), "pick() отдаёт сам узел из списка, а не копию", expected="узел из списка", got=got
        )
        c.check(
            may.get(name, 0) > 0,
            f"Узел {name} не должен получать запросов: {self.about()}",
            expected=" или ".join(one for one, share in may.items() if share),
            got=name,
        )
        return name

    def about(self) -> str:
        told = []
        for name, (weight, healthy, load) in self.known.items():
            told.append(f"{name}: load {load}, вес {weight}{'' if healthy else ', лежит'}")
        return "; ".join(told)

    async def count(self, picks: int = MANY) -> None:
        """So many requests; each node's part must be that of the rules."""
        got = Counter([await self.pick() for _ in range(picks)])
        for name, share in self.shares().items():
            slack = SIGMAS * sqrt(picks * share * (1 - share))
            self.c.check(
                abs(got[name] - picks * share) <= slack,
                f"Доля узла {name} не та: {self.about()}",
                expected=f"около {picks * share:.0f} запросов из {picks}",
                got=str(got[name]),
            )

    async def refuses(self, what: str) -> None:
        got = await self.c.call(self.balancer, "pick")
        self.number += 1
        self.c.emit("request.failed", id=self.number, node="", error="NoHealthyNodes")
        self.c.raised(got, "NoHealthyNodes", what)


@case("Из двух узлов запрос получает тот, кто свободнее", fails="takes_the_busier throws_dice")
async def freer_of_two(c: Case) -> None:
    light = c.random.randint(0, 5)
    b = await Bench.make(c, [light + c.random.randint(1, 9), light])
    for _ in range(20):
        await b.pick()


@case(
    "Самый занятый из пятерых не получает ничего",
    fails="same_twice",
    hint="Кандидаты должны быть разными: иначе занятый иногда соревнуется с самим собой.",
)
async def busiest_gets_nothing(c: Case) -> None:
    b = await Bench.make(c, c.random.sample(range(30), 5))
    for _ in range(120):
        await b.pick()


@case(
    "Самый свободный из пятерых получает две пятых, а не всё",
    fails="least_of_all fixed_dice",
    hint="Смотреть на всех нельзя: так и собирается стадо.",
)
async def freest_is_not_flooded(c: Case) -> None:
    b = await Bench.make(c, c.random.sample(range(30), 5))
    await b.count()


@case("Все пары равновероятны, а не только соседи по списку", fails="neighbours draws_the_sick")
async def all_pairs(c: Case) -> None:
    b = await Bench.make(c, [0, 5, 1, 6, 7, 8])  # b loses to both its neighbours, and wins every fifth pair
    await b.count()
    await b.change("a", healthy=False)
    await b.change("c", healthy=False)
    await b.count()


@case("Лежащий узел не получает запросов, как бы свободен он ни был", fails="ignores_health")
async def sick_is_skipped(c: Case) -> None:
    b = await Bench.make(c, [c.random.randint(2, 9) for _ in range(4)])
    name = c.random.choice(NAMES[:4])
    await b.change(name, load=0, healthy=False)
    for _ in range(40):
        await b.pick()


@case("Остался один живой — все запросы ему", fails="needs_two")
async def the_last_one(c: Case) -> None:
    b = await Bench.make(c, [1, 2, 3])
    keep = c.random.choice(NAMES[:3])
    for name in NAMES[:3]:
        if name != keep:
            await b.change(name, healthy=False)
    for _ in range(5):
        await b.pick()
    await b.change(keep, load=c.random.randint(50, 90))
    await b.pick()


@case("Живых нет — NoHealthyNodes, ожил — снова работает", fails="returns_nothing")
async def nobody(c: Case) -> None:
    b = await Bench.make(c, [0, 4, 2])
    await b.pick()
    for name in NAMES[:3]:
        await b.change(name, healthy=False)
    for _ in range(3):
        await b.refuses("Все узлы лежат")
    await b.change("b", healthy=True)
    await b.pick()
    empty = await c.new("PowerOfTwoChoices", [])
    c.raised(await c.call(empty, "pick"), "NoHealthyNodes", "Список узлов пуст")


@case("Нагрузка делится на вес", fails="ignores_weight")
async def by_weight(c: Case) -> None:
    weight = c.random.randint(4, 9)
    b = await Bench.make(c, [c.random.randint(3, weight), 2], [3 * weight, 1])
    for _ in range(20):
        await b.pick()


@case(
    "Пустые узлы с весами 1 и 10 не равны",
    fails="forgets_itself",
    hint="Сравнивать надо то, что будет после запроса: (load + 1) / weight.",
)
async def counts_the_request(c: Case) -> None:
    b = await Bench.make(c, [0, 0], c.random.sample([1, c.random.randint(5, 20)], 2))
    for _ in range(25):
        await b.pick()


@case("Вес ноль: ничего, пока есть другие, и поровну, когда других нет", fails="divides_by_zero")
async def zero_weight(c: Case) -> None:
    b = await Bench.make(c, [0, 7, 9], [0, 1, 2])
    for _ in range(20):
        await b.pick()
    await b.change("b", weight=0)
    await b.change("c", weight=0)
    await b.count(60)


@case("При равенстве — жребий: равным поровну", fails="first_of_equals", limit=3.0)
async def fair_lot(c: Case) -> None:
    load = c.random.randint(0, 6)
    b = await Bench.make(c, [load] * 4)
    await b.count()


@case("load читается заново и не меняется самим выбором", fails="keeps_snapshot counts_itself")
async def load_is_not_ours(c: Case) -> None:
    b = await Bench.make(c, [0, 3])
    for _ in range(10):
        await b.pick()
    c.equal(await c.get(b.nodes["a"], "load"), 0, "load узла a после десяти выборов")
    await b.change("a", load=8)
    for _ in range(10):
        await b.pick()


@case("Список узлов заменили — новый узел участвует, ушедший нет", fails="keeps_list")
async def new_list(c: Case) -> None:
    b = await Bench.make(c, [2, 5])
    await b.pick()
    await b.add("c", 0)
    await b.sign("c")
    b.nodes = {name: b.nodes[name] for name in ("b", "c")}
    b.known.pop("a")
    await c.set(b.balancer, "nodes", list(b.nodes.values()))
    for _ in range(12):
        await b.pick()


@case("Любые узлы: выбран всегда тот, кто мог победить в паре", seeds=20, limit=4.0)
async def any_nodes(c: Case) -> None:
    count = min(6, 1 + c.size // 2)
    loads = [c.random.randint(0, 6) for _ in range(count)]
    b = await Bench.make(c, loads, [c.random.choice([0, 1, 1, 2, 5]) for _ in loads])
    for _ in range(3 + c.size // 2):
        name = c.random.choice(list(b.nodes))
        if c.random.random() < 0.4:
            await b.change(name, healthy=not b.known[name][1])
        else:
            await b.change(name, load=c.random.randint(0, 9))
        if not b.shares():
            await b.refuses("Все узлы лежат")
            continue
        for _ in range(3):
            await b.pick()
