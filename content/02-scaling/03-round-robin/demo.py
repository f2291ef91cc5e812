"""The world around the balancer: three servers of differing power, their queues, and a bad minute."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from reference import Node, NoHealthyNodes, RoundRobin, SmoothWeightedRoundRobin

if TYPE_CHECKING:
    from sandbox.guest.lab import Lab

POWER = {"a": 4, "b": 2, "c": 1}  # requests a second; each server takes one at a time
HOP = 0.3  # seconds a packet travels one way: slow on purpose, so that the eye can follow it
CHECK, FIRST_CHECK = 1.0, 0.6  # seconds between health checks; when the first one is
PATIENCE = 1.0  # seconds before a request sent to nobody is given up
TICK = 0.5  # seconds between lines of statistics
WINDOW = 10.0  # seconds of answers in the percentiles
RECENT = 35  # requests in the measured shares: five rounds of 4 + 2 + 1
BALANCERS = {"round_robin": RoundRobin, "weighted": SmoothWeightedRoundRobin}
# What happens by itself: (second, control, value). A control the reader has touched leaves the story.
STORY = (
    (10.0, "algorithm", "weighted"),
    (14.0, "weight_c", 0),
    (20.0, "weight_c", 10),
    (28.0, "down_a", True),
    (33.0, "down_a", False),
    *((46.0, f"down_{name}", True) for name in POWER),
    *((49.0, f"down_{name}", False) for name in POWER),
)


class Server:
    """One machine: a line of requests and one worker."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name, self.lab = world, name, world.lab
        self.up = True
        self.waiting: deque[tuple[int, float]] = deque()  # (request, when it came)
        self.serving: tuple[int, float] | None = None
        self.expected = 0.0  # requests in line by the model
        self.life = 0  # which life it is: work begun in another one is lost

    # [server]
    async def take(self, number: int) -> None:
        """One request over the network."""
        await asyncio.sleep(HOP)
        if not self.up:
            return self.world.fail(number, self.name, "ConnectionRefused")
        self.waiting.append((number, self.lab.now))
        if self.serving is not None:
            self.lab.emit("request.queued", id=number, node=self.name, queue=len(self.waiting))
        elif len(self.waiting) == 1:
            await self.work(self.life)

    async def work(self, life: int) -> None:
        """Serve the line to its end. A crash takes the life away, and this stops."""
        while self.waiting and life == self.life:
            number, came = self.serving = self.waiting.popleft()
            await asyncio.sleep(self.lab.random.uniform(0.9, 1.1) / POWER[self.name])
            if life == self.life:
                self.serving = None
                self.world.done(number, self.name, round((self.lab.now - came) * 1000))
                # [/server]

    def switch(self, up: bool) -> None:
        """Crash or come back. What it held is lost."""
        self.up, self.life, self.expected = up, self.life + 1, 0.0
        lost = [self.serving, *self.waiting] if self.serving else []
        self.serving = None
        self.waiting.clear()
        for number, _ in lost:
            self.world.fail(number, self.name, "ConnectionReset")


