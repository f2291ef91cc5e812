"""The world around the breaker: a shop that takes payments, one payment service, and its bad evening."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from reference import CircuitBreaker, CircuitOpen

if TYPE_CHECKING:
    from sandbox.guest.lab import Lab

HOP = 0.3  # seconds a packet travels one way: slow on purpose, so that the eye can follow it
PATIENCE = 1.0  # seconds the shop waits for the service's answer
SETTINGS = ("failure_threshold", "success_threshold", "timeout")
# What happens by itself: (second, control, value).
STORY = ((6.0, "down", True), (21.0, "down", False), (33.0, "error_rate", 30))


class ServiceError(Exception):
    """The service answered, and the answer is an error."""


class World:
    """Everything but the breaker. That one may be the reader's own, so only its public side is used."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.in_flight = 0
        self.state = "closed"
        self.was_down = False
        self.breaker = self.build()
        lab.on_control("down", lambda *_: self.observe())
        for name in SETTINGS:
            lab.on_control(name, lambda *_, name=name: self.tune(name))

    def build(self) -> CircuitBreaker:
        return CircuitBreaker("payments", **{name: self.lab.control(name) for name in SETTINGS})

    def tune(self, name: str) -> None:
        """Change a setting of the running breaker; one that keeps it elsewhere is built anew."""
        with contextlib.suppress(AttributeError):
            getattr(self.breaker, name)
            setattr(self.breaker, name, self.lab.control(name))
            return
        self.breaker = self.build()
        self.observe()

    def observe(self) -> None:
        """Put into the log what has changed by itself since the last look."""
        state = state_of(self.breaker)
        if state != self.state:
            self.lab.emit("breaker.state", before=self.state, after=state)
            self.state = state
        down = bool(self.lab.control("down"))
        if down != self.was_down:
            self.lab.emit("service.down", down=down)
            self.was_down = down

    # [service]
    async def charge(self, number: int) -> int:
        """One payment over the network. Raises TimeoutError or ServiceError."""
        self.observe()
        self.lab.emit("call.passed", id=number, probe=self.state == "half_open")
        self.in_flight += 1
        await asyncio.sleep(HOP)
        took = min(PATIENCE, self.lab.control("latency") / 1000 * self.lab.random.uniform(0.8, 1.2))
        broken = self.lab.random.uniform(0, 100) < self.lab.control("error_rate")
        await asyncio.sleep(took)
        if self.lab.control("down"):  # a dead service does not refuse: it keeps silent
            await asyncio.sleep(PATIENCE - took)
            took = PATIENCE
        self.in_flight -= 1
        ms = round(took * 1000)
        if took >= PATIENCE:
            self.lab.emit("call.failed", id=number, ms=ms, error="TimeoutError")
        elif broken:
            self.lab.emit("call.failed", id=number, ms=ms, error="ServiceError")
        else:
            self.lab.emit("call.ok", id=number, ms=ms)
        await asyncio.sleep(HOP)
        if took >= PATIENCE:
            raise TimeoutError
        if broken:
            raise ServiceError
        return number
        # [/service]

    # [client]
    async def client(self, number: int) -> None:
        """One buyer presses «Pay»."""
        self.lab.emit("call.sent", id=number)
        await asyncio.sleep(HOP)
        started, ok = self.lab.now, False
        try:
            await self.breaker.call(self.charge, number)
        except CircuitOpen as refusal:
            self.observe()
            self.lab.emit("call.rejected", id=number, retry_in=number_of(refusal, "retry_in"))
        except (TimeoutError, ServiceError):
            self.outcome()
        else:
            ok = True
            self.outcome()
        waited = round(self.lab.now - started, 3)
        await asyncio.sleep(HOP)
        self.lab.emit("call.done", id=number, ok=ok, waited=waited)
        # [/client]

    def outcome(self) -> None:
        """An answer has come back through the breaker: what does it think now?"""
        self.observe()
        failures, successes = number_of(self.breaker, "failures"), number_of(self.breaker, "successes")
        self.lab.emit("breaker.count", failures=failures, successes=successes, in_flight=self.in_flight)

    async def clients(self) -> None:
        """Send buyers at `rps` a second, not quite evenly."""
        number = 0
        while True:
            await asyncio.sleep(self.lab.random.uniform(0.7, 1.3) / self.lab.control("rps"))
            number += 1
            self.lab.spawn(self.client(number))

    async def events(self) -> None:
        """Let the story happen: what the reader has touched leaves it."""
        for at, name, value in STORY:
            await asyncio.sleep(at - self.lab.now)
            self.lab.set(name, value)


def state_of(breaker: object) -> str:
    """The breaker's state in the words of the log, also for one that keeps it as an Enum."""
    state = getattr(breaker, "state", "")
    return str(getattr(state, "value", state)).lower().replace("-", "_")[:20]


def number_of(thing: object, name: str) -> float:
    """An attribute that should be a number; 0 when the reader's class has none."""
    value = getattr(thing, name, 0)
    return round(value, 3) if isinstance(value, int | float) else 0


async def scenario(lab: Lab) -> None:
    """Runs until the lab stops it. Virtual seconds."""
    world = World(lab)
    settings = {name: lab.control(name) for name in SETTINGS}
    lab.emit("world.ready", clients=1, **settings)
    lab.spawn(world.events())
    lab.spawn(world.clients())
    while True:  # a breaker may change its state by a timer of its own
        world.observe()
        await asyncio.sleep(0.1)
