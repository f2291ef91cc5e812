"""The cache in front of Django, around a small real ASGI app."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import brotli
import pytest

from coursesite.pagecache import PageCache

BODY = "Урок про предохранитель. ".encode() * 200


class Site:
    """Counts what it is asked. Says what `body` and `headers` are now."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.body = BODY
        self.status = 200
        self.headers = [(b"etag", b'W/"one"'), (b"x-shared-page", b"1"), (b"content-type", b"text/html")]
        self.slow = asyncio.Event()
        self.slow.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.append(scope)
        await self.slow.wait()
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        half = len(self.body) // 2
        await send({"type": "http.response.body", "body": self.body[:half], "more_body": True})
        await send({"type": "http.response.body", "body": self.body[half:]})


class World:
    """The cache with a clock and a stamp that the test moves."""

    def __init__(self) -> None:
        self.site = Site()
        self.now = 0.0
        self.stamp = 0
        self.cache = PageCache(self.site, stamp=lambda: self.stamp, clock=lambda: self.now)

    async def get(self, path: str = "/", method: str = "GET", query: bytes = b"", **headers: str) -> Any:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.request"}

        named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {
            "type": "http", "method": method, "path": path, "query_string": query, "scheme": "http",
            "headers": [(b"host", b"site"), *named],
        }  # fmt: skip
        await self.cache(scope, receive, send)
        while self.cache._asked:
            await asyncio.sleep(0.001)
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return sent[0]["status"], dict(sent[0]["headers"]), body

    @property
    def asked(self) -> int:
        return len(self.site.asked)


@pytest.fixture
async def world() -> World:
    return World()


async def test_the_second_guest_is_served_without_the_site(world: World) -> None:
    await world.get()
    status, _, body = await world.get()
    assert (status, body, world.asked) == (200, BODY, 1)


@pytest.mark.parametrize(
    ("accept", "encoding", "unpack"),
    [
        ("gzip, deflate, br", b"br", brotli.decompress),
        ("gzip", b"gzip", gzip.decompress),
        ("br;q=0", None, bytes),
    ],
)
async def test_each_client_gets_the_best_encoding_it_takes(
    world: World, accept: str, encoding: bytes | None, unpack: Any
) -> None:
    await world.get()
    _, headers, body = await world.get(accept_encoding=accept)
    assert headers.get(b"content-encoding") == encoding
    assert int(headers[b"content-length"]) == len(body)
    assert unpack(body) == BODY


async def test_the_mark_does_not_reach_the_guest(world: World) -> None:
    await world.get()
    assert b"x-shared-page" not in (await world.get())[1]


async def test_whoever_has_a_session_goes_to_the_site(world: World) -> None:
    await world.get()
    await world.get(cookie="theme=dark; sessionid=abc")
    assert world.asked == 2


async def test_other_cookies_do_not_matter(world: World) -> None:
    await world.get()
    await world.get(cookie="csrftoken=abc; mysessionid=1")
    assert world.asked == 1


async def test_an_unmarked_page_is_never_kept(world: World) -> None:
    world.site.headers = [(b"content-type", b"text/html")]
    await world.get()
    await world.get()
    assert world.asked == 2


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_only_good_answers_are_kept(world: World, status: int) -> None:
    world.site.status = status
    await world.get()
    await world.get()
    assert world.asked == 2


async def test_a_page_that_sets_a_cookie_is_never_kept(world: World) -> None:
    world.site.headers.append((b"set-cookie", b"a=b"))
    await world.get()
    await world.get()
    assert world.asked == 2


async def test_posts_go_to_the_site(world: World) -> None:
    await world.get()
    await world.get(method="POST")
    assert world.asked == 2


async def test_head_gets_headers_only(world: World) -> None:
    await world.get()
    _, headers, body = await world.get(method="HEAD")
    assert (headers[b"content-length"], body, world.asked) == (str(len(BODY)).encode(), b"", 1)


async def test_a_query_changes_nothing_on_a_shared_page(world: World) -> None:
    await world.get()
    await world.get(query=b"t=12.5")
    assert world.asked == 1


async def test_paths_and_hosts_are_kept_apart(world: World) -> None:
    await world.get("/a/")
    await world.get("/b/")
    assert world.asked == 2


async def test_an_unchanged_page_is_not_sent_again(world: World) -> None:
    await world.get()
    status, headers, body = await world.get(if_none_match='W/"one"')
    assert (status, body, headers[b"etag"]) == (304, b"", b'W/"one"')


async def test_a_stale_validator_gets_the_page(world: World) -> None:
    await world.get()
    assert (await world.get(if_none_match='W/"zero"'))[0] == 200


async def test_a_changed_course_throws_everything_away(world: World) -> None:
    await world.get()
    world.stamp, world.now, world.site.body = 1, 1.0, b"new"
    assert (await world.get())[2] == b"new"


async def test_the_stamp_is_looked_at_once_a_second(world: World) -> None:
    await world.get()
    world.stamp, world.now = 1, 0.9
    await world.get()
    assert world.asked == 1


async def test_an_old_page_is_asked_for_anew(world: World) -> None:
    await world.get()
    world.now, world.site.body = 11.0, b"new"
    assert (await world.get())[2] == b"new"


async def test_a_crowd_at_an_old_page_asks_once(world: World) -> None:
    await world.get()
    world.now = 11.0
    world.site.slow.clear()
    crowd = [asyncio.create_task(world.get()) for _ in range(20)]
    await asyncio.sleep(0.01)
    world.site.slow.set()
    answers = await asyncio.gather(*crowd)
    assert (world.asked, {status for status, _, _ in answers}) == (2, {200})


async def test_a_renewal_carries_nothing_of_the_guest(world: World) -> None:
    await world.get()
    world.now = 11.0
    await world.get(query=b"t=1", cookie="theme=dark", if_none_match='"x"', accept_encoding="br")
    asked = world.site.asked[-1]
    assert (asked["query_string"], asked["headers"]) == (b"", [(b"host", b"site")])


async def test_a_page_that_is_shared_no_more_goes_to_the_site(world: World) -> None:
    await world.get()
    world.now, world.site.headers = 11.0, [(b"content-type", b"text/html")]
    await world.get()
    await world.get()
    assert world.asked == 4  # kept, found unshared, then passed through twice


async def test_a_page_rendered_before_the_course_changed_is_not_kept(world: World) -> None:
    world.site.slow.clear()
    first = asyncio.create_task(world.get())
    await asyncio.sleep(0.01)
    world.stamp, world.now = 1, 2.0
    second = asyncio.create_task(world.get("/other/"))  # notices the new stamp
    await asyncio.sleep(0.01)
    world.site.slow.set()
    await asyncio.gather(first, second)
    await world.get()
    assert world.asked == 3


async def test_what_is_packed_already_is_kept_as_it_is(world: World) -> None:
    packed = gzip.compress(BODY)
    world.site.body = packed
    world.site.headers.append((b"content-encoding", b"gzip"))
    await world.get()
    _, headers, body = await world.get(accept_encoding="br")
    assert (headers[b"content-encoding"], body) == (b"gzip", packed)


async def test_sockets_pass_through() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    await PageCache(app, stamp=lambda: 0)({"type": "websocket"}, None, None)  # type: ignore[arg-type]
    assert seen == ["websocket"]
