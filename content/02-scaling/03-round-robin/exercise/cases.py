"""Hidden cases for the smooth weighted round robin. Shapes are fixed, numbers are random.

Rules 2-6 have cases of their own; rule 7 is kept by a ledger beside each pick: what a node should have got
since it began to take part, and what it got. The traces are in the events of the lesson's demo.
"""

from __future__ import annotations

from fractions import Fraction

from sandbox.judge import Case, case
from sandbox.judge.stubs import Handle
from sandbox.judge.wire import Thing

NAMES = ("a", "b", "c")
GAP = 0.25  # virtual seconds between requests: what a viewer of the trace can follow
WORK = 0.4  # seconds a node takes on the picture
APART = 2  # requests: by rule 7 a node is nearer than this to what it should have got


class Bench:
    """A balancer of the learner's over three nodes, and what each of them is owed by the rules."""

    def __init__(self, c: Case, balancer: Handle, nodes: dict[str, Handle], weights: dict[str, int]) -> None:
        self.c, self.balancer, self.nodes = c, balancer, nodes
        self.weights = weights
        self.healthy = dict.fromkeys(weights, True)
        self.marks: dict[str, int] = {}
        self.owed: dict[str, Fraction] = {}
        self.got: list[str] = []
        self.settled = 0  # how many requests there were when something changed last

    @classmethod
    async def make(cls, c: Case, *weights: int) -> Bench:
        """Nodes a, b, c with these weights, all healthy."""
        named = dict(zip(NAMES, weights, strict=False))
        nodes = {}
        for place, (name, weight) in enumerate(named.items(), 1):
            nodes[name] = await c.new("Node", name, f"10.0.0.{place}:80", weight)
        balancer = await c.new("SmoothWeightedRoundRobin", list(nodes.values()))
        bench = cls(c, balancer, nodes, named)
        for name, node in nodes.items():  # a copy made by the balancer will not have this
            bench.marks[name] = c.random.randrange(1, 1000)
            await c.set(node, "load", bench.marks[name])
        c.emit("world.ready", nodes=list(named), powers=[0] * len(named), weights=list(weights))
        c.emit("balancer.state", algorithm="weighted")
        return bench

    # -- the world ----------------------------------------------------------------------------------------

    async def health(self, name: str, healthy: bool) -> None:
        self.healthy[name] = healthy
        await self.c.set(self.nodes[name], "healthy", healthy)
        self.tell(name)

    async def weigh(self, name: str, weight: int) -> None:
        self.weights[name] = weight
        await self.c.set(self.nodes[name], "weight", weight)
        self.tell(name)

    def tell(self, name: str) -> None:
        up = self.healthy[name]
        self.settled = len(self.got)
        self.c.emit("node.state", node=name, up=up, healthy=up, weight=self.weights[name])

    @property
    def shares(self) -> dict[str, Fraction]:
        """By the rules: who takes part, and with what share."""
        alive = [name for name in self.nodes if self.healthy[name]]
        weights = {name: self.weights[name] for name in alive if self.weights[name] > 0}
        weights = weights or dict.fromkeys(alive, 1)
        return {name: Fraction(weight, sum(weights.values())) for name, weight in weights.items()}

    # -- requests -----------------------------------------------------------------------------------------

    async def pick(self) -> str:
        """One request. Fails the case when what comes is no node of ours, or one that must not serve."""
        c, shares = self.c, self.shares
        got = await c.call(self.balancer, "pick")
        c.check(got.ok, "pick() отдаёт узел, пока есть живые", expected="узел", got=got)
        ref = got.value.ref if isinstance(got.value, Thing) else 0
        c.check(bool(ref), "pick() отдаёт узел из списка", expected="узел", got=got)
        seen, mark = await c.look(Handle(ref, "node"), "id", "load")
        name: str = seen if type(seen) is str else ""
        c.check(name in self.nodes, "pick() отдаёт узел из списка", expected="узел a, b или c", got=got)
        c.equal(mark, self.marks[name], f"Узел {name} должен быть тем самым объектом, а не копией")
        number = len(self.got) + 1
        self.got.append(name)
        self.owed = {one: self.owed.get(one, Fraction(0)) + share for one, share in shares.items()}
        if name in self.owed:
            self.owed[name] -= 1
        c.emit("request.sent", id=number, node=name)
        c.at(c.now + WORK).emit("request.done", id=number, node=name, ms=round(WORK * 1000))
        self.statistics(shares)
        await c.advance(GAP)
        return name

    def statistics(self, shares: dict[str, Fraction]) -> None:
        recent = self.got[self.settled :]
        measured = [round(100 * recent.count(name) / len(recent)) for name in self.nodes]
        expected = [round(100 * shares.get(name, 0)) for name in self.nodes]
        fields = {"done": len(self.got), "failed": 0, "p50": 0, "p99": 0, "queue": 0, "model": 0}
        self.c.emit("world.stats", **fields, shares=measured, expected=expected)

    async def picks(self, count: int) -> str:
        """So many requests, as a string of names."""
        return "".join([await self.pick() for _ in range(count)])

    async def serve(self, count: int) -> None:
        """So many requests by rules 4, 6 and 7."""
        for _ in range(count):
            shares = self.shares
            name = await self.pick()
            self.takes_part(name, shares)
            self.fair()

    def takes_part(self, name: str, shares: dict[str, Fraction]) -> None:
        why = "лежит" if not self.healthy[name] else "с весом 0, а другие могут"
        allowed = " или ".join(shares)
        self.c.check(name in shares, f"Узел {name} {why}: запросов ему не дают", expected=allowed, got=name)

    def fair(self, *, hint: str = "") -> None:
        """Rule 7."""
        for name, owed in self.owed.items():
            if abs(owed) < APART:
                continue
            what = "получил лишнего" if owed < 0 else "недополучил"
            self.c.check(
                False,
                f"Узел {name} {what}: правило 7",
                expected=f"меньше {APART} запросов от суммы долей",
                got=f"{comma(abs(owed))} запроса; последние выборы: {' '.join(self.got[-16:])}",
                hint=hint,
            )

    async def refuses(self, what: str) -> None:
        got = await self.c.call(self.balancer, "pick")
        self.c.raised(got, "NoHealthyNodes", what)
        self.owed = {}  # nobody takes part
        number = len(self.got) + 1000
        self.c.emit("request.failed", id=number, node="", error="NoHealthyNodes")
        await self.c.advance(GAP)


