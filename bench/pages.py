"""Lesson pages: server time for a reader with a session, and requests a second for guests on one core.

The bare limit beside it is an ASGI application that answers the same bytes and does nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import tempfile
from pathlib import Path

import uvloop

from bench import load
from bench.table import percentile, show
from launch import setup
from launch.processes import Stack, free_port

LESSON = "/lessons/circuit-breaker/"
BARE = """
body = open({path!r}, "rb").read()
headers = [(b"content-type", b"text/html"), (b"content-encoding", b"gzip")]
headers.append((b"content-length", str(len(body)).encode()))
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send(dict(type="http.response.start", status=200, headers=headers))
        await send(dict(type="http.response.body", body=body))
"""


def pin(pid: int, core: int) -> None:
    """Keep a process on one core, so that "on one core" is what it says."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):  # a thread that has just ended
            os.sched_setaffinity(int(task.name), {core})


async def measure(stack: Stack, folder: Path) -> None:
    host = stack.host
    pin(stack.running["web"].pid, 0)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    guest = load.request(LESSON)
    reader = load.request(LESSON, {"Cookie": "sessionid=somebody"})

    await load.fetch(host, stack.port, guest)  # the first is not compressed yet
    await asyncio.sleep(1)
    page = (await load.fetch(host, stack.port, guest)).split(b"\r\n\r\n", 1)[1]
    (folder / "page").write_bytes(page)
    (folder / "bare.py").write_text(BARE.format(path=str(folder / "page")))
    bare_port = stack.port + 1
    bare = subprocess.Popen(
        [str(setup.PYTHON), "-m", "uvicorn", "bare:app", "--port", str(bare_port), "--no-access-log"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(100):
            try:
                await load.fetch(host, bare_port, guest)
                break
            except OSError:
                await asyncio.sleep(0.1)
        pin(bare.pid, 0)
        rows = []
        for name, port, asked, connections in (
            ("bare ASGI, same bytes", bare_port, guest, 16),
            ("guest, cached page", stack.port, guest, 16),
            ("reader with a session, Django", stack.port, reader, 1),
        ):
            await load.press(host, port, asked, connections=connections, seconds=1)
            found = await load.press(host, port, asked, connections=connections, seconds=5)
            waits = [wait * 1000 for wait in found.waits]
            rows.append(
                [
                    name,
                    connections,
                    found.size,
                    found.rate,
                    *(percentile(waits, share) for share in (0.5, 0.95, 0.99)),
                ]
            )
        for row in rows:
            row.append(f"{float(row[3]) / float(rows[0][3]):.2f}")
    finally:
        bare.terminate()
        bare.wait()
    show(
        "Lesson page, one core for the server",
        ["what", "connections", "bytes (gzip)", "requests/s", "p50 ms", "p95 ms", "p99 ms", "of bare"],
        rows,
    )


def main(options: list[str]) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="poligon-") as folder,
        Stack(Path(folder), port=free_port()) as stack,
    ):
        stack.start_valkey()
        setup.site_data(stack.env)
        stack.start_web()
        uvloop.run(measure(stack, Path(folder)))
