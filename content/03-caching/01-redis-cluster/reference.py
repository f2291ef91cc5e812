"""A client of Redis Cluster (and Valkey's): which node holds a key, and what to do when it no longer does.

After the cluster specification (redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec): servers
forward nothing, a node that does not serve a key answers with an address. All times are seconds.
"""

from __future__ import annotations

import asyncio
from binascii import crc_hqx
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from redis import exceptions
from redis.asyncio import Connection

SLOTS = 16_384
Argument = str | bytes | int | float


# [errors]
class ReplyError(Exception):
    """A node answered with an error; the text begins with its code: `MOVED 3999 10.0.0.2:6379`."""


class CrossSlot(ValueError):
    """The keys of one command lie in different slots, so no node can answer for all of them."""


class TooManyRedirects(Exception):
    """The nodes keep sending the command around: they do not agree on who holds the slot."""


# [/errors]


# [slot]
def key_slot(key: str | bytes) -> int:
    """The slot of a key, 0…16383: CRC16/XMODEM of its hash tag if there is one, else of the whole key.

    The tag is what stands between the first `{` and the first `}` after it, unless nothing does.
    """
    data = key.encode() if isinstance(key, str) else key
    if (opening := data.find(b"{")) >= 0 and (closing := data.find(b"}", opening)) > opening + 1:
        data = data[opening + 1 : closing]
    return crc_hqx(data, 0) % SLOTS  # polynomial 0x1021 and 0 to begin with: that is XMODEM
    # [/slot]


# [client]
class ClusterClient:
    """Sends a command to the node that holds its keys, and learns when the keys have moved.

    `seeds` are addresses `host:port` of some nodes. `send` is `Connections.send` or its like; `error` is what
    it raises for an error reply. A command is sent on at most `max_redirects` times; while its keys are on
    their way, after a `pause`. The map of slots is asked for at most once in `refresh_every`.
    """

    def __init__(
        self,
        seeds: Sequence[str],
        send: Callable[..., Awaitable[Any]],
        *,
        error: type[Exception] = ReplyError,
        max_redirects: int = 5,
        refresh_every: float = 1.0,
        pause: float = 0.05,
    ) -> None:
        self._nodes, self._send, self._error = list(seeds), send, error
        self._max_redirects, self._refresh_every, self._pause = max_redirects, refresh_every, pause
        self._owners: list[str] = []  # address by slot; "" where nobody serves it
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()
        # [/client]

    # [commands]
    async def get(self, key: str | bytes) -> Any:
        """The value, or None. Raises as `execute` does."""
        return await self.execute("GET", key, keys=[key])

    async def set(self, key: str | bytes, value: Argument, ttl: float | None = None) -> None:
        """Store a value; with `ttl` it lives so long, to the millisecond. Raises as `execute` does."""
        expiry = () if ttl is None else ("PX", round(ttl * 1000))
        await self.execute("SET", key, value, *expiry, keys=[key])

    async def delete(self, *keys: str | bytes) -> int:
        """How many of the keys there were. Raises as `execute` does."""
        return int(await self.execute("DEL", *keys, keys=keys))
        # [/commands]

    # [execute]
    async def execute(self, *command: Argument, keys: Sequence[str | bytes]) -> Any:
        """The reply to any command whose `keys` share a slot.

        Raises CrossSlot before anything is sent, TooManyRedirects, and what `send` raises.
        """
        heard = ""
        slot, *others = {key_slot(key) for key in keys}
        if others:
            raise CrossSlot(f"{command[0]!r}: {len(keys)} keys in {len(others) + 1} slots")
        if not self._owners:
            await self.refresh()
        node, asking = self._owners[slot] or self._nodes[0], False
        for _ in range(self._max_redirects + 1):
            try:
                return await self._send(node, *command, asking=asking)
            except ConnectionRefusedError:  # nothing was sent, so it may go elsewhere
                await self.refresh()
                if self._owners[slot] in ("", node):
                    raise
                node, asking = self._owners[slot], False
            except self._error as refusal:
                heard = str(refusal)
                match heard.split():
                    case ["MOVED", _, address]:  # for good: remember
                        node, asking = complete(address, node), False
                        await self.refresh(node)
                        self._owners[slot] = node  # after the map: this news is the fresher
                    case ["ASK", _, address]:  # this once: the slot is still moving
                        node, asking = complete(address, node), True
                    case ["TRYAGAIN", *_]:  # some of the keys have moved, some have not
                        await asyncio.sleep(self._pause)
                    case _:
                        raise
        raise TooManyRedirects(f"{command[0]!r}: {heard}")
        # [/execute]

    # [refresh]
    async def refresh(self, *first: str) -> None:
        """Ask for the map of slots, unless that was done lately. ConnectionError if there is none at all."""
        loop = asyncio.get_running_loop()
        async with self._asking:  # whoever comes meanwhile waits for the same answer
            if loop.time() < self._asked_at + self._refresh_every and self._owners:
                return
            self._asked_at = loop.time()
            for node in dict.fromkeys([*first, *self._nodes]):
                try:
                    self._owners = owners(await self._send(node, "CLUSTER", "SLOTS"), node)
                    known = dict.fromkeys([node, *filter(None, self._owners), *self._nodes])
                    self._nodes = list(known)  # whoever has answered is asked first next time
                    return
                except (self._error, OSError):
                    continue
            if not self._owners:
                raise ConnectionError(f"no map of slots from {', '.join(self._nodes)}")
            # [/refresh]


