"""A real cluster of three nodes for the cases: it answers commands, and its slots are moved."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from redis.asyncio import Connection
from redis.exceptions import DataError, ResponseError

PORTS = (7001, 7002, 7003)
FIRST = (0, 5461, 10923, 16384)  # slots they begin with: each up to the next one's first
IDS = tuple(str(number) * 40 for number in (1, 2, 3))
# A solution may send only these: the cluster must outlive it, and a slot is not to be asked of a server.
ALLOWED = {"GET", "SET", "DEL", "MGET", "INCR", "CLUSTER SLOTS", "CLUSTER SHARDS"}

links: list[Connection] = []
holders: dict[int, int] = {}  # slot → index of its node, where that has changed
lock = asyncio.Lock()


async def form() -> list[str]:
    """Start the cluster, once; the addresses of its nodes."""
    async with lock:
        if not links:
            for index, port in enumerate(PORTS):
                introduce(index)
                await start(index)
                links.append(Connection(host="127.0.0.1", port=port, protocol=2))
            while not all([await ready(index) for index in range(len(PORTS))]):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    return [f"127.0.0.1:{port}" for port in PORTS]


def introduce(index: int) -> None:
    """Write what a node keeps about the others, as if they had already met and shared out the slots."""
    lines = []
    for other, port in enumerate(PORTS):
        role = "myself,master" if other == index else "master"
        slots = f"{FIRST[other]}-{FIRST[other + 1] - 1}"
        lines.append(
            f"{IDS[other]} 127.0.0.1:{port}@{port + 10000} {role} - 0 0 {other + 1} connected {slots}"
        )
    lines += [f"vars currentEpoch {len(PORTS)} lastVoteEpoch 0", ""]
    Path(f"nodes-{index}.conf").write_text("\n".join(lines), encoding="ascii")


async def start(index: int) -> None:
    settings = {
        "port": PORTS[index],
        "bind": "127.0.0.1",
        "cluster-enabled": "yes",
        "cluster-config-file": f"nodes-{index}.conf",
        "save": "",
        "maxclients": 50,
    }
    options = [part for name, value in settings.items() for part in (f"--{name}", str(value))]
    null = asyncio.subprocess.DEVNULL
    await asyncio.create_subprocess_exec("valkey-server", *options, stdout=null, stderr=null)


async def ready(index: int) -> bool:
    try:
        return b"cluster_state:ok" in await tell(index, "CLUSTER", "INFO")
    except Exception:  # not listening yet
        return False


async def tell(index: int, *command: Any, asking: bool = False) -> Any:
    """One command to one node, on its only connection. Raises ResponseError, DataError, ConnectionError."""
    link = links[index]
    await link.connect()
    commands = [("ASKING",), command] if asking else [command]
    await link.send_packed_command(link.pack_commands(commands))
    return [await link.read_response() for _ in commands][-1]


async def send(node: str, command: list[Any], asking: bool) -> dict[str, Any]:
    """A solution's command: `{"value"}`, or `{"error"}` with the text of the node's refusal."""
    words = [str(word).upper() for word in command[:2]]
    if words[:1] != ["CLUSTER"]:
        words = words[:1]
    if " ".join(words) not in ALLOWED:
        return {"error": f"ERR unknown command '{' '.join(map(str, command))[:60]}'"}
    try:
        index = PORTS.index(int(node.rpartition(":")[2]))
        return {"value": await tell(index, *command, asking=asking)}
    except ResponseError as error:
        return {"error": f"{error.status_code or ''} {error}".strip()}
    except (DataError, UnicodeEncodeError) as error:
        return {"error": f"ERR {error}"}


async def slots(keys: list[Any]) -> list[int]:
    """What the servers say the slots of these keys are."""
    return [int(await tell(0, "CLUSTER", "KEYSLOT", key)) for key in keys]


async def holder(slot: int) -> int:
    """The number of the node that holds the slot: 1, 2 or 3."""
    return holders.get(slot, sum(slot >= first for first in FIRST) - 1) + 1


async def put(key: Any, value: str) -> None:
    """Write a key where it belongs, past the solution."""
    (slot,) = await slots([key])
    await tell(await holder(slot) - 1, "SET", key, value)


async def begin_move(slot: int, target: int) -> None:
    """From now on the slot is on its way to node number `target`."""
    source = await holder(slot)
    await tell(target - 1, "CLUSTER", "SETSLOT", slot, "IMPORTING", IDS[source - 1])
    await tell(source - 1, "CLUSTER", "SETSLOT", slot, "MIGRATING", IDS[target - 1])


async def carry(keys: list[Any], target: int) -> None:
    """Move these keys of a slot that is on its way."""
    (slot,) = set(await slots(keys))
    source = await holder(slot)
    await tell(source - 1, "MIGRATE", "127.0.0.1", PORTS[target - 1], "", 0, 1000, "KEYS", *keys)


async def end_move(slot: int, target: int) -> None:
    """Move what is left of the slot, and let every node know who holds it."""
    source = await holder(slot)
    while keys := await tell(source - 1, "CLUSTER", "GETKEYSINSLOT", slot, 100):
        await tell(source - 1, "MIGRATE", "127.0.0.1", PORTS[target - 1], "", 0, 1000, "KEYS", *keys)
    for index in (target - 1, source - 1, *({0, 1, 2} - {target - 1, source - 1})):
        await tell(index, "CLUSTER", "SETSLOT", slot, "NODE", IDS[target - 1])
    holders[slot] = target - 1
