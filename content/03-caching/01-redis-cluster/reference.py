"""A client of Redis Cluster: which node holds a key, and what to do when it no longer does.

By redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec, for Valkey too. Times are seconds."""

import asyncio
from binascii import crc_hqx
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from redis import exceptions
from redis.asyncio import Connection

SLOTS = 16_384
Key = str | bytes
Send = Callable[..., Awaitable[Any]]


# [errors]
class ReplyError(Exception):
    """A node answered with an error; the text begins with its code: `MOVED 3999 10.0.0.2:6379`."""


class CrossSlot(ValueError):
    """The keys of one command lie in different slots, so no node can answer for all of them."""


class TooManyRedirects(Exception):
    """The nodes keep sending the command around, or the slot keeps being on its way."""


# [/errors]
# [slot]
def key_slot(key: Key) -> int:
    """The slot of a key, 0…16383: CRC16/XMODEM of its hash tag if there is one, else of the whole key."""
    data = key.encode() if isinstance(key, str) else key
    # The tag is what stands between the first { and the first } after it, unless nothing does.
    if (opening := data.find(b"{")) >= 0 and (closing := data.find(b"}", opening)) > opening + 1:
        data = data[opening + 1 : closing]
    return crc_hqx(data, 0) % SLOTS  # polynomial 0x1021 and 0 to begin with: that is XMODEM


# [/slot]
# [client]
class ClusterClient:
    """Sends a command to the node that holds its keys, and learns when the keys have moved.

    `seeds` are `host:port` of some nodes; `send` is like `Connections.send`, and `error` like its ReplyError.
    """

    max_redirects = 5  # times a command is sent on
    refresh_every = 1.0  # seconds: the whole map is asked for no oftener
    pause = 0.05  # seconds before asking again for keys that are on their way

    def __init__(self, seeds: Sequence[str], send: Send, *, error: type[Exception] = ReplyError) -> None:
        self._nodes, self._send, self._error = list(seeds), send, error
        self._owners = [""] * SLOTS  # addresses; "" while it is not known who serves the slot
        self._asked_at, self._asking = float("-inf"), asyncio.Lock()
        # [/client]

    # [commands]
    async def get(self, key: Key) -> Any:
        """The value, or None. Raises as `execute` does."""
        return await self.execute("GET", key, keys=[key])

    async def set(self, key: Key, value: Key | float, ttl: float | None = None) -> None:
        """Store a value; with `ttl` it lives so long, to the millisecond. Raises as `execute` does."""
        expiry = () if ttl is None else ("PX", round(ttl * 1000))
        await self.execute("SET", key, value, *expiry, keys=[key])

    async def delete(self, *keys: Key) -> int:
        """How many of the keys there were. Raises as `execute` does."""
        return int(await self.execute("DEL", *keys, keys=keys))
        # [/commands]

    # [execute]
    async def execute(self, *command: Key | float, keys: Sequence[Key]) -> Any:
        """The reply to any command whose `keys` share a slot.

        Raises CrossSlot if they do not, TooManyRedirects, and what `send` raises.
        """
        slot, *others = {key_slot(key) for key in keys}
        if others:
            raise CrossSlot(f"{command[0]!r}: {len(keys)} keys in {len(others) + 1} slots")
        if not any(self._owners):
            await self.refresh()
        node, asking, heard = self._owners[slot] or self._nodes[0], False, ""
        for _ in range(self.max_redirects + 1):
            try:
                return await self._send(node, *command, asking=asking)
            except ConnectionRefusedError:  # nothing was sent, so it may go elsewhere
                await self.refresh()
                if self._owners[slot] in ("", node):
                    raise
                node, asking = self._owners[slot], False
            except self._error as refusal:
                match (heard := str(refusal)).split():
                    case ["MOVED", _, node]:  # for good: remember
                        self._owners[slot], asking = node, False  # at once: others need not wait for the map
                        await self.refresh(node)
                    case ["ASK", _, node]:  # this once: the slot is still moving
                        asking = True
                    case ["TRYAGAIN", *_]:  # some of the keys have moved, some have not
                        await asyncio.sleep(self.pause)
                    case _:
                        raise
        raise TooManyRedirects(f"{command[0]!r}: {heard}")
        # [/execute]

    # [refresh]
    async def refresh(self, *first: str) -> None:
        """Ask for the map of slots, unless that was done lately; the nodes in `first` before the others."""
        now = asyncio.get_running_loop().time
        async with self._asking:  # whoever comes meanwhile waits for the same answer
            if now() < self._asked_at + self.refresh_every:
                return
            self._asked_at = now()
            for node in dict.fromkeys([*first, *self._nodes]):
                try:
                    reply = await self._send(node, "CLUSTER", "SLOTS")
                except (self._error, OSError):
                    continue
                self._owners = [""] * SLOTS
                for low, high, (host, port, *_), *_ in reply:  # the primary comes first, then its replicas
                    self._owners[low : high + 1] = [f"{host.decode()}:{port}"] * (high + 1 - low)
                self._nodes = [*dict.fromkeys([node, *filter(None, self._owners), *self._nodes])]
                return
                # [/refresh]


# [connections]
class Connections:
    """Connections to nodes, kept for reuse; no step of a command takes longer than `timeout`."""

    def __init__(self, timeout: float = 1.0) -> None:
        self._timeout = timeout
        self._idle: dict[str, list[Connection]] = {}

    async def send(self, node: str, *command: Key | float, asking: bool = False) -> Any:
        """The reply of `node`, asked to make an exception for a moving slot if `asking`.

        Raises ReplyError; ConnectionRefusedError if nothing was sent, another OSError if it may have been.
        """
        idle, (host, _, port) = self._idle.setdefault(node, []), node.rpartition(":")
        link = idle.pop() if idle else Connection(host=host, port=int(port), socket_timeout=self._timeout)
        commands, sent = [("ASKING",), command] if asking else [command], False  # on one connection
        try:
            if link.is_connected and await link.can_read():  # closed by the other end
                await link.disconnect(nowait=True)
            await link.connect()  # type: ignore[no-untyped-call]
            sent = True
            await link.send_packed_command(link.pack_commands(commands))
            return [await link.read_response() for _ in commands][-1]
        except exceptions.ResponseError as error:
            raise ReplyError(f"{error.status_code or ''} {error}".lstrip()) from None
        except (exceptions.ConnectionError, exceptions.TimeoutError) as error:
            raise (ConnectionResetError if sent else ConnectionRefusedError)(f"{node}: {error}") from error
        finally:
            idle.append(link)  # what broke has closed itself and will connect anew

    async def aclose(self) -> None:
        """Close what is not in use."""
        for link in [link for idle in self._idle.values() for link in idle]:
            await link.disconnect()
            # [/connections]
