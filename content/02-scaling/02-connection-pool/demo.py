"""The world around the pool: a small database that really listens on 127.0.0.1, and its clients.

Time is the wall's. Everything is slower than in life, so that the eye can follow: a handshake takes 0.3 s.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reference import ConnectionPool, PoolClosed, PoolTimeout

if TYPE_CHECKING:
    from sandbox.guest.lab import Lab

HANDSHAKE = 0.3  # seconds the server takes to let a new connection in
PATIENCE = 1.5  # seconds a client waits for a connection
CHECK = 0.5  # seconds a connection has to answer a ping
WARM = 2  # connections dialled in advance
MOST = 12  # connections the server lets in at once
TICK = 0.5  # seconds between measurements
WINDOW = 4  # ticks a measurement covers
REMEMBERED = 2.0  # seconds a refusal colours the state
# What happens by itself: (second, control, value). A control the reader has touched leaves the story.
STORY = (
    (6.0, "query", 700),
    (12.0, "size", 8),
    (19.0, "query", 200),
    (23.0, "kill", True),
    (27.0, "cores", 1),
    (33.0, "cores", 8),
    (36.0, "direct", True),
)
STATES = ("calm", "queue", "refusing")  # from good to bad


class ServerFull(ConnectionError):
    """The server has no place for one more connection."""


@dataclass(eq=False)
class Link:
    """One connection as the client holds it."""

    number: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, line: bytes) -> bytes:
        """Send a line, get a line. Raises ConnectionError when the other side is gone."""
        self.writer.write(line)
        answer = await self.reader.readline()
        if not answer:
            raise ConnectionResetError("the server hung up")
        return answer


# [server]
class Server:
    """A database of one table: a handshake for newcomers, then a line for a line, a core for each query."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.inside: set[asyncio.StreamWriter] = set()
        self.cores = lab.control("cores")
        self.free = asyncio.Semaphore(self.cores)

    async def start(self) -> int:
        """Listen; the port is any free one."""
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self.inside) >= MOST:
            writer.write(b"FULL\n")
            writer.close()
            return
        self.inside.add(writer)
        with contextlib.suppress(ConnectionError):
            await reader.readline()  # HELLO
            await asyncio.sleep(HANDSHAKE)
            writer.write(b"READY\n")
            while line := await reader.readline():
                writer.write(b"PONG\n" if line == b"PING\n" else await self.select())
        self.inside.discard(writer)
        writer.close()

    async def select(self) -> bytes:
        async with self.free:
            await asyncio.sleep(self.lab.control("query") / 1000 * self.lab.random.uniform(0.8, 1.2))
        return b"42\n"

    def kill(self) -> None:
        """Break all connections at once, as a restart or a failover does."""
        for writer in self.inside:
            writer.transport.abort()
        self.inside.clear()

    async def resize(self, cores: int) -> None:
        """More or fewer cores. A busy one is taken away when its query is done."""
        before, self.cores = self.cores, cores
        for _ in range(cores - before):
            self.free.release()
        for _ in range(before - cores):
            await self.free.acquire()
            # [/server]


