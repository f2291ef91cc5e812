"""The limit to compare with: an asyncio server that frames each event once and writes it to every viewer.

python -m bench._stream_bare PORT SOCKET  (no log, no cursors, no resume, no origin, no framework)
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import struct
import sys
from pathlib import Path
from typing import cast

import uvloop

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
viewers: dict[int, set[asyncio.Transport]] = {}


def frame(text: bytes) -> bytes:
    size = len(text)
    if size < 126:
        return struct.pack("!BB", 0x81, size) + text
    return struct.pack("!BBH", 0x81, 126, size) + text


class Viewer(asyncio.Protocol):
    """Shakes hands; the path's last part is the number of the run."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is not a subclass
        self.run: int | None = None
        self.head = b""

    def data_received(self, data: bytes) -> None:
        if self.run is not None:
            return
        self.head += data
        if b"\r\n\r\n" not in self.head:
            return
        lines = self.head.split(b"\r\n")
        key = next(
            line.split(b":", 1)[1].strip() for line in lines if line.lower().startswith(b"sec-websocket-key")
        )
        accept = base64.b64encode(hashlib.sha1(key + MAGIC).digest())  # RFC 6455's choice
        self.transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        self.run = int(lines[0].split(b" ")[1].strip(b"/").rsplit(b"/", 1)[1])
        viewers.setdefault(self.run, set()).add(self.transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self.run is not None:
            viewers[self.run].discard(self.transport)


async def broadcast(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        run, event = line.rstrip(b"\n").split(b" ", 1)
        framed = frame(b'{"type":"events","events":[' + event + b"]}")
        for transport in viewers.get(int(run), ()):
            transport.write(framed)
    writer.close()


async def main(port: int, path: str) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Viewer, "127.0.0.1", port, backlog=2000)
    Path(path).unlink(missing_ok=True)
    taking = await asyncio.start_unix_server(broadcast, path)
    print("ready", flush=True)
    await asyncio.gather(server.serve_forever(), taking.serve_forever())


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
