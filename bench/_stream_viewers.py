"""Many viewers in one process, as cheap as Python allows: how late each event is, and whether one is missing.

python -m bench._stream_viewers PORT PATHS VIEWERS  (PATHS: a path for each run, taken in turn)
Prints "ready" when all are subscribed; ends at the first line on standard input, printing a JSON summary.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import struct
import sys
import time
from array import array
from typing import cast

import uvloop

EVENT = re.compile(rb'"seq":(\d+),"t":[^,]+,"kind":"call\.done".*?"at":([\d.]+)')
SUBSCRIBE = b'{"type":"subscribe","after":0}'

late = array("d")
faults = {"missing": 0, "lost": 0}


def masked(text: bytes) -> bytes:
    """A client's text frame; the mask is zeros, which is allowed and costs nothing."""
    return struct.pack("!BB", 0x81, 0x80 | len(text)) + b"\0\0\0\0" + text


class Viewer(asyncio.Protocol):
    def __init__(self, host: str, path: str) -> None:
        self.host, self.path = host, path
        self.rest = b""
        self.open = False
        self.last = 0
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is not a subclass
        key = base64.b64encode(os.urandom(16)).decode()
        self.transport.write(
            f"GET {self.path} HTTP/1.1\r\nHost: {self.host}\r\nOrigin: http://{self.host}\r\n"
            f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        data = self.rest + data if self.rest else data
        if not self.open:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self.rest = head
                return
            if b" 101 " not in head:
                raise ConnectionError(head.decode())
            self.open = True
            self.transport.write(masked(SUBSCRIBE))
            self.ready.set_result(None)
        at, end = 0, len(data)
        while end - at >= 2:
            size, start = data[at + 1] & 127, at + 2
            if size == 126:
                if end - at < 4:
                    break
                size, start = struct.unpack_from("!H", data, at + 2)[0], at + 4
            elif size == 127:
                if end - at < 10:
                    break
                size, start = struct.unpack_from("!Q", data, at + 2)[0], at + 10
            if end < start + size:
                break
            at = start + size
            for seq, emitted in EVENT.findall(data, start, at):
                number = int(seq)
                faults["missing"] += number != self.last + 1
                self.last = number
                late.append(now - float(emitted))
        self.rest = data[at:]

    def connection_lost(self, error: Exception | None) -> None:
        faults["lost"] += 1


async def main(port: int, paths: list[str], count: int) -> None:
    loop = asyncio.get_running_loop()
    host = f"127.0.0.1:{port}"
    viewers = []
    for start in range(0, count, 50):
        part = []
        for number in range(start, min(start + 50, count)):
            path = paths[number % len(paths)]
            part.append(await loop.create_connection(lambda path=path: Viewer(host, path), "127.0.0.1", port))
        viewers += [viewer for _, viewer in part]
        await asyncio.gather(*[viewer.ready for _, viewer in part])
    await asyncio.sleep(1.0)
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    ordered = sorted(late)
    pick = [ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 for share in (0.5, 0.95, 0.99)]
    lasts = [viewer.last for viewer in viewers]
    print(
        json.dumps({"late": pick, "count": len(ordered), "last": [min(lasts), max(lasts)], **faults}),
        flush=True,
    )


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2].split(","), int(sys.argv[3])))