class World:
    """Clients, the server, and a pool between them. It may be the reader's: only its public side is used."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.crowd = random.Random(lab.random.random())  # its own chance: the same crowd for every pool
        self.server = Server(lab)
        self.port = 0
        self.pool: ConnectionPool[Link] | None = None
        self.gone = asyncio.Event()  # set when the pool in use is replaced
        self.ready = asyncio.Event()
        self.dialled = 0
        self.open: set[Link] = set()
        self.users: Counter[int] = Counter()  # by connection
        self.waiting = 0
        self.refused_at = -REMEMBERED
        self.meter = Meter(lab)

    # -- connections, as the pool is told to make and end them ----------------------------------------

    async def dial(self) -> Link:
        """A new connection, greeted by the server. Raises ConnectionError."""
        self.dialled += 1
        number, begun = self.dialled, self.lab.now
        self.lab.emit("conn.dialing", conn=number)
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        link = Link(number, reader, writer)
        self.open.add(link)
        try:
            if await link.ask(b"HELLO\n") != b"READY\n":
                raise ServerFull("too many connections")
        except BaseException:
            self.hang_up(link)
            raise
        self.lab.emit("conn.open", conn=number, ms=round((self.lab.now - begun) * 1000))
        return link

    def hang_up(self, link: Link) -> None:
        if link in self.open:
            self.open.remove(link)
            link.writer.close()
            self.lab.emit("conn.closed", conn=link.number)

    async def is_alive(self, link: Link) -> bool:
        """A ping. A connection that was cut says so at once, a silent one costs CHECK seconds."""
        alive = False
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(CHECK):
                alive = await link.ask(b"PING\n") == b"PONG\n"
        if not alive:
            self.lab.emit("conn.dead", conn=link.number)
        return alive

    # -- clients -----------------------------------------------------------------------------------------

    # [client]
    async def client(self, number: int) -> None:
        """One request: a connection, a query, an answer."""
        self.lab.emit("request.sent", id=number)
        begun, error = self.lab.now, ""
        try:
            if self.pool is not None:
                await self.through_pool(number)
            else:
                await self.alone(number)
        except (OSError, PoolTimeout) as trouble:
            error = type(trouble).__name__
        except Exception as trouble:  # the pool's own: told, and the world goes on
            error = type(trouble).__name__
            self.crashed(trouble)
        if error == "PoolTimeout":
            self.refused_at = self.lab.now
        ms = round((self.lab.now - begun) * 1000)
        self.lab.emit("request.done", id=number, ok=not error, ms=ms, error=error)

    async def through_pool(self, number: int) -> None:
        begun = self.lab.now
        self.waiting += 1
        try:
            pool, link = await self.borrow()
        finally:
            self.waiting -= 1
        broken = True
        try:
            with self.meter.holding():
                await self.query(number, link, begun)
            broken = False
        finally:
            pool.release(link, broken=broken)

    async def borrow(self) -> tuple[ConnectionPool[Link], Link]:
        while True:
            pool = self.pool
            if pool is None:
                raise PoolClosed
            try:
                return pool, await pool.acquire()
            except PoolClosed:
                if pool is self.pool:
                    raise  # else it was replaced while we stood in its line: go to the new one

    async def alone(self, number: int) -> None:
        begun = self.lab.now
        with self.meter.holding():
            link = await self.dial()
            try:
                await self.query(number, link, begun)
            finally:
                self.hang_up(link)
                # [/client]

    async def query(self, number: int, link: Link, begun: float) -> None:
        waited = round((self.lab.now - begun) * 1000)
        self.lab.emit("request.leased", id=number, conn=link.number, waited=waited)
        self.users[link.number] += 1
        if self.users[link.number] > 1:
            self.lab.emit("conn.shared", conn=link.number)
        try:
            await link.ask(b"SELECT\n")
        finally:
            self.users[link.number] -= 1

    async def clients(self) -> None:
        """Independent clients: the gaps between them are random, so they come in bunches, as in life."""
        number, at = 0, self.lab.now
        while True:
            at += self.crowd.expovariate(self.lab.control("rate"))
            await asyncio.sleep(at - self.lab.now)
            number += 1
            self.lab.spawn(self.client(number))

    # -- the pool in use -----------------------------------------------------------------------------------

    async def keep_pool(self) -> None:
        """Make a pool of the size now set, put it in place of the former, close it when its turn comes."""
        size, gone = self.lab.control("size"), asyncio.Event()
        settings = {"min_size": min(WARM, size), "max_size": size, "timeout": PATIENCE}
        pool = ConnectionPool(self.dial, self.hang_up, is_alive=self.is_alive, **settings)
        try:
            if self.pool is None:
                self.use(pool, gone)
            async with pool:
                if not self.lab.control("direct"):
                    self.use(pool, gone)
                    self.lab.emit("pool.opened", size=size)
                    self.ready.set()
                    await gone.wait()
            self.lab.emit("pool.closed", size=size)
        except Exception as trouble:
            self.crashed(trouble)
            self.ready.set()

    def use(self, pool: ConnectionPool[Link] | None, gone: asyncio.Event) -> None:
        former, self.pool, self.gone = self.gone, pool, gone
        if former is not gone:
            former.set()

    def crashed(self, trouble: Exception) -> None:
        text = str(trouble)[:80]
        self.lab.emit("pool.crashed", error=type(trouble).__name__, text=text)

    # -- what is seen ----------------------------------------------------------------------------------------

    async def measure(self) -> None:
        """Little's law beside what it predicts, twice a second; and in a word, how things are."""
        state, waited, recent = "calm", 0, deque([0, 0], maxlen=2)
        while True:
            await asyncio.sleep(TICK)
            hold = self.lab.control("query") / 1000 + (0 if self.pool else HANDSHAKE)
            need = round(self.lab.control("rate") * hold, 2)
            self.lab.emit("pool.gauge", waiting=self.waiting, need=need, **self.meter.read())
            bad = 2 if self.lab.now - self.refused_at < REMEMBERED else int(min(waited, self.waiting) > 0)
            waited = self.waiting
            recent.append(bad)
            after = STATES[max(recent)] if self.pool else "direct"
            if after != state:
                self.lab.emit("pool.state", before=state, after=after)
                state = after

    async def events(self) -> None:
        """Let the story happen."""
        for at, name, value in STORY:
            await asyncio.sleep(at - self.lab.now)
            self.lab.set(name, value)


