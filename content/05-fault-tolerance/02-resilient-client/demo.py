"""The world around the client: a shop and the three servers it asks, real HTTP on the jail's own loopback."""

from __future__ import annotations

import asyncio
import contextlib
import math
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import httpx
from reference import CircuitOpen, ResilientClient, Response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from sandbox.guest.lab import Lab

HOSTS = {"catalog": "GET", "prices": "GET", "orders": "POST"}
STORY = (
    (5.0, "orders", "slow"),
    (13.0, "orders", "ok"),
    (17.0, "catalog", "hang"),
    (26.0, "catalog", "ok"),
    (31.0, "prices", "500"),
    (43.0, "prices", "ok"),
)
# Seconds a server works on one request: from, to. One that hangs gives up by itself after a while.
WORK = {"ok": (0.06, 0.14), "slow": (0.5, 1.5), "500": (0.02, 0.05), "busy": (0.02, 0.05), "hang": (15, 15)}
POOL = 24  # connections the shop may hold at once
SETTINGS = ("deadline", "attempts")
CALL: ContextVar[list[Any]] = ContextVar("call")  # [id, host, attempts made]: which call a send belongs to


class NoFreeConnection(Exception):
    """The shop's own pool is empty: no host's fault, so not an OSError."""


# [server]
class Server:
    """One HTTP/1.1 server that can be spoiled while it runs."""

    def __init__(self, lab: Lab, name: str) -> None:
        self.lab, self.name, self.mode = lab, name, ""
        self.port = 0
        self.listener: asyncio.Server | None = None
        self.links: dict[asyncio.StreamReader, asyncio.StreamWriter] = {}
        self.busy: list[asyncio.StreamReader] = []
        self.load = (0, 0)
        self.orders: dict[str, int] = {}
        self.keys: set[str] = set()
        self.turn = asyncio.Lock()

    async def become(self, mode: str) -> None:
        """Start to behave so. A server that refuses is one that does not listen."""
        async with self.turn:
            if mode == self.mode:
                return
            self.mode = mode
            self.lab.emit("server.mode", host=self.name, mode=mode)
            if mode == "refuse" and self.listener:
                self.listener.close()
                self.listener = None
                for writer in self.links.values():
                    writer.transport.abort()
            elif mode != "refuse" and not self.listener:
                await self.listen()

    async def listen(self) -> None:
        """On a port the kernel picks, and later on the same one."""
        self.listener = await asyncio.start_server(self.connected, "127.0.0.1", self.port)
        self.port = self.listener.sockets[0].getsockname()[1]

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.links[reader] = writer
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                self.busy.append(reader)
                try:
                    status = await self.work(first.split()[1], headers)
                finally:
                    self.busy.remove(reader)
                if status is None:
                    break  # whoever asked is not waiting any more
                more = "Retry-After: 1\r\n" if status == 503 else ""
                writer.write(f"HTTP/1.1 {status} -\r\nContent-Length: 2\r\n{more}\r\nok".encode())
                await writer.drain()
        del self.links[reader]
        writer.close()

    async def work(self, target: str, headers: dict[str, str]) -> int | None:
        """Do what is asked, and only while it is of use: the caller has said how long it waits."""
        took = self.lab.random.uniform(*WORK.get(self.mode, WORK["ok"]))
        limit = headers.get("x-timeout-ms", "")
        waits = int(limit) / 1000 if limit.isdecimal() else math.inf
        failing = {"500": 500, "busy": 503}.get(self.mode)
        await asyncio.sleep(min(took, waits))
        if took > waits:
            return None
        if failing:
            return failing
        key = headers.get("idempotency-key")
        if self.name == "orders" and not (key and key in self.keys):
            self.keys.add(key or "")
            times = self.orders[target] = self.orders.get(target, 0) + 1
            if times > 1:
                number = target.rpartition("/")[2]
                self.lab.emit("order.twice", order=int(number) if number.isdecimal() else 0, times=times)
        return 200
        # [/server]

    def observe(self) -> None:
        """Tell how many requests are being worked on, and for how many of them nobody waits."""
        load = len(self.busy), sum(reader.at_eof() for reader in self.busy)
        if load != self.load:
            self.load = load
            self.lab.emit("server.load", host=self.name, busy=load[0], lost=load[1])


