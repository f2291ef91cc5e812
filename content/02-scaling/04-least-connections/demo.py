"""The world around the balancer: five servers and a newcomer, requests of very different length, old news."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

from reference import LeastConnections, Node, NoHealthyNodes, PeakEwma, PowerOfTwoChoices

if TYPE_CHECKING:
    from sandbox.guest.lab import Lab

NAMES, NEWCOMER = ("a", "b", "c", "d", "e"), "f"
HOP = 0.15  # seconds a packet travels one way
MEAN, SHORTEST, LONGEST, TAIL = 0.35, 0.1293, 6.0, 1.5  # seconds of work; the exponent of the heavy tail
SLOW = 3.0  # how many times slower A works when it is told to
CHECK = 2.0  # seconds between health checks
PATIENCE = 1.0  # seconds before a request sent to nobody is given up
TICK, WINDOW = 0.5, 15.0  # seconds between lines of statistics; seconds of answers in the percentiles
LONG = 40  # lines longer than this are left out of the model
# What happens by itself: (second, control, value). A control the reader has touched leaves the story.
STORY = (
    (12.0, "algorithm", "least"),
    (22.0, "stale", 2.0),
    (28.0, "newcomer", True),
    (34.0, "algorithm", "two"),
    (44.0, "stale", 0.0),
    (46.0, "algorithm", "least"),
    (48.1, "down_b", True),
    (51.0, "down_b", False),
    (54.0, "algorithm", "ewma"),
    (56.1, "down_b", True),
    (59.0, "down_b", False),
)


# [simple]
class Turns:
    """Everybody in turn."""

    def __init__(self, nodes: list[Any], random: Random, clock: Callable[[], float]) -> None:
        self.nodes, self.random, self.turn = nodes, random, 0

    def pick(self) -> Any:
        healthy = [node for node in self.nodes if node.healthy]
        if not healthy:
            raise NoHealthyNodes(len(self.nodes))
        self.turn += 1
        return self.choose(healthy)

    def choose(self, healthy: list[Any]) -> Any:
        return healthy[(self.turn - 1) % len(healthy)]


class Lots(Turns):
    """Whoever the lot falls on."""

    def choose(self, healthy: list[Any]) -> Any:
        return self.random.choice(healthy)
        # [/simple]


BALANCERS: dict[str, Any] = {
    "turns": Turns,
    "lots": Lots,
    "least": LeastConnections,
    "two": PowerOfTwoChoices,
    "ewma": PeakEwma,
}


class Server:
    """One machine: a line of requests and one worker."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name
        self.up = True
        self.waiting: deque[int] = deque()
        self.serving: int | None = None
        self.life = 0  # work begun in another life is lost

    # [server]
    async def take(self, number: int) -> None:
        """One request over the network."""
        await asyncio.sleep(HOP)
        if not self.up:
            return self.world.end(number, "ConnectionRefused")
        self.waiting.append(number)
        if self.serving is None and len(self.waiting) == 1:
            await self.work(self.life)

    async def work(self, life: int) -> None:
        """Serve the line to its end. A crash takes the life away, and this stops."""
        while self.waiting and life == self.life:
            number = self.serving = self.waiting.popleft()
            await asyncio.sleep(self.world.effort() * self.slowness)
            if life == self.life:
                self.serving = None
                self.world.end(number)
                # [/server]

    @property
    def slowness(self) -> float:
        return SLOW if self.name == "a" and self.world.lab.control("slow_a") else 1.0

    def switch(self, up: bool) -> None:
        """Crash or come back. What it held is lost."""
        self.up, self.life = up, self.life + 1
        lost = ([] if self.serving is None else [self.serving]) + list(self.waiting)
        self.serving = None
        self.waiting.clear()
        for number in lost:
            self.world.end(number, "ConnectionReset")


