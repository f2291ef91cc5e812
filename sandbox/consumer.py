"""The socket of a run: `docs/protocol.md`. Tails the log to a viewer; decides nothing.

Spoken over plain ASGI instead of Channels' consumer class: one task fewer a viewer and no JSON round trip
for each frame (measured, see docs/decisions.md). Channels routes and checks who comes: `sandbox.door`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.conf import settings
from redis.exceptions import RedisError

from sandbox import controls, runs, states
from sandbox.frames import FRAME_BYTES, Frame, Write, of_lines
from sandbox.models import Run, inflate
from sandbox.reader import Reader, Told
from sandbox.watched import Viewer

log = logging.getLogger(__name__)

MAX_MESSAGE = 4_096  # characters of one message from a viewer
RATE, BURST = 30.0, 60.0  # messages a second; a slider dragged by hand makes about 60 a second at worst
PATIENCE = 300  # messages refused above those taken before the connection is closed
JOIN_WITHIN = 30.0  # s from connecting to `subscribe`

UNKNOWN, MISUSED, NOT_SUBSCRIBED, BROKEN, LATER = 4404, 4429, 4408, 1011, 1013
AWAY = "Связь с исполнителем прервалась. Ждём её: страница продолжит сама."

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_readers: dict[asyncio.AbstractEventLoop, Reader] = {}


async def shared_reader() -> Reader:
    """The reader of this event loop, made when first needed."""
    loop = asyncio.get_running_loop()
    reader = _readers.get(loop)
    if reader is None:
        reader = _readers[loop] = Reader(settings.REDIS_URL, find)
        await reader.start()
    return reader


async def close_reader() -> None:
    reader = _readers.pop(asyncio.get_running_loop(), None)
    if reader is not None:
        await reader.close()


@database_sync_to_async  # type: ignore[untyped-decorator]
def find(run_id: str) -> Told | None:
    """What the database knows of a run that Valkey has forgotten."""
    run = Run.objects.select_related("archive").filter(pk=run_id).first()
    if run is None:
        return None
    body = bytes(run.archive.body) if run.archive is not None else None
    return Told(run.state, run.attempt, run.last_seq, body)


class Refusal(Exception):
    """A message that is not carried out: `code` for scripts, `text` in Russian for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code)
        self.code = code
        self.text = text


