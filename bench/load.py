"""A small HTTP load generator: keep-alive connections that ask again as soon as they are answered."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field


@dataclass
class Load:
    """What came of one load: seconds per answer, and answers per second."""

    waits: list[float] = field(default_factory=list)
    seconds: float = 0.0
    size: int = 0

    @property
    def rate(self) -> float:
        return len(self.waits) / self.seconds


class _Asker(asyncio.Protocol):
    """One connection. All answers have the same length, so they are counted by bytes."""

    def __init__(self, request: bytes, load: Load, until: float) -> None:
        self.request, self.load, self.until = request, load, until
        self.left = 0
        self.begun = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.left, self.begun = self.load.size, time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.left -= len(data)
        if self.left > 0:
            return
        now = time.perf_counter()
        self.load.waits.append(now - self.begun)
        if now < self.until:
            self.ask()
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def fetch(host: str, port: int, request: bytes) -> bytes:
    """One whole answer, head and body."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    names = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    body = await reader.readexactly(int(names[b"content-length"]))
    writer.close()
    return head + body


def request(path: str, headers: dict[str, str] | None = None) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Accept-Encoding: gzip"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def press(host: str, port: int, asked: bytes, *, connections: int, seconds: float) -> Load:
    """Ask over `connections` connections for `seconds`. Bounded in both; loopback only."""
    answer = await fetch(host, port, asked)
    status = answer.split(b"\r\n", 1)[0]
    if b" 200 " not in status + b" ":
        raise RuntimeError(f"expected 200, got {status!r}")
    load = Load(size=len(answer))
    begun = time.perf_counter()
    loop = asyncio.get_running_loop()
    askers = []
    for _ in range(connections):
        _transport, asker = await loop.create_connection(
            lambda: _Asker(asked, load, begun + seconds), host, port
        )
        askers.append(asker)
    await asyncio.gather(*(asker.done for asker in askers))
    load.seconds = time.perf_counter() - begun
    return load
