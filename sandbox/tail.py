"""A connection that only waits in XREAD: the one place where a general client of Valkey is too slow.

For one stream redis-py spends 130 µs of CPU on a blocking read and its answer, for two hundred 720 µs, and a
web process does this up to a thousand times a second. Here requests are joined from parts made once, and
answers are parsed in one pass over the bytes. Speaks RESP2. Everything else in the project uses redis-py.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Iterable
from typing import Any, cast

from redis.asyncio.connection import SSLConnection, parse_url

CONNECT_WITHIN = 5.0  # s
GRACE = 5.0  # s beyond the time Valkey was told to block
AT_ONCE = 500  # entries of one stream in one answer


class Incomplete(Exception):
    """The rest of the answer is still on its way."""


class TailError(OSError):
    """Valkey answered with an error, or not at all."""


def bulk(word: bytes) -> bytes:
    """One word of a request."""
    return b"$%d\r\n%s\r\n" % (len(word), word)


def parse(data: bytes | bytearray, at: int) -> tuple[Any, int]:
    """The value that begins at `at`, and where it ends. Raises Incomplete."""
    end = data.find(b"\r\n", at)
    if end < 0:
        raise Incomplete
    mark, start = data[at], end + 2
    if mark == 0x24:  # $
        size = int(data[at + 1 : end])
        if size < 0:
            return None, start
        stop = start + size
        if len(data) < stop + 2:
            raise Incomplete
        return bytes(data[start:stop]), stop + 2
    if mark == 0x2A:  # *
        count = int(data[at + 1 : end])
        if count < 0:
            return None, start
        items = []
        for _ in range(count):
            item, start = parse(data, start)
            items.append(item)
        return items, start
    text = bytes(data[at + 1 : end])
    if mark == 0x2B:  # +
        return text, start
    if mark == 0x3A:  # :
        return int(text), start
    if mark == 0x2D:  # -
        return TailError(text.decode("utf-8", "replace")), start
    raise TailError(f"not an answer of Valkey: {bytes(data[at:end])[:40]!r}")


# What nearly all of an answer is made of: a stream's head, and an entry with the one field `e`.
_STREAM = re.compile(rb"\*2\r\n\$(\d+)\r\n")
_COUNT = re.compile(rb"\*(\d+)\r\n")
_ENTRY = re.compile(rb"\*2\r\n\$\d+\r\n(\d+-\d+)\r\n\*2\r\n\$1\r\ne\r\n\$(\d+)\r\n")


def parse_news(data: bytearray) -> tuple[Any, int]:
    """`parse` for the answer to XREAD: an entry by one match instead of seven calls. Raises Incomplete."""
    found = _COUNT.match(data)
    if found is None:
        return parse(data, 0)
    streams, at = [], found.end()
    for _ in range(int(found[1])):
        head = _STREAM.match(data, at)
        if head is None:
            return parse(data, 0)
        at = head.end() + int(head[1]) + 2
        key = bytes(data[head.end() : at - 2])
        counted = _COUNT.match(data, at)
        if counted is None:
            return parse(data, 0)
        entries: list[Any] = []
        at = counted.end()
        for _ in range(int(counted[1])):
            entry = _ENTRY.match(data, at)
            if entry is None:
                whole, at = parse(data, at)
                entries.append(whole)
                continue
            start = entry.end()
            at = start + int(entry[2]) + 2
            if len(data) < at:
                raise Incomplete
            entries.append([entry[1], [b"e", bytes(data[start : at - 2])]])
        streams.append([key, entries])
    return streams, at


class _Line(asyncio.Protocol):
    """Collects one answer at a time."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.waiting: asyncio.Future[Any] | None = None
        self.lost = False

    def data_received(self, data: bytes) -> None:
        self.data += data
        if self.waiting is None or self.waiting.done():
            return
        try:
            value, end = parse_news(self.data)
        except Incomplete:
            return
        except TailError as error:
            self.waiting.set_exception(error)
            return
        del self.data[:end]
        if isinstance(value, TailError):
            self.waiting.set_exception(value)
        else:
            self.waiting.set_result(value)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(TailError(f"the connection to Valkey was lost: {error}"))


class Tail:
    """Opens its connection when first used, and again after an error."""

    def __init__(self, url: str, *, block: float) -> None:
        """`block` in seconds: how long a read waits for news."""
        self.options = cast("dict[str, Any]", parse_url(url))
        self.block = block
        self._head = bulk(b"COUNT") + bulk(b"%d" % AT_ONCE) + bulk(b"BLOCK") + bulk(b"%d" % (block * 1000))
        self._transport: asyncio.Transport | None = None
        self._line = _Line()

    async def read(self, positions: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, list[Any]]]:
        """News of the streams: [(key, [[id, [field, value, …]], …]), …]; empty when there was none in time.

        `positions` are pairs of a key as `bulk` makes it and the id it was read up to. Raises OSError.
        """
        keys, ids = [], []
        for key, last in positions:
            keys.append(key)
            ids.append(b"$%d\r\n%s\r\n" % (len(last), last))
        head = b"*%d\r\n$5\r\nXREAD\r\n%s$7\r\nSTREAMS\r\n" % (6 + 2 * len(keys), self._head)
        return await self._ask(b"".join([head, *keys, *ids]), self.block + GRACE) or []

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    async def _ask(self, request: bytes, within: float) -> Any:
        if self._transport is None or self._line.lost:
            await self._connect()
        return await self._exchange(request, within)

    async def _exchange(self, request: bytes, within: float) -> Any:
        loop = asyncio.get_running_loop()
        answer = self._line.waiting = loop.create_future()
        assert self._transport is not None
        self._transport.write(request)
        late = loop.call_later(within, self._give_up, answer)
        try:
            return await answer
        except BaseException:
            self.close()  # half an answer may be on its way
            raise
        finally:
            late.cancel()

    @staticmethod
    def _give_up(answer: asyncio.Future[Any]) -> None:
        if not answer.done():
            answer.set_exception(TailError("Valkey does not answer"))

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        self.close()
        line, options = self._line, self.options
        line = self._line = _Line()
        async with asyncio.timeout(CONNECT_WITHIN):
            if "path" in options:
                made = await loop.create_unix_connection(lambda: line, options["path"])
            else:
                secure = options.get("connection_class") is SSLConnection
                made = await loop.create_connection(
                    lambda: line,
                    options.get("host", "localhost"),
                    options.get("port", 6379),
                    ssl=ssl.create_default_context() if secure else None,
                )
        self._transport = made[0]
        if "password" in options:
            await self._say(
                b"AUTH", options.get("username", "default").encode(), options["password"].encode()
            )
        if options.get("db"):
            await self._say(b"SELECT", b"%d" % options["db"])

    async def _say(self, *words: bytes) -> None:
        await self._exchange(b"*%d\r\n%s" % (len(words), b"".join(map(bulk, words))), CONNECT_WITHIN)
