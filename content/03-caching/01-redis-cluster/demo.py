"""The world around the client: three real Valkey nodes, a shop that reads its keys, and a slot that moves."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from reference import ClusterClient, Connections, key_slot

if TYPE_CHECKING:
    from sandbox.guest.lab import Lab

VALKEY = "/usr/local/bin/valkey-server"
PORTS = (7001, 7002, 7003)  # of nodes 1, 2, 3
FIRST = (0, 5461, 10923, 16384)  # slots they begin with: each up to the next one's first
HOP = 0.25  # seconds a packet travels one way: slow on purpose, so that the eye can follow it
STEP = 1.3  # seconds between the steps of a move: slow for the same reason
WINDOW = 12  # requests over which the share is taken
CROWD = 16  # requests at once: more than that means that the client does not answer
BLIND = round(100 / len(PORTS))  # % of requests that come to the right node at once when it is guessed
KEYS = (
    "user:1001",
    "{user:1001}:cart",
    "user:1002",
    "foo{}{bar}",
    "foo{{bar}}zap",
    "foo{bar}{zap}",
    "123456789",
    "ключ",
)
SHOP = ("price:42", "session:7", "user:7", "stock:9", "cart:7", "user:1003")  # four of six are on node 1
# What happens by itself: (second, control, value).
STORY: tuple[tuple[float, str, Any], ...] = (
    (6.0, "key", "{user:1001}:cart"),
    (9.0, "command", "mget_two"),
    (11.0, "command", "mget_tag"),
    (13.0, "command", "get"),
    (15.0, "migrate", True),
    (17.8, "command", "mget_tag"),
    (19.2, "command", "get"),
    (26.0, "down", "1"),
    (33.0, "partial", True),
    (37.0, "down", "none"),
)
request_now: ContextVar[int] = ContextVar("request_now", default=0)


# [node]
class Node:
    """One Valkey process of the cluster: `number` 1, 2 or 3."""

    def __init__(self, number: int) -> None:
        self.number, self.port, self.id = number, PORTS[number - 1], str(number) * 40
        self.process: asyncio.subprocess.Process | None = None
        self.admin = Redis(
            port=self.port, decode_responses=True, socket_timeout=1.0, retry=Retry(NoBackoff(), 0)
        )

    def introduce(self) -> None:
        """Write what a node keeps about the others, as if they had already met and shared out the slots."""
        lines = [f"vars currentEpoch {len(PORTS)} lastVoteEpoch 0", ""]
        for other, port in enumerate(PORTS, 1):
            flags = "myself,master" if other == self.number else "master"
            slots = f"{FIRST[other - 1]}-{FIRST[other] - 1}"
            address = f"127.0.0.1:{port}@{port + 10000}"
            lines.insert(0, f"{str(other) * 40} {address} {flags} - 0 0 {other} connected {slots}")
        Path(f"nodes-{self.number}.conf").write_text("\n".join(lines), encoding="ascii")

    async def start(self, partial: bool) -> None:
        """Start it, maybe anew, with its old data. `partial`: it answers though some slots are nobody's."""
        settings = {
            "port": self.port,
            "bind": "127.0.0.1",
            "cluster-enabled": "yes",
            "cluster-config-file": f"nodes-{self.number}.conf",
            "cluster-node-timeout": 1500,  # ms of silence after which a node is suspected
            "cluster-require-full-coverage": "no" if partial else "yes",
            "appendonly": "yes",
            "appenddirname": f"data-{self.number}",
            "maxclients": 60,
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", str(value))]
        null = asyncio.subprocess.DEVNULL
        self.process = await asyncio.create_subprocess_exec(VALKEY, *options, stdout=null, stderr=null)

    async def stop(self) -> None:
        """Kill it, as a power cut would."""
        process, self.process = self.process, None
        if process:
            process.kill()
            await process.wait()

    async def tell(self, *command: Any) -> Any:
        """An administrator's command, past the reader's client. Raises RedisError."""
        return await self.admin.execute_command(*command)

    async def state(self) -> str:
        """`ok`, `fail` (it lives, but answers no commands about keys) or `dead`."""
        if self.process:
            with contextlib.suppress(RedisError):
                return str((await self.tell("CLUSTER INFO"))["cluster_state"])
        return "dead"
        # [/node]


class World:
    """Everything but the client. That one may be the reader's own, so only its public side is used."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.nodes = [Node(number) for number in range(1, len(PORTS) + 1)]
        self.connections = Connections()
        self.client = ClusterClient([f"127.0.0.1:{PORTS[0]}"], self.send)
        self.requests = 0
        self.visits: dict[int, int] = {}  # nodes asked, by requests under way
        self.window: deque[bool] = deque(maxlen=WINDOW)  # answered by the first node asked?
        self.moved: dict[int, int] = {}  # slot → the number of its node, where that has changed
        self.moving = False

    # [send]
    async def send(self, node: str, *command: Any, asking: bool = False) -> Any:
        """The client's way to a node, slowed down and told to the log."""
        request, number = request_now.get(), number_of(node)
        about_map = bool(command) and command[0] == "CLUSTER"
        if not about_map and request in self.visits:
            self.visits[request] += 1
        told = {"id": request, "node": number, "map": about_map}
        self.lab.emit("hop.sent", **told, asking=bool(asking))
        await asyncio.sleep(HOP)
        try:
            reply = await self.connections.send(node, *command, asking=asking)
        except Exception as error:
            answer, to = words_of(error)
            self.lab.emit("hop.answered", **told, answer=answer, to=to)
            await asyncio.sleep(HOP)
            raise
        self.lab.emit("hop.answered", **told, answer="ok", to=0)
        await asyncio.sleep(HOP)
        return reply
        # [/send]

    # [request]
    async def request(self, command: str, *keys: str) -> None:
        """One request of the shop's, from its sending to its answer or error."""
        self.requests += 1
        number = self.requests
        request_now.set(number)
        self.visits[number] = 0
        self.lab.emit("request.sent", id=number, command=command, key=keys[0])
        error = ""
        try:
            if command == "GET":
                value = await self.client.get(keys[0])
            elif command == "SET":
                value = await self.client.set(keys[0], f"{number}", ttl=60.0) or "OK"
            else:
                value = await self.client.execute(command, *keys, keys=keys)
            if value is None or (isinstance(value, list) and None in value):
                error = "значение пропало"
        except Exception as problem:  # the reader's client may raise anything
            error = f"{type(problem).__name__}: {problem}"[:80]
        if visits := self.visits.pop(number):  # what the client refused by itself went nowhere
            self.window.append(not error and visits == 1)
        share = round(100 * sum(self.window) / len(self.window)) if self.window else None
        told = {"ok": not error, "error": error, "visits": visits}
        self.lab.emit("request.done", id=number, **told, share=share, blind=BLIND)
        # [/request]

    async def traffic(self) -> None:
        """Requests at `rps` a second, not quite evenly: every other one about the chosen key and its kin."""
        lab, chance = self.lab, self.lab.random
        while True:
            await asyncio.sleep(chance.uniform(0.8, 1.2) / lab.control("rps"))
            command, group = lab.control("command"), kin(lab.control("key"))
            if len(self.visits) >= CROWD:
                continue
            if chance.random() < 0.5:
                lab.spawn(self.request(chance.choice(("GET", "GET", "SET")), chance.choice(SHOP)))
            elif command == "get":
                lab.spawn(self.request("GET", chance.choice(group)))
            elif command == "mget_tag":
                lab.spawn(self.request("MGET", *group))
            else:
                lab.spawn(self.request("MGET", "user:1001", "user:1002"))

    # [move]
    async def move(self) -> None:
        """Move the chosen key's slot to the next node, in the steps of a real resharding."""
        slot = await self.slot_of(self.lab.control("key"))
        source = self.nodes[self.holder(slot) - 1]
        target = self.nodes[source.number % len(self.nodes)]
        await target.tell("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        await source.tell("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id)
        left = await source.tell("CLUSTER", "COUNTKEYSINSLOT", slot)
        between = {"slot": slot, "source": source.number, "target": target.number}
        self.lab.emit("slot.moving", **between, left=left)
        await asyncio.sleep(STEP)
        while keys := await source.tell("CLUSTER", "GETKEYSINSLOT", slot, 1):
            await source.tell("MIGRATE", "127.0.0.1", target.port, "", 0, 1000, "KEYS", *keys)
            left = await source.tell("CLUSTER", "COUNTKEYSINSLOT", slot)
            self.lab.emit("slot.key", slot=slot, key=keys[0], left=left)
            await asyncio.sleep(STEP)
        for node in (target, source):
            await node.tell("CLUSTER", "SETSLOT", slot, "NODE", target.id)
        self.moved[slot] = target.number
        self.lab.emit("slot.moved", **between)
        # [/move]

    async def on_migrate(self, *_: object) -> None:
        if self.moving:
            return
        self.moving = True
        try:
            await self.move()
            await self.on_key()
        except RedisError as error:  # one of the two nodes is dead, or still thinks so of the other
            self.lab.emit("slot.stuck", error=str(error)[:80])
        finally:
            self.moving = False

    async def on_key(self, *_: object) -> None:
        """The slot of the chosen key as the client reckons it, beside what the servers say."""
        key = self.lab.control("key")
        ours: object = None
        with contextlib.suppress(Exception):  # the function is the reader's
            ours = key_slot(key)
        server = await self.slot_of(key)
        told = {"key": key, "part": hashed(key), "server": server, "node": self.holder(server)}
        if ours == server:
            self.lab.emit("key.slot", **told, ours=server)
        else:
            self.lab.emit("key.missed", **told, ours=ours if isinstance(ours, int) else -1)

    async def on_down(self, *_: object) -> None:
        """Stop one node and start the others, as the control says."""
        for node in self.nodes:
            if str(node.number) == self.lab.control("down"):
                await node.stop()
            elif not node.process:
                await node.start(self.lab.control("partial"))

    async def on_partial(self, *_: object) -> None:
        value = "no" if self.lab.control("partial") else "yes"
        for node in self.nodes:
            with contextlib.suppress(RedisError):
                await node.tell("CONFIG", "SET", "cluster-require-full-coverage", value)

    async def watch(self) -> None:
        """Put into the log how the nodes are, whenever that changes."""
        known: dict[int, str] = {}
        while True:
            for node in self.nodes:
                if (state := await node.state()) != known.get(node.number):
                    known[node.number] = state
                    self.lab.emit("node.state", node=node.number, state=state)
            await asyncio.sleep(0.1)

    async def slot_of(self, key: str) -> int:
        """What a server says, whichever lives."""
        for node in self.nodes:
            with contextlib.suppress(RedisError):
                return int(await node.tell("CLUSTER", "KEYSLOT", key))
        return 0

    def holder(self, slot: int) -> int:
        """The number of the node that holds the slot."""
        return self.moved.get(slot) or sum(slot >= first for first in FIRST)

    async def begin(self) -> None:
        """Start the nodes, wait until they agree, and put the shop's keys in."""
        for node in self.nodes:
            node.introduce()
            await node.start(self.lab.control("partial"))
        self.lab.spawn(self.watch())
        while any([await node.state() != "ok" for node in self.nodes]):  # noqa: ASYNC110 - they tell nobody
            await asyncio.sleep(0.05)
        for key in {*SHOP, *(other for chosen in KEYS for other in kin(chosen))}:
            await self.nodes[self.holder(await self.slot_of(key)) - 1].tell("SET", key, "1")


def hashed(key: str) -> str:
    """The part of a key that its slot depends on."""
    _, _, rest = key.partition("{")
    tag, closed, _ = rest.partition("}")
    return tag if tag and closed else key


def kin(key: str) -> list[str]:
    """The key and those that share its hash tag, where a tag can be made of it."""
    part = hashed(key)
    others = [part, *(f"{{{part}}}:{name}" for name in ("cart", "orders"))]
    return list(dict.fromkeys([key, *(other for other in others if hashed(other) == part)]))


def number_of(node: object) -> int:
    """1, 2 or 3 for an address; 0 for one that is none of them."""
    port = str(node).rpartition(":")[2]
    return PORTS.index(int(port)) + 1 if port in map(str, PORTS) else 0


def words_of(error: Exception) -> tuple[str, int]:
    """An error reply in the words of the log, and the node it points to."""
    match str(error).split():
        case ["MOVED" | "ASK" as code, _, node]:
            return code.lower(), number_of(node)
        case ["TRYAGAIN" | "CLUSTERDOWN" | "CROSSSLOT" as code, *_]:
            return code.lower(), 0
    return ("refused" if isinstance(error, OSError) else "error"), 0


async def scenario(lab: Lab) -> None:
    """Runs until the lab stops it. Real seconds."""
    world = World(lab)
    lab.emit("world.ready", nodes=len(PORTS), first=list(FIRST[:-1]), blind=BLIND)
    await world.begin()
    for name in ("migrate", "key", "down", "partial"):
        lab.on_control(name, getattr(world, f"on_{name}"))
    await world.on_key()
    await world.on_down()
    lab.spawn(world.traffic())
    for at, name, value in STORY:
        await asyncio.sleep(at - lab.now)
        lab.set(name, value)
