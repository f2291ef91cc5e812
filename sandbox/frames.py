"""Frames of events: made once from the log's bytes, sent to everybody who stands at the same place."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sandbox.stream import Batch

EXTENSION = "poligon.frame"  # of a server that takes frames ready made (`coursesite.websocket`)
FRAME_BYTES = 64 * 1024  # of events in one frame; one batch more at most
# Writes one made frame now; False when the viewer is slow or gone, and then nothing was written.
Write = Callable[[bytes], bool]
HEAD, TAIL = b'{"type":"events","events":[', b"]}"
TEXT = 0x81  # a whole text message in one frame (RFC 6455, 5.2)


@dataclass(slots=True)
class Frame:
    """Events up to number `last` as one message."""

    last: int
    body: bytes
    _framed: bytes | None = None
    _text: dict[str, Any] | None = None

    @property
    def framed(self) -> bytes:
        """As a WebSocket frame, made once."""
        if self._framed is None:
            self._framed = framed(self.body)
        return self._framed

    def message(self, *, ready: bool) -> dict[str, Any]:
        """What to send over ASGI; `ready` when the server has EXTENSION."""
        if ready:
            return {"type": "websocket.send", "frame": self.framed}
        if self._text is None:
            self._text = {"type": "websocket.send", "text": self.body.decode()}
        return self._text


def framed(text: bytes) -> bytes:
    """A server's WebSocket frame with this UTF-8 text: unmasked, uncompressed."""
    size = len(text)
    if size < 126:
        return struct.pack("!BB", TEXT, size) + text
    if size < 65536:
        return struct.pack("!BBH", TEXT, 126, size) + text
    return struct.pack("!BBQ", TEXT, 127, size) + text


def of_lines(last: int, lines: Iterable[bytes]) -> Frame:
    return Frame(last, HEAD + b",".join(lines) + TAIL)


def of_batches(batches: Iterable[Batch], after: int) -> Frame | None:
    """One frame of what follows event `after`, None for nothing. JSON is joined, never parsed."""
    parts: list[bytes] = []
    size, last = 0, after
    for found in batches:
        part = found.after(last)
        if part.count <= 0:
            continue
        parts.append(part.payload)
        last = part.last
        size += len(part.payload)
        if size >= FRAME_BYTES:
            break
    if not parts:
        return None
    # A line of JSON holds no newline of its own, so each one here parts two events.
    return Frame(last, HEAD + b"\n".join(parts).replace(b"\n", b",") + TAIL)
