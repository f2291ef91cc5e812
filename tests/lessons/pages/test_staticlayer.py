"""Static files in front of Django: real files, WhiteNoise's knowledge of them, a small ASGI app behind."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from whitenoise.base import WhiteNoise

from coursesite import staticlayer
from coursesite.staticlayer import StaticLayer

STYLE = b"body { color: teal }\n" * 200
HASHED = "/static/main.0123456789ab.css"


class World:
    """A folder of files, the layer over it, and a record of what the app behind was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("main.css", "main.0123456789ab.css"):
            (folder / name).write_bytes(STYLE)
            (folder / f"{name}.gz").write_bytes(gzip.compress(STYLE))
        (folder / "icon.svg").write_bytes(b"<svg/>")
        self.asked: list[str] = []
        files = WhiteNoise(None, folder, "/static/", immutable_file_test=r"\.[0-9a-f]{12}\.")
        self.layer = StaticLayer(self.app, files)

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.append(scope.get("path", scope["type"]))
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b"no"})

    async def get(self, path: str = HASHED, method: str = "GET", **headers: str) -> Any:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.request"}

        named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": named}
        await self.layer(scope, receive, send)
        return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_a_file_is_sent_without_asking_the_site(world: World) -> None:
    status, headers, body = await world.get()
    assert (status, body, world.asked) == (200, STYLE, [])
    assert headers[b"content-type"].startswith(b"text/css")
    assert int(headers[b"content-length"]) == len(STYLE)


async def test_a_name_with_a_hash_is_kept_for_ever_and_another_is_not(world: World) -> None:
    assert b"immutable" in (await world.get())[1][b"cache-control"]
    assert b"immutable" not in (await world.get("/static/main.css"))[1][b"cache-control"]


async def test_whoever_takes_gzip_gets_the_packed_file(world: World) -> None:
    _, headers, body = await world.get(accept_encoding="gzip, br")
    assert (headers[b"content-encoding"], headers[b"vary"]) == (b"gzip", b"Accept-Encoding")
    assert gzip.decompress(body) == STYLE


async def test_a_file_the_browser_has_is_not_sent_again(world: World) -> None:
    etag = (await world.get())[1][b"etag"].decode()
    status, headers, body = await world.get(if_none_match=etag)
    assert (status, headers[b"etag"], body) == (304, etag.encode(), b"")


async def test_a_file_older_than_the_browsers_date_is_not_sent_again(world: World) -> None:
    date = (await world.get())[1][b"last-modified"].decode()
    assert (await world.get(if_modified_since=date))[0] == 304


async def test_head_gets_headers_only(world: World) -> None:
    _, headers, body = await world.get(method="HEAD")
    assert (headers[b"content-length"], body) == (str(len(STYLE)).encode(), b"")


async def test_a_browser_must_not_guess_the_type(world: World) -> None:
    assert (await world.get())[1][b"x-content-type-options"] == b"nosniff"


@pytest.mark.parametrize(
    "path", ["/static/none.css", "/static/../secret", "/static/", "/", "/static/main.css.gz"]
)
async def test_what_is_no_file_of_ours_goes_to_the_site(world: World, path: str) -> None:
    assert (await world.get(path))[0] == 404
    assert world.asked == [path]


async def test_posts_go_to_the_site(world: World) -> None:
    await world.get(method="POST")
    assert world.asked == [HASHED]


async def test_a_file_is_read_once(world: World) -> None:
    await world.get("/static/icon.svg")
    (world.folder / "icon.svg").unlink()
    assert (await world.get("/static/icon.svg"))[2] == b"<svg/>"


async def test_a_large_file_is_not_kept_in_memory(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staticlayer, "KEPT_FILE", 3)
    await world.get("/static/icon.svg")
    (world.folder / "icon.svg").write_bytes(b"<SVG/>")
    assert (await world.get("/static/icon.svg"))[2] == b"<SVG/>"


async def test_sockets_pass_through(world: World) -> None:
    await world.layer({"type": "websocket", "path": HASHED}, None, None)  # type: ignore[arg-type]
    assert world.asked == [HASHED]
