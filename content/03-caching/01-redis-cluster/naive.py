"""A cluster client that works on the developer's single node. The mistakes are explained in the lesson."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from redis import exceptions
from redis.asyncio import Redis

SLOTS = 16_384
Argument = str | bytes | int | float


class ReplyError(Exception):
    """A node answered with an error; the text begins with its code."""


# [slot]
def key_slot(key: str | bytes) -> int:
    """CRC16 of the key, as in the specification."""
    crc = 0xFFFF
    for byte in key.encode() if isinstance(key, str) else key:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1
            crc &= 0xFFFF
    return crc % SLOTS
    # [/slot]


class ClusterClient:
    """Knows which node holds which slots and sends commands there."""

    def __init__(
        self,
        seeds: Sequence[str],
        send: Callable[..., Awaitable[Any]],
        *,
        error: type[Exception] = ReplyError,
    ) -> None:
        self._seeds = list(seeds)
        self._send = send
        self._ranges: list[tuple[int, int, str]] = []

    async def get(self, key: str | bytes) -> Any:
        return await self.execute("GET", key, keys=[key])

    async def set(self, key: str | bytes, value: Argument, ttl: float | None = None) -> None:
        expiry = () if ttl is None else ("PX", round(ttl * 1000))
        await self.execute("SET", key, value, *expiry, keys=[key])

    async def delete(self, *keys: str | bytes) -> int:
        return int(await self.execute("DEL", *keys, keys=keys))

    # [execute]
    async def execute(self, *command: Argument, keys: Sequence[str | bytes]) -> Any:
        if not self._ranges:  # the cluster is configured once, so one look is enough
            for low, high, (host, port, *_), *_ in await self._send(self._seeds[0], "CLUSTER", "SLOTS"):
                self._ranges.append((low, high, f"{host.decode()}:{port}"))
        slot = key_slot(keys[0])
        node = next(node for low, high, node in self._ranges if low <= slot <= high)
        return await self._send(node, *command)
        # [/execute]


class Connections:
    """One client of redis-py for each node."""

    def __init__(self) -> None:
        self._nodes: dict[str, Redis] = {}

    async def send(self, node: str, *command: Argument, asking: bool = False) -> Any:
        if node not in self._nodes:
            host, port = node.split(":")
            self._nodes[node] = Redis(host=host, port=int(port))
        try:
            return await self._nodes[node].execute_command(*command)
        except exceptions.ResponseError as error:
            raise ReplyError(f"{error.status_code or ''} {error}".lstrip()) from None
        except exceptions.ConnectionError as error:
            raise ConnectionRefusedError(f"{node}: {error}") from None

    async def aclose(self) -> None:
        for client in self._nodes.values():
            await client.aclose()