class World:
    """Everything but the balancer. That one may be the reader's own, so only its public side is used."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        names = (*NAMES, NEWCOMER)
        self.servers = {name: Server(self, name) for name in names}
        self.nodes = {name: Node(id=name, address=f"10.0.0.{n}:80") for n, name in enumerate(names, 1)}
        self.held = dict.fromkeys(names, 0)  # requests sent and not answered yet: the true load
        self.sent: dict[int, tuple[str, float, int]] = {}  # (whom to, when, by which balancer)
        self.answers: deque[tuple[float, int]] = deque()  # (when, milliseconds), by this balancer
        self.counts = {"done": 0, "failed": 0}
        self.era = 0  # the number of the balancer
        self.told = 0.0  # when the last report came
        lab.on_control("algorithm", lambda value: self.choose())
        lab.on_control("newcomer", lambda value: self.enrol())
        lab.on_control("down_b", lambda down: self.crash(bool(down)))
        lab.on_control("stale", lambda seconds: self.report())
        lab.emit("world.ready", nodes=list(names))
        self.choose()
        if lab.control("newcomer"):
            self.tell(NEWCOMER)
        if lab.control("down_b"):
            self.crash(True)

    @property
    def team(self) -> list[str]:
        return [*NAMES, NEWCOMER] if self.lab.control("newcomer") else list(NAMES)

    def choose(self) -> None:
        """A new balancer over the same nodes."""
        self.algorithm = self.lab.control("algorithm")
        nodes = [self.nodes[name] for name in self.team]
        self.balancer = BALANCERS[self.algorithm](nodes, self.lab.random, clock=lambda: self.lab.now)
        self.era += 1
        self.answers.clear()
        self.lab.emit("balancer.state", algorithm=self.algorithm)

    def enrol(self) -> None:
        """The newcomer joins empty, or leaves: gets nothing new and works off what it has."""
        self.balancer.nodes = [self.nodes[name] for name in self.team]
        self.tell(NEWCOMER)

    def crash(self, down: bool) -> None:
        self.servers["b"].switch(not down)
        self.tell("b")

    def tell(self, name: str) -> None:
        healthy = bool(self.nodes[name].healthy)
        self.lab.emit(
            "node.state", node=name, up=self.servers[name].up, healthy=healthy, known=name in self.team
        )

    # [news]
    def report(self) -> None:
        """The balancer learns the true load of everybody."""
        self.told = self.lab.now
        for name, node in self.nodes.items():
            node.load = self.held[name]
        if self.lab.control("stale"):
            self.lab.emit("load.report", loads=list(self.held.values()))

    def hold(self, name: str, more: int) -> None:
        """The true load has changed. The balancer sees it at once unless it lives by reports."""
        self.held[name] += more
        if not self.lab.control("stale"):
            self.nodes[name].load = self.held[name]
            # [/news]

    # [request]
    def send(self, number: int) -> None:
        """One request comes to the balancer."""
        try:
            chosen = self.balancer.pick()
        except NoHealthyNodes:
            self.counts["failed"] += 1
            self.lab.emit("request.failed", id=number, node="", error="NoHealthyNodes")
            return
        name = getattr(chosen, "id", "")
        if not (isinstance(name, str) and name in self.servers):
            name = ""
        self.lab.emit("request.sent", id=number, node=name)
        self.sent[number] = (name, self.lab.now, self.era)
        if name:
            self.hold(name, 1)
        self.lab.spawn(self.servers[name].take(number) if name else self.nowhere(number))

    def end(self, number: int, error: str = "") -> None:
        """The request has got its answer, or never will."""
        name, when, era = self.sent.pop(number)
        seconds = self.lab.now - when
        if name:
            self.hold(name, -1)
        self.counts["failed" if error else "done"] += 1
        if error:
            self.lab.emit("request.failed", id=number, node=name, error=error)
        else:
            self.lab.emit("request.done", id=number, node=name, ms=round(seconds * 1000))
        if era == self.era and name:
            if not error:
                self.answers.append((self.lab.now, round(seconds * 1000)))
            if observe := getattr(self.balancer, "observe", None):
                observe(self.nodes[name], seconds, failed=bool(error))
                # [/request]

    async def nowhere(self, number: int) -> None:
        """The balancer named nobody we know: the client waits for an answer until it is tired."""
        await asyncio.sleep(PATIENCE)
        self.end(number, "UnknownNode")

    def effort(self) -> float:
        """Seconds of work in one request: many short ones and a few very long, or exponential."""
        if not self.lab.control("tail"):
            return self.lab.random.expovariate(1 / MEAN)
        return min(LONGEST, SHORTEST / (1 - self.lab.random.random()) ** (1 / TAIL))

    async def clients(self) -> None:
        """Send `rps` requests a second, independent of each other."""
        number = 0
        while True:
            await asyncio.sleep(self.lab.random.expovariate(self.lab.control("rps")))
            number += 1
            self.send(number)

    async def checks(self) -> None:
        while True:
            await asyncio.sleep(CHECK)
            for name, server in self.servers.items():
                if self.nodes[name].healthy != server.up:
                    self.nodes[name].healthy = server.up
                    self.tell(name)

    async def reports(self) -> None:
        """What the servers say of themselves once in `stale` seconds."""
        while True:
            await asyncio.sleep(TICK)
            pause = self.lab.control("stale")
            if pause and self.lab.now - self.told > pause - TICK / 2:
                self.report()

    async def statistics(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            while self.answers and self.answers[0][0] < self.lab.now - WINDOW:
                self.answers.popleft()
            times = sorted(ms for _, ms in self.answers)
            able = sum(self.servers[name].up for name in self.team)
            busy = self.lab.control("rps") * MEAN / able if able else 1.0
            self.lab.emit(
                "world.stats",
                **self.counts,
                p50=rank(times, 0.5),
                p99=rank(times, 0.99),
                longest=max(self.inside(name) for name in self.servers),
                model=longest(self.algorithm, able, busy),
            )

    def inside(self, name: str) -> int:
        """Requests at the server: in work and waiting."""
        server = self.servers[name]
        return len(server.waiting) + (server.serving is not None)

    async def story(self) -> None:
        """Let the story happen."""
        for at, name, value in STORY:
            await asyncio.sleep(at - self.lab.now)
            self.lab.set(name, value)


# [model]
def longest(algorithm: str, servers: int, busy: float) -> float:
    """The longest line of a long quiet run, on average, if work is exponential and all news are fresh.

    `tail(i)` is the chance that a server holds i requests or more. 0 when there is no steady state.
    """
    if not busy < 1:
        return 0.0
    if algorithm == "least":  # almost one common line: M/M/n, shared out equally
        held = common_line(servers, busy)
        return round(sum(1 - sum(held[: servers * i + 1]) for i in range(LONG)), 1)
    root = busy  # by lot: M/M/1
    if algorithm == "turns":  # every n-th one: E_n/M/1, the root of its equation found by iteration
        for _ in range(200):
            root = (servers * busy / (servers * busy + 1 - root)) ** servers

    def tail(i: int) -> float:
        two = algorithm in ("two", "ewma")  # Mitzenmacher's fixed point
        return busy ** (2.0 ** min(i, 20) - 1) if two else busy * root ** (i - 1)

    return round(sum(1 - (1 - tail(i)) ** servers for i in range(1, LONG)), 1)


def common_line(servers: int, busy: float) -> list[float]:
    """Chances that M/M/n holds 0, 1, 2, … requests."""
    weights = [1.0]
    for count in range(1, servers * LONG):
        weights.append(weights[-1] * busy * servers / min(count, servers))
    total = sum(weights) + weights[-1] * busy / (1 - busy)
    return [weight / total for weight in weights]
    # [/model]


def rank(ordered: list[int], part: float) -> int:
    """The percentile by the nearest rank; 0 when nothing was measured."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0


async def scenario(lab: Lab) -> None:
    """Runs until the lab stops it. Virtual seconds."""
    world = World(lab)
    parts = (world.story(), world.clients(), world.checks(), world.reports(), world.statistics())
    await asyncio.gather(*map(lab.spawn, parts))