class World:
    """Everything but the balancer. That one may be the reader's own, so only its public side is used."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.servers = {name: Server(self, name) for name in POWER}
        self.nodes = {
            name: Node(id=name, address=f"10.0.0.{place}:80", weight=lab.control(f"weight_{name}"))
            for place, name in enumerate(POWER, 1)
        }
        self.recent: deque[str] = deque(maxlen=RECENT)
        self.answers: deque[tuple[float, int]] = deque()  # (when, milliseconds)
        self.counts = {"done": 0, "failed": 0}
        for name in POWER:
            lab.on_control(f"down_{name}", lambda down, name=name: self.crash(name, bool(down)))
            lab.on_control(f"weight_{name}", lambda weight, name=name: self.weigh(name, weight))
        lab.on_control("algorithm", self.choose)
        lab.emit(
            "world.ready",
            nodes=list(POWER),
            powers=list(POWER.values()),
            weights=[lab.control(f"weight_{name}") for name in POWER],
        )
        self.choose(lab.control("algorithm"))
        for name in POWER:
            if lab.control(f"down_{name}"):
                self.crash(name, True)

    def choose(self, algorithm: str) -> None:
        """A new balancer over the same nodes."""
        self.algorithm = algorithm
        self.balancer = BALANCERS[algorithm](list(self.nodes.values()))
        self.recent.clear()
        self.lab.emit("balancer.state", algorithm=algorithm)

    def weigh(self, name: str, weight: int) -> None:
        self.nodes[name].weight = weight
        self.recent.clear()  # shares are measured by the weights of now
        self.tell(name)

    def crash(self, name: str, down: bool) -> None:
        self.servers[name].switch(not down)
        self.tell(name)

    def tell(self, name: str) -> None:
        node = self.nodes[name]
        up, healthy = self.servers[name].up, bool(node.healthy)
        self.lab.emit("node.state", node=name, up=up, healthy=healthy, weight=node.weight)

    # [request]
    def send(self, number: int) -> None:
        """One request comes to the balancer."""
        try:
            chosen = self.balancer.pick()
        except NoHealthyNodes:
            self.fail(number, "", "NoHealthyNodes")
            return
        name = getattr(chosen, "id", "")
        server = self.servers.get(name) if isinstance(name, str) else None
        self.recent.append(name if server else "")
        self.lab.emit("request.sent", id=number, node=name if server else "")
        self.lab.spawn(server.take(number) if server else self.nowhere(number))
        # [/request]

    async def nowhere(self, number: int) -> None:
        """The balancer named nobody we know: the client waits for an answer until it is tired."""
        await asyncio.sleep(PATIENCE)
        self.fail(number, "", "UnknownNode")

    def done(self, number: int, name: str, ms: int) -> None:
        self.counts["done"] += 1
        self.answers.append((self.lab.now, ms))
        self.lab.emit("request.done", id=number, node=name, ms=ms)

    def fail(self, number: int, name: str, error: str) -> None:
        self.counts["failed"] += 1
        self.lab.emit("request.failed", id=number, node=name, error=error)

    async def clients(self) -> None:
        """Send requests at `rps` a second, not quite evenly."""
        number = 0
        while True:
            await asyncio.sleep(self.lab.random.uniform(0.8, 1.2) / self.lab.control("rps"))
            number += 1
            self.send(number)

    async def checks(self) -> None:
        """Look at every server once in a while and tell the balancer."""
        pause = FIRST_CHECK
        while True:
            await asyncio.sleep(pause)
            pause = CHECK
            for name, server in self.servers.items():
                if self.nodes[name].healthy != server.up:
                    self.nodes[name].healthy = server.up
                    self.recent.clear()
                    self.tell(name)

    # [model]
    def shares(self) -> dict[str, float]:
        """What part of the requests each node should get, from 0 to 1."""
        healthy = [name for name, node in self.nodes.items() if node.healthy]
        weights = {name: self.nodes[name].weight for name in healthy if self.nodes[name].weight > 0}
        if self.algorithm == "round_robin" or not weights:
            weights = dict.fromkeys(healthy, 1)
        total = sum(weights.values())
        return {name: weights.get(name, 0) / total if total else 0.0 for name in POWER}

    def expect(self, seconds: float) -> None:
        """The lines as a liquid: each grows by what flows in and shrinks by what the server drinks."""
        for name, share in self.shares().items():
            server = self.servers[name]
            flow = self.lab.control("rps") * share - POWER[name]
            server.expected = max(0.0, server.expected + flow * seconds) if server.up else 0.0
            # [/model]

    async def statistics(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self.expect(TICK)
            while self.answers and self.answers[0][0] < self.lab.now - WINDOW:
                self.answers.popleft()
            times = sorted(ms for _, ms in self.answers)
            self.lab.emit(
                "world.stats",
                **self.counts,
                p50=rank(times, 0.5),
                p99=rank(times, 0.99),
                queue=max(len(server.waiting) for server in self.servers.values()),
                model=round(max(server.expected for server in self.servers.values()), 1),
                shares=[percent(self.recent.count(name), len(self.recent)) for name in POWER],
                expected=[round(share * 100) for share in self.shares().values()],
            )

    async def story(self) -> None:
        """Let the story happen."""
        for at, name, value in STORY:
            await asyncio.sleep(at - self.lab.now)
            self.lab.set(name, value)


def rank(ordered: list[int], part: float) -> int:
    """The percentile by the nearest rank; 0 when nothing was measured."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0


def percent(count: int, total: int) -> int:
    return round(100 * count / total) if total else 0


async def scenario(lab: Lab) -> None:
    """Runs until the lab stops it. Virtual seconds."""
    world = World(lab)
    parts: tuple[Any, ...] = (world.story(), world.clients(), world.checks(), world.statistics())
    await asyncio.gather(*map(lab.spawn, parts))