class RunSocket:
    """One viewer's connection."""

    def __init__(
        self, run: str, allowed: str | None, receive: Receive, send: Send, write: Write | None = None
    ) -> None:
        """`write`: the server takes frames ready made (`frames.EXTENSION`)."""
        self.run = run
        self.allowed = allowed
        self.write = write
        self.receive = receive
        self.transmit = send
        self.reader: Reader
        self.viewer: Viewer | None = None
        self.pump: asyncio.Task[None] | None = None
        self.closed = False
        self._tokens, self._filled, self._refused = BURST, time.monotonic(), 0

    async def __call__(self) -> None:
        try:
            await self.receive()  # websocket.connect
            await self.transmit({"type": "websocket.accept"})
            if self.allowed is None:
                await self.say_error("unknown_run", "Такого прогона нет.", None)
                await self.close(UNKNOWN)
                return
            self.reader = await shared_reader()
            await self.listen()
        except OSError:
            pass  # the viewer went away while we were talking
        finally:
            if self.pump is not None:
                self.pump.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await self.pump
            if self.viewer is not None:
                self.reader.leave(self.viewer)

    async def listen(self) -> None:
        """Take the viewer's messages until it goes away."""
        while True:
            if self.pump is None:
                try:
                    message = await asyncio.wait_for(self.receive(), JOIN_WITHIN)
                except TimeoutError:
                    await self.close(NOT_SUBSCRIBED)
                    return
            else:
                message = await self.receive()
            if message["type"] == "websocket.disconnect":
                return
            ref = None
            try:
                data = self.parse(message)
                ref = data.get("ref")
                await self.obey(data)
                self._refused = max(0, self._refused - 1)
            except Refusal as refusal:
                self._refused += 1
                if self._refused > PATIENCE:
                    await self.close(MISUSED)
                    return
                await self.say_error(refusal.code, refusal.text, ref)
                if refusal.code == "unknown_run":
                    await self.close(UNKNOWN)
                    return
                if refusal.code == "unavailable" and self.pump is None:
                    await self.close(LATER)  # it comes back and subscribes anew
                    return

    def parse(self, message: dict[str, Any]) -> dict[str, Any]:
        """The message as an object, or Refusal: too many, too long, not JSON, not an object."""
        now = time.monotonic()
        self._tokens = min(BURST, self._tokens + (now - self._filled) * RATE)
        self._filled = now
        if self._tokens < 1:
            raise Refusal("too_fast", "Слишком много сообщений: подождите немного.")
        self._tokens -= 1
        text = message.get("text")
        if text is None:
            raise Refusal("bad_message", "Сообщения — текст в формате JSON, а не двоичные данные.")
        if len(text) > MAX_MESSAGE:
            raise Refusal("too_long", "Слишком длинное сообщение.")
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            raise Refusal("bad_json", "Это не JSON.") from None
        if not isinstance(data, dict):
            raise Refusal("bad_message", "Сообщение — это объект с полем type.")
        ref = data.get("ref")
        short = isinstance(ref, str) and len(ref) <= 64 and controls.whole(ref)
        if not (ref is None or type(ref) is int or short):
            raise Refusal("bad_message", "Поле ref — число или короткая строка.")
        return data

    async def obey(self, data: dict[str, Any]) -> None:
        match data.get("type"):
            case "subscribe":
                await self.subscribe(data)
            case "control":
                await self.steer(data.get("message"), data.get("ref"))
            case "stop":
                await self.steer({"op": "stop"}, data.get("ref"))
            case "ping":
                await self.say({"type": "pong"})
            case _:
                raise Refusal("bad_message", "Неизвестный вид сообщения.")

    async def subscribe(self, data: dict[str, Any]) -> None:
        if self.pump is not None:
            raise Refusal("subscribed", "Вы уже подписаны на этот прогон.")
        after, attempt = data.get("after", 0), data.get("attempt")
        if type(after) is not int or not 0 <= after < 2**53:
            raise Refusal("bad_message", "Поле after — номер последнего полученного события.")
        if attempt is not None and type(attempt) is not int:
            raise Refusal("bad_message", "Поле attempt — номер попытки.")
        try:
            self.viewer = await self.reader.join(self.run, after, attempt, self.write)
        except (RedisError, OSError):
            log.exception("run %s could not be looked up", self.run)
            raise Refusal("unavailable", "Сейчас не получается открыть прогон. Попробуйте ещё раз.") from None
        if self.viewer is None:
            raise Refusal("unknown_run", "Такого прогона нет.")
        self.pump = asyncio.create_task(self.feed(self.viewer))

    async def steer(self, message: Any, ref: Any) -> None:
        if self.allowed != "control":
            raise Refusal("forbidden", "Управлять прогоном может только тот, кто его запустил.")
        try:
            checked = controls.check(message)
        except controls.BadControl as error:
            raise Refusal("bad_control", str(error)) from None
        if self.viewer is not None and self.viewer.watched.state in states.END_STATES:
            raise Refusal("ended", "Прогон уже закончился.")
        try:
            if checked["op"] == "stop":
                await sync_to_async(runs.stop, thread_sensitive=False)(self.run)
            else:
                await self.reader.control(self.run, controls.encode(checked).strip())
        except (RedisError, OSError):
            log.exception("run %s was not told %s", self.run, checked["op"])
            raise Refusal("unavailable", "Команда не дошла. Попробуйте ещё раз.") from None
        await self.say({"type": "ack", "ref": ref})

    async def feed(self, viewer: Viewer) -> None:
        """Send states and events, one frame at a time, until the end of the log was delivered."""
        try:
            await self.feed_until_end(viewer)
        except OSError:
            pass  # the viewer went away; `listen` hears of it
        except (RedisError, LookupError):
            log.exception("run %s: a viewer lost its place", self.run)
            with contextlib.suppress(Exception):
                await self.close(BROKEN)

    async def feed_until_end(self, viewer: Viewer) -> None:
        watched = viewer.watched
        while True:
            if viewer.attempt != watched.attempt:
                viewer.attempt, viewer.cursor = watched.attempt, 0
                await self.say({"type": "reset", "attempt": watched.attempt})
            if viewer.seen != watched.version:
                viewer.seen = watched.version
                await self.say(
                    {
                        "type": "state",
                        "state": watched.state,
                        "position": watched.position,
                        "wait": None if watched.position is None else watched.wait,
                        "attempt": watched.attempt,
                        "yours": self.allowed == "control",
                    }
                )
                if self.reader.away and watched.last is None:
                    await self.say_error("away", AWAY, None)
            if watched.body is not None:
                await self.replay(watched.body, viewer)
            elif frame := await self.reader.frame(viewer):
                await self.transmit(frame.message(ready=self.write is not None))
                continue
            if (
                watched.last is not None
                and viewer.cursor >= watched.last
                and viewer.attempt == watched.attempt
            ):
                await self.say({"type": "end", "state": watched.state, "last": watched.last})
                await self.close(1000)
                return
            await viewer.wait()

    async def replay(self, body: bytes, viewer: Viewer) -> None:
        """Send an archive in parts; only one of them is ever unpacked."""
        for frame in archive_frames(body, viewer.cursor):
            await self.transmit(frame.message(ready=self.write is not None))
            viewer.cursor = frame.last
            await asyncio.sleep(0)

    async def say_error(self, code: str, text: str, ref: Any) -> None:
        message = {"type": "error", "code": code, "message": text}
        await self.say(message if ref is None else {**message, "ref": ref})

    async def say(self, message: dict[str, Any]) -> None:
        if self.closed:  # the run ended while this answer was being made
            return
        text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
        await self.transmit({"type": "websocket.send", "text": text})

    async def close(self, code: int) -> None:
        if self.closed:
            return
        self.closed = True
        await self.transmit({"type": "websocket.close", "code": code})


def archive_frames(body: bytes, after: int) -> Iterator[Frame]:
    """An archive's events that follow `after`, a frame at a time."""
    lines: list[bytes] = []
    size = seq = 0
    for seq, line in enumerate(inflate(body), start=1):
        if seq <= after:
            continue
        lines.append(line)
        size += len(line)
        if size >= FRAME_BYTES:
            yield of_lines(seq, lines)
            lines, size = [], 0
    if lines:
        yield of_lines(seq, lines)