# [map]
def owners(reply: Any, node: str) -> list[str]:
    """The address of the primary of every slot, out of what `node` answered to `CLUSTER SLOTS`."""
    table = [""] * SLOTS
    for low, high, (host, port, *_), *_ in reply:  # the primary comes first, then its replicas
        name = host.decode() if isinstance(host, bytes) else host or ""
        table[low : high + 1] = [complete(f"{name}:{port}", node)] * (high + 1 - low)
    return table


def complete(address: str, node: str) -> str:
    """The address with the host of `node`, which left out its own because it does not know it."""
    return node.rpartition(":")[0] + address if address.startswith(":") else address
    # [/map]


# [connections]
class Connections:
    """Connections kept for reuse, at most `most` to a node; a command takes no longer than `timeout`."""

    def __init__(self, *, timeout: float = 1.0, most: int = 32) -> None:
        self._timeout, self._most = timeout, most
        self._nodes: dict[str, tuple[asyncio.Semaphore, list[Connection]]] = {}

    async def send(self, node: str, *command: Argument, asking: bool = False) -> Any:
        """The reply of `node`, asked to make an exception for a moving slot if `asking`.

        Raises ReplyError for an error reply, ConnectionRefusedError if nothing was sent, another OSError if
        nobody knows whether the node has carried the command out.
        """
        host, _, port = node.rpartition(":")
        room, idle = self._nodes.setdefault(node, (asyncio.Semaphore(self._most), []))
        commands = [("ASKING",), command] if asking else [command]  # one connection for both
        refused: type[OSError] = ConnectionRefusedError
        try:
            async with asyncio.timeout(self._timeout), room:
                link = idle.pop() if idle else Connection(host=host, port=int(port), socket_timeout=None)
                try:
                    if link.is_connected and await link.can_read():  # closed by the other end
                        await link.disconnect(nowait=True)
                    await link.connect()  # type: ignore[no-untyped-call]
                    refused = ConnectionResetError
                    await link.send_packed_command(link.pack_commands(commands))
                    return [await link.read_response() for _ in commands][-1]
                finally:
                    idle.append(link)  # what broke has closed itself and will connect anew
        except exceptions.ResponseError as error:
            raise ReplyError(f"{error.status_code or ''} {error}".lstrip()) from None
        except (exceptions.ConnectionError, exceptions.TimeoutError, TimeoutError) as error:
            raise refused(f"{node}: {error}") from error

    async def aclose(self) -> None:
        """Close what is not in use."""
        for _, idle in self._nodes.values():
            for link in idle:
                await link.disconnect()
                # [/connections]