class World:
    """The shop. Its client may be the reader's own, so only the public side of it is used."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.servers = {name: Server(lab, name) for name in HOSTS}
        self.states = dict.fromkeys(HOSTS, "closed")
        self.unclosed = self.told = 0
        self.http = httpx.AsyncClient(
            limits=httpx.Limits(max_connections=POOL), timeout=httpx.Timeout(None, pool=0.3), trust_env=False
        )
        self.client = self.build()
        for name in SETTINGS:
            lab.on_control(name, lambda value, name=name: self.tune(name, value))

    def build(self) -> ResilientClient:
        settings = {name: self.lab.control(name) for name in SETTINGS}
        return ResilientClient(self.send, **settings, chance=self.lab.random.random)

    def tune(self, name: str, value: Any) -> None:
        """Change a setting of the living client; one that keeps it elsewhere is built anew."""
        if hasattr(self.client, name):
            with contextlib.suppress(AttributeError):
                setattr(self.client, name, value)
                return
        self.client = self.build()

    # [transport]
    async def send(self, method: str, url: str, headers: Mapping[str, str]) -> Response:
        """httpx as the transport: its errors become OSError, its answer keeps the connection until closed."""
        told = self.attempt(headers)
        try:
            answer = await self.http.send(self.http.build_request(method, url, headers=headers), stream=True)
        except httpx.PoolTimeout as error:
            told("pool")
            raise NoFreeConnection from error
        except httpx.TimeoutException as error:
            told("timeout")
            raise TimeoutError from error
        except httpx.TransportError as error:
            told("refused")
            raise ConnectionError from error
        except asyncio.CancelledError:
            told("timeout")  # the client would not wait any longer
            raise
        told(str(answer.status_code))
        return Response(answer.status_code, answer.headers, self.held_by(answer), answer)
        # [/transport]

    def held_by(self, answer: httpx.Response) -> Callable[[], Awaitable[None]]:
        """`aclose` of an answer, with the count of those not closed yet."""
        self.unclosed += 1
        mine = [1]  # counted once, and no reference to the answer is kept: a lost one is really lost

        async def aclose() -> None:
            self.unclosed -= mine.pop() if mine else 0
            await answer.aclose()

        return aclose

    def attempt(self, headers: Mapping[str, str]) -> Callable[[str], None]:
        """Tell of an attempt; the function returned tells how it ended."""
        call, began = CALL.get([0, "catalog", 0]), self.lab.now
        call[2] += 1
        number, host, n = call
        waits = headers.get("X-Timeout-Ms", "")
        self.lab.emit("try.sent", id=number, host=host, n=n, limit=int(waits) if waits.isdecimal() else 0)

        def told(how: str) -> None:
            ms = round((self.lab.now - began) * 1000)
            self.lab.emit("try.ended", id=number, host=host, n=n, how=how, ms=ms)

        return told

    # [call]
    async def call(self, number: int, host: str) -> None:
        """One page of the shop asks one server."""
        CALL.set([number, host, 0])
        url = f"http://127.0.0.1:{self.servers[host].port}/{host}/{number}"
        headers = {"Idempotency-Key": str(number)} if self.lab.control("keys") and host == "orders" else {}
        began, budget = self.lab.now, self.lab.control("deadline")
        try:
            response = await self.client.request(HOSTS[host], url, headers=headers)
        except CircuitOpen:
            how = "open"
        except NoFreeConnection:
            how = "pool"
        except TimeoutError:
            how = "timeout"
        except OSError:
            how = "refused"
        else:
            async with contextlib.aclosing(response):
                if isinstance(response.body, httpx.Response):
                    await response.body.aread()
            how = str(response.status)
        waited = round(self.lab.now - began, 3)
        self.observe()
        self.lab.emit("call.done", id=number, host=host, how=how, waited=waited, budget=budget)
        # [/call]

    async def calls(self) -> None:
        """Ask the servers in turn, `rps` times a second, not quite evenly."""
        number, hosts = 0, list(HOSTS)
        while True:
            await asyncio.sleep(self.lab.random.uniform(0.7, 1.3) / self.lab.control("rps"))
            number += 1
            self.lab.spawn(self.call(number, hosts[number % len(hosts)]))

    def observe(self) -> None:
        """Put into the log what the client's breakers have come to."""
        breakers = getattr(self.client, "breakers", {})
        for name, server in self.servers.items():
            breaker = breakers.get(f"127.0.0.1:{server.port}") if isinstance(breakers, dict) else None
            state = str(getattr(breaker, "state", "closed"))[:20]
            if state != self.states[name]:
                self.lab.emit("breaker.state", host=name, before=self.states[name], after=state)
                self.states[name] = state

    async def story(self) -> None:
        for at, name, value in STORY:
            await asyncio.sleep(at - self.lab.now)
            self.lab.set(name, value)


async def scenario(lab: Lab) -> None:
    """Runs until the lab stops it, on the wall's clock."""
    world = World(lab)
    told = {name: lab.control(name) for name in SETTINGS}
    lab.emit("world.ready", **told, pause=getattr(world.client, "pause", 4.0), most=POOL)
    for name, server in world.servers.items():
        await server.listen()
        await server.become(lab.control(name))
        lab.on_control(name, server.become)
    lab.spawn(world.story())
    lab.spawn(world.calls())
    while True:
        for _ in range(5):
            world.observe()
            await asyncio.sleep(0.1)
        for server in world.servers.values():
            server.observe()
        if world.unclosed != world.told:
            world.told = world.unclosed
            lab.emit("pool.level", busy=world.told, most=POOL)
