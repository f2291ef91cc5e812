"""Rule 1 for minutes: 200 viewers whose connections are cut at random, and a web process that restarts."""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import subprocess
import time
from typing import Any

import redis
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from bench.table import show
from launch import setup
from launch.processes import Stack

VIEWERS = 200
CUTS = 20.0  # a second, over all viewers


class Viewer:
    """Comes back after each loss with the last event it has."""

    def __init__(self, url: str, origin: str) -> None:
        self.url, self.origin = url, origin
        self.last = self.lost = self.repeated = self.connections = 0
        self.socket: ClientConnection | None = None

    async def watch(self) -> None:
        while True:
            try:
                options: dict[str, Any] = {"origin": self.origin, "compression": None, "ping_interval": None}
                async with connect(self.url, **options) as self.socket:
                    self.connections += 1
                    await self.socket.send(
                        json.dumps({"type": "subscribe", "after": self.last, "attempt": 1})
                    )
                    async for text in self.socket:
                        self.hear(json.loads(text))
            except (ConnectionClosed, InvalidHandshake, InvalidMessage, OSError):
                pass
            self.socket = None
            await asyncio.sleep(random.uniform(0.05, 0.3))

    def hear(self, message: dict[str, Any]) -> None:
        for event in message.get("events", ()):
            expected = self.last + 1
            self.lost += max(0, event["seq"] - expected)
            self.repeated += event["seq"] < expected
            self.last = max(self.last, event["seq"])

    def cut(self) -> None:
        if self.socket is not None:
            self.socket.transport.abort()


async def soak(stack: Stack, seconds: float) -> None:
    run = secrets.token_urlsafe(16)
    url = f"unix://{stack.var}/valkey.sock"
    with redis.Redis.from_url(url) as client:
        client.hset(f"run:{run}", mapping={"state": "running", "attempt": 1, "queue": "demo"})
    host = f"127.0.0.1:{stack.port}"
    viewers = [Viewer(f"ws://{host}/ws/runs/{run}/", f"http://{host}") for _ in range(VIEWERS)]
    watching = [asyncio.create_task(viewer.watch()) for viewer in viewers]
    await asyncio.sleep(2)
    producing = subprocess.Popen(
        [str(setup.PYTHON), "-m", "bench._stream_producer", url, run, str(seconds)],
        cwd=setup.ROOT,
        env=stack.env,
        stdout=subprocess.PIPE,
    )
    assert producing.stdout is not None
    producing.stdout.readline()
    begun, restarted, cuts = time.monotonic(), False, 0
    while time.monotonic() < begun + seconds:
        await asyncio.sleep(random.expovariate(CUTS))
        random.choice(viewers).cut()
        cuts += 1
        if not restarted and time.monotonic() > begun + seconds / 2:
            restarted = True
            await asyncio.to_thread(stack.stop_one, "web")
            await asyncio.to_thread(stack.start_web)
    events = json.loads(await asyncio.to_thread(producing.stdout.readline))["events"]
    producing.wait()
    until = time.monotonic() + 20
    while time.monotonic() < until and any(viewer.last < events for viewer in viewers):
        await asyncio.sleep(0.1)
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    behind = sum(events - viewer.last for viewer in viewers)
    show(
        f"{VIEWERS} viewers, {seconds:.0f} s, connections cut at random, the web process restarted once",
        ["events", "deliveries", "cuts", "connections", "lost", "repeated"],
        [
            [
                events,
                events * VIEWERS,
                cuts,
                sum(viewer.connections for viewer in viewers),
                behind + sum(viewer.lost for viewer in viewers),
                sum(viewer.repeated for viewer in viewers),
            ]
        ],
    )


def main(stack: Stack, seconds: float) -> None:
    uvloop.run(soak(stack, seconds))
