"""A client of the ASGI application without a server.

Channels has one, but its testing package cannot be imported without daphne, which the site does not use.
"""

from __future__ import annotations

import json
from typing import Any

from asgiref.testing import ApplicationCommunicator


class Socket(ApplicationCommunicator):
    """One connection; times out after 5 s."""

    def __init__(self, application: Any, path: str, origin: str) -> None:
        headers = [(b"origin", origin.encode()), (b"host", b"localhost")]
        scope = {
            "type": "websocket",
            "path": path,
            "headers": headers,
            "query_string": b"",
            "subprotocols": [],
        }
        super().__init__(application, scope)

    async def open(self) -> bool:
        """Whether the application takes the connection."""
        await self.send_input({"type": "websocket.connect"})
        return bool((await self.receive_output(5))["type"] == "websocket.accept")

    async def say(self, message: dict[str, Any]) -> None:
        await self.say_raw(text=json.dumps(message))

    async def say_raw(self, text: str | None = None, data: bytes | None = None) -> None:
        message: dict[str, Any] = {"type": "websocket.receive"}
        await self.send_input({**message, "text": text} if data is None else {**message, "bytes": data})

    async def heard(self) -> dict[str, Any]:
        """The next message. Fails when it is the end of the connection."""
        output = await self.receive_output(5)
        assert output["type"] == "websocket.send", output
        return dict(json.loads(output["text"]))

    async def leave(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1001})
        await self.wait(5)
