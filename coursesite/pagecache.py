"""A cache of guests' pages in front of Django: pure ASGI, in memory, one per process.

Django marks what is the same bytes for everybody with the header `X-Shared-Page`. Such a page is then kept
ready in three encodings and served without a thread hop, a session or a query. Requests that carry a session
cookie always go to Django, and so does anything that is not marked.

A kept page is thrown away when the course changes on this host (the stamp is looked at once a second), and
asked for anew every `max_age` seconds, which is how hosts that share no folder notice.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Key = tuple[str, bytes, str]
Header = tuple[bytes, bytes]

MARK = b"x-shared-page"
LOOK_EVERY = 1.0  # seconds between looks at the stamp
MAX_AGE = 10.0  # seconds a page is served without asking Django
CAPACITY = 512  # pages; the course has about forty
_NOT_KEPT = frozenset({b"content-length", b"vary", MARK})
_CONDITIONS = frozenset({b"accept-encoding", b"if-none-match", b"if-modified-since", b"cookie", b"range"})


@lru_cache(maxsize=512)
def _encoding(accept: bytes) -> str:
    """The best of br, gzip and identity that the client takes."""
    taken = set()
    for part in accept.lower().split(b","):
        name, _, quality = part.partition(b";")
        if quality.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000"):
            taken.add(name.strip())
    return "br" if b"br" in taken else "gzip" if b"gzip" in taken else "identity"


def _has_cookie(header: bytes, name: bytes) -> bool:
    return any(part.strip().startswith(name) for part in header.split(b";"))


def _starts(status: int, headers: list[Header]) -> Message:
    return {"type": "http.response.start", "status": status, "headers": headers}


@dataclass(frozen=True, slots=True)
class Page:
    """A page ready to send: a start and a body message for each encoding."""

    body: bytes
    headers: tuple[Header, ...]
    etag: bytes
    answers: dict[str, tuple[Message, Message]]
    unchanged: Message
    born: float

    def answer(self, encoding: str) -> tuple[Message, Message]:
        return self.answers.get(encoding) or self.answers["identity"]


_EMPTY: Message = {"type": "http.response.body", "body": b"", "more_body": False}


def make_page(headers: list[Header], body: bytes, born: float, like: Page | None = None) -> Page:
    """Compress a page. Takes tens of milliseconds: not for the event loop. `like` spares it if equal."""
    kept = tuple((name, value) for name, value in headers if name.lower() not in _NOT_KEPT)
    etag = next((value for name, value in kept if name.lower() == b"etag"), b"")
    if like is not None and like.body == body and like.headers == kept:
        return Page(body, kept, etag, like.answers, like.unchanged, born)
    vary: Header = (b"vary", b"Accept-Encoding, Cookie")
    bodies = {"identity": body}
    if not any(name.lower() == b"content-encoding" for name, _ in kept):
        bodies |= {"gzip": gzip.compress(body, 9, mtime=0), "br": brotli.compress(body, quality=11)}
    answers: dict[str, tuple[Message, Message]] = {}
    for encoding, packed in bodies.items():
        marks: list[Header] = [(b"content-length", str(len(packed)).encode()), vary]
        if encoding != "identity":
            marks.append((b"content-encoding", encoding.encode()))
        start = _starts(200, [*kept, *marks])
        answers[encoding] = (start, {"type": "http.response.body", "body": packed, "more_body": False})
    validators = [(n, v) for n, v in kept if n.lower() in {b"etag", b"cache-control"}]
    return Page(body, kept, etag, answers, _starts(304, [*validators, vary]), born)


class Answer:
    """Collects what an app sends; tells whether it may be kept."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[Header] = []
        self.parts: list[bytes] = []
        self.shared = False
        self.complete = False

    def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [(bytes(name), bytes(value)) for name, value in message.get("headers", [])]
            names = {name.lower() for name, _ in self.headers}
            self.shared = self.status == 200 and MARK in names and b"set-cookie" not in names
        elif message["type"] == "http.response.body" and self.shared:
            self.parts.append(message.get("body", b""))
            self.complete = not message.get("more_body", False)

    @property
    def body(self) -> bytes:
        return b"".join(self.parts)