def comma(value: Fraction) -> str:
    return f"{float(value):.2f}".replace(".", ",")


def heavy(c: Case) -> tuple[int, int, int]:
    """One heavy node and two light ones."""
    return (c.random.randint(16, 24), 1, 1)


# -- nothing changes ------------------------------------------------------------------------------------


@case("Веса 5, 1, 1: порядок A A B A C A A, и так по кругу")
async def published_order(c: Case) -> None:
    b = await Bench.make(c, 5, 1, 1)
    c.equal(await b.picks(14), "aabacaa" * 2, "порядок первых четырнадцати запросов")


@case("При равных весах — по кругу, начиная с первого", fails="last_of_equals skips_the_first")
async def equal_weights(c: Case) -> None:
    weight = c.random.randint(1, 9)
    b = await Bench.make(c, weight, weight, weight)
    c.equal(await b.picks(9), "abc" * 3, f"порядок при весах {weight}, {weight}, {weight}")


@case("За каждые W запросов узел получает ровно свой вес", fails="throws_dice")
async def exact_shares(c: Case) -> None:
    weights = c.random.sample(range(2, 12), 3)
    b = await Bench.make(c, *weights)
    for turn in (1, 2, 3):
        got = await b.picks(sum(weights))
        c.equal([got.count(name) for name in NAMES], weights, f"сколько досталось a, b и c в круге {turn}")


@case(
    "Никто не опережает свою долю на целый запрос",
    seeds=15,
    fails="deals_in_blocks",
    hint="Раздавать пачками нельзя, даже если доли в итоге сойдутся.",
)
async def nobody_ahead(c: Case) -> None:
    most = 3 + 2 * c.size
    weights = [c.random.randint(1, most) for _ in NAMES]
    weights[c.random.randrange(3)] += most
    b = await Bench.make(c, *weights)
    for _ in range(min(40, sum(weights))):
        name = await b.pick()
        c.check(
            b.owed[name] > -1,
            f"Узел {name} опередил свою долю при весах {weights}",
            expected="меньше чем на запрос",
            got=f"на {comma(-b.owed[name])} запроса: {' '.join(b.got)}",
        )


# -- health ---------------------------------------------------------------------------------------------


