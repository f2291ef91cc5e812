"""Static files in front of Django: pure ASGI, no thread, no streaming of a synchronous file.

WhiteNoise knows the files (types, encodings made by `collectstatic`, validators, which names hold a hash
and may be cached for ever); its own middleware, though, is synchronous: under ASGI each file would cost a
thread hop and a warning. Here what it knows is sent by the event loop itself, from memory.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from whitenoise.base import WhiteNoise

from coursesite.pagecache import App, Message, Receive, Scope, Send

KEPT_FILE = 1024 * 1024  # bytes; larger ones (source maps, API documentation) are rare and read anew
KEPT_IN_ALL = 48 * 1024 * 1024  # bytes
_CONDITIONS = {
    b"accept-encoding": "HTTP_ACCEPT_ENCODING",
    b"if-none-match": "HTTP_IF_NONE_MATCH",
    b"if-modified-since": "HTTP_IF_MODIFIED_SINCE",
}


def site_files() -> WhiteNoise:
    """The files of STATIC_ROOT as the settings describe them."""
    from whitenoise.middleware import WhiteNoiseMiddleware

    return WhiteNoiseMiddleware()


class StaticLayer:
    """Wraps an ASGI app: a known file is sent from here, everything else is the app's."""

    def __init__(self, app: App, files: WhiteNoise | None = None) -> None:
        self.app = app
        self.files: dict[str, Any] = (files or site_files()).files
        self._bodies: dict[str, bytes] = {}
        self._kept = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = self.files.get(scope["path"]) if scope["type"] == "http" else None
        if file is None or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        asked = {
            _CONDITIONS[name]: value.decode("latin-1")
            for name, value in scope["headers"]
            if name in _CONDITIONS
        }
        if file.is_not_modified(asked):
            await send(_start(304, file.not_modified_response.headers))
            await send(_body(b""))
            return
        path, headers = file.get_path_and_headers(asked)
        body = b"" if scope["method"] == "HEAD" else await self._read(path)
        await send(_start(200, headers))
        await send(_body(body))

    async def _read(self, path: str) -> bytes:
        body = self._bodies.get(path)
        if body is None:
            body = await asyncio.to_thread(Path(path).read_bytes)
            if len(body) <= KEPT_FILE and self._kept + len(body) <= KEPT_IN_ALL and path not in self._bodies:
                self._bodies[path] = body
                self._kept += len(body)
        return body


def _start(status: int, headers: list[tuple[str, str]]) -> Message:
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    raw.append((b"x-content-type-options", b"nosniff"))
    return {"type": "http.response.start", "status": status, "headers": raw}


def _body(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": False}
