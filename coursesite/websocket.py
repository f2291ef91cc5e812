"""uvicorn's WebSocket protocol with one way more to send: a frame that is already framed, at once.

The same events go to hundreds of viewers; framing them anew for each, and waking a task for each, is more
than half of what a delivery costs. An application that finds `frames.EXTENSION` in its scope may send a
"websocket.send" with `frame` (bytes), or call the extension's `write(frame)`: False means "not now", and then
nothing was written.
Used as `--ws coursesite.websocket:SharedFrames`; under any other server the site sends text.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from sandbox.frames import EXTENSION


class SharedFrames(WebSocketsSansIOProtocol):
    """Offers the extension on connections without compression."""

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if not self.close_sent and not self.conn.extensions:
            # The application's task has been made, but has not begun yet.
            self.scope["extensions"][EXTENSION] = {"write": self.write}

    def write(self, frame: bytes) -> bool:
        """Write one frame now, unless the viewer is slow (the transport's buffer is full) or gone."""
        if not self.writable.is_set() or self.disconnected or self.close_sent or self.transport.is_closing():
            return False
        self.transport.write(frame)
        return True

    async def send(self, message: Any) -> None:
        frame = message.get("frame")
        if frame is None:
            await super().send(message)
            return
        await self.writable.wait()
        if self.disconnected or self.close_sent or self.transport.is_closing():
            raise ClientDisconnected
        self.transport.write(frame)