@case("Лежащий узел обходят, его долю делят остальные", fails="charges_for_all")
async def sick_is_skipped(c: Case) -> None:
    light = c.random.randint(3, 6)
    b = await Bench.make(c, 3 * light, light, 1)
    await b.health("a", False)
    got = await b.picks(2 * (light + 1))
    c.equal(
        [got.count(name) for name in NAMES], [0, 2 * light, 2], f"сколько досталось a, b и c без a: {got}"
    )


@case("Живых нет — NoHealthyNodes, а не пустой ответ", fails="returns_nothing")
async def nobody_healthy(c: Case) -> None:
    b = await Bench.make(c, 4, 2, 1)
    await b.picks(c.random.randint(1, 6))
    for name in NAMES:
        await b.health(name, False)
    for _ in range(3):
        await b.refuses("Все узлы лежат")
    await b.health("b", True)
    c.equal(await b.picks(3), "bbb", "Ожил только b")
    empty = await c.new("SmoothWeightedRoundRobin", [])
    c.raised(await c.call(empty, "pick"), "NoHealthyNodes", "Список узлов пуст")


# -- weights --------------------------------------------------------------------------------------------


@case("Вес обнулили на ходу — новых запросов узел не получает", fails="drained_still_served")
async def drained(c: Case) -> None:
    b = await Bench.make(c, *[c.random.randint(2, 9)] * 3)
    await b.serve(2)  # whose turn has not come yet is owed most of a request
    await b.weigh(next(name for name in NAMES if name not in b.got), 0)
    await b.serve(c.random.randint(12, 20))


@case("Все веса нулевые — живые делят поровну", fails="zero_is_dead")
async def all_zero(c: Case) -> None:
    b = await Bench.make(c, 0, 0, 0)
    await b.serve(9)
    await b.health(c.random.choice(NAMES), False)
    await b.serve(8)
    last = c.random.choice([name for name in NAMES if b.healthy[name]])
    await b.weigh(last, c.random.randint(1, 9))
    got = await b.picks(4)
    c.equal(got, last * 4, f"У {last} одного вес положителен")


@case("Новый вес действует сразу", fails="frozen_weights")
async def weight_on_the_fly(c: Case) -> None:
    b = await Bench.make(c, 1, 1, 1)
    await b.serve(c.random.randint(2, 7))
    await b.weigh("b", c.random.randint(8, 12))
    await b.serve(30)
    await b.weigh("b", 1)
    await b.serve(15)


# -- changes --------------------------------------------------------------------------------------------


@case("Вернувшийся узел не забирает пропущенного", fails="remembers_absence")
async def no_revenge(c: Case) -> None:
    b = await Bench.make(c, *c.random.sample(range(2, 7), 3))
    name = c.random.choice(NAMES)
    await b.serve(c.random.randint(2, 9))
    await b.health(name, False)
    await b.serve(c.random.randint(25, 40))
    await b.health(name, True)
    await b.serve(30)


@case(
    "Тяжёлый узел ушёл — лёгкие соседи делят поровну, без залпов",
    fails="keeps_old_units",
    hint="Цена запроса изменилась, а долги остались в старых единицах.",
)
async def heavy_leaves(c: Case) -> None:
    b = await Bench.make(c, *heavy(c))
    while await b.pick() == "a" and len(b.got) < 24:
        pass  # now one light node has just been served, and the other is owed most of a request
    await b.health("a", False)
    await b.serve(16)


@case(
    "Мигающий сосед не морит остальных голодом",
    fails="starts_over",
    hint="Если при каждой перемене начинать счёт заново, до лёгких узлов очередь не доходит.",
)
async def flapping(c: Case) -> None:
    b = await Bench.make(c, c.random.randint(5, 8), 1, 1)
    for turn in range(20):
        await b.health("c", turn % 2 == 1)
        await b.serve(2)


@case("Случайные перемены: никто не отходит от своей доли на два запроса", seeds=20, limit=4.0)
async def any_changes(c: Case) -> None:
    b = await Bench.make(c, *(c.random.choice([1, 2, 3, 5, 10, 20]) for _ in NAMES))
    for _ in range(4 + c.size):
        name = c.random.choice(NAMES)
        if c.random.random() < 0.6:
            await b.health(name, not b.healthy[name])
        else:
            await b.weigh(name, c.random.choice([0, 1, 2, 4, 12]))
        if not b.shares:
            await b.refuses("Все узлы лежат")
            await b.health(c.random.choice(NAMES), True)
        await b.serve(c.random.randint(1, 6))