# [meter]
class Meter:
    """How many connections are held, how often, for how long. Little's law: held = rate · time."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.busy = self.done = 0
        self.area = self.held = 0.0  # connection-seconds so far: by the clock, and of those given back
        self.at = 0.0
        self.marks = deque([(0.0, 0.0, 0, 0.0)], maxlen=WINDOW + 1)

    @contextlib.contextmanager
    def holding(self) -> Iterator[None]:
        """Around the time somebody holds a connection."""
        self.count(+1)
        begun = self.at
        try:
            yield
        finally:
            self.count(-1)
            self.done += 1
            self.held += self.at - begun

    def count(self, change: int) -> None:
        now = self.lab.now
        self.area += self.busy * (now - self.at)
        self.at, self.busy = now, self.busy + change

    def read(self) -> dict[str, float]:
        """Over the last two seconds: held on average (L), rate (λ), time of one (W, seconds), and λ·W."""
        self.count(0)
        self.marks.append((self.at, self.area, self.done, self.held))
        at, area, done, held = self.marks[0]
        span, served = self.at - at, self.done - done
        rate, mean = served / span, (self.held - held) / max(1, served)
        measured = {"busy": (self.area - area) / span, "rate": rate, "held": mean, "little": rate * mean}
        return {name: round(value, 2) for name, value in measured.items()}
        # [/meter]


async def scenario(lab: Lab) -> None:
    """Runs until the lab stops it. Seconds of the wall's clock."""
    world = World(lab)
    world.port = await world.server.start()
    moved = asyncio.Event()
    lab.on_control("size", lambda *_: moved.set())
    lab.on_control("direct", lambda *_: moved.set())
    lab.on_control("cores", world.server.resize)
    lab.on_control("kill", lambda *_: world.server.kill())
    size, cores = lab.control("size"), lab.control("cores")
    lab.emit("world.ready", size=size, cores=cores, most=MOST, patience=PATIENCE)
    if not lab.control("direct"):
        lab.spawn(world.keep_pool())
        await world.ready.wait()
    for part in (world.events(), world.measure(), world.clients()):
        lab.spawn(part)
    while True:
        await moved.wait()
        await asyncio.sleep(0.3)  # a slider under a finger: wait until it stands still
        moved.clear()
        if lab.control("direct"):
            world.use(None, asyncio.Event())
        else:
            lab.spawn(world.keep_pool())