def course_stamp() -> Callable[[], object]:
    """The stamp of this site's course: changes when `loadcourse` saved something, in development also when
    a file of the content or a template was saved."""
    from django.conf import settings

    from lessons.loader.freshness import newest
    from lessons.loader.stamp import path

    stamp = path()

    def look() -> object:
        try:
            saved = os.stat(stamp).st_mtime_ns
        except FileNotFoundError:
            saved = 0
        if not settings.LOCAL:
            return saved
        return saved, newest(Path(settings.CONTENT_DIR)), newest(Path(settings.BASE_DIR) / "templates")

    return look


class PageCache:
    """Wraps an ASGI app. `stamp` returns something that differs once the kept pages are out of date."""

    def __init__(
        self,
        app: App,
        *,
        stamp: Callable[[], object] | None = None,
        cookie: str = "sessionid",
        clock: Callable[[], float] = time.monotonic,
        max_age: float = MAX_AGE,
        look_every: float = LOOK_EVERY,
    ) -> None:
        self.app = app
        self.cookie = cookie.encode() + b"="
        self.clock = clock
        self.max_age = max_age
        self.look_every = look_every
        self._stamp = stamp
        self._seen: object = None
        self._looked = float("-inf")
        self._pages: dict[Key, Page] = {}
        self._asked: dict[Key, asyncio.Task[Page | None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        host = accept = condition = b""
        for name, value in scope["headers"]:
            if name == b"cookie" and _has_cookie(value, self.cookie):
                await self.app(scope, receive, send)
                return
            if name == b"host":
                host = value
            elif name == b"accept-encoding":
                accept = value
            elif name == b"if-none-match":
                condition = value
        key = (scope.get("scheme", "http"), host, scope["path"])
        self._look()
        page = self._pages.get(key)
        if page is not None and self.clock() - page.born > self.max_age:
            page = await self._renew(key, scope)
        if page is None:
            await self._first(key, scope, receive, send)
            return
        if condition and page.etag and page.etag.removeprefix(b"W/") in condition:
            await send(page.unchanged)
            await send(_EMPTY)
            return
        start, body = page.answer(_encoding(accept))
        await send(start)
        await send(_EMPTY if scope["method"] == "HEAD" else body)

    def _look(self) -> None:
        now = self.clock()
        if now - self._looked < self.look_every:
            return
        if self._stamp is None:
            self._stamp = course_stamp()
        self._looked = now
        seen = self._stamp()
        if seen != self._seen:
            self._seen = seen
            self._pages.clear()

    async def _first(self, key: Key, scope: Scope, receive: Receive, send: Send) -> None:
        """A page not kept yet: pass the answer on as it comes, and keep it if it is marked."""
        answer = Answer()
        seen = self._seen

        async def watch(message: Message) -> None:
            answer.take(message)
            await send(message)

        await self.app(scope, receive, watch)
        if scope["method"] == "GET" and answer.shared and answer.complete and key not in self._asked:
            self._asked[key] = asyncio.create_task(self._keep(key, answer, seen))

    async def _keep(self, key: Key, answer: Answer, seen: object) -> Page | None:
        born = self.clock()
        try:
            page = await asyncio.to_thread(make_page, answer.headers, answer.body, born, self._pages.get(key))
            if seen == self._seen:  # otherwise the course changed while Django was rendering
                if len(self._pages) >= CAPACITY:
                    self._pages.pop(next(iter(self._pages)))
                self._pages[key] = page
            return page
        finally:
            self._asked.pop(key, None)

    async def _renew(self, key: Key, scope: Scope) -> Page | None:
        """Ask Django again, once for all who wait. None: it is not a shared page any more."""
        task = self._asked.get(key)
        if task is None:
            task = self._asked[key] = asyncio.create_task(self._ask(key, scope))
        return await asyncio.shield(task)

    async def _ask(self, key: Key, scope: Scope) -> Page | None:
        answer = Answer()
        seen = self._seen
        headers = [(name, value) for name, value in scope["headers"] if name not in _CONDITIONS]
        clean = {**scope, "method": "GET", "headers": headers, "query_string": b""}
        clean.pop("extensions", None)
        sent = asyncio.Event()

        async def receive() -> Message:
            if not sent.is_set():
                sent.set()
                return {"type": "http.request", "body": b"", "more_body": False}
            await asyncio.Event().wait()  # this client never leaves
            raise AssertionError

        async def send(message: Message) -> None:
            answer.take(message)

        try:
            await self.app(clean, receive, send)
            if answer.shared and answer.complete:
                return await self._keep(key, answer, seen)
            self._pages.pop(key, None)
            return None
        finally:
            self._asked.pop(key, None)
