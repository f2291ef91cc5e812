"""A real web process (uvicorn) with a database of its own, and viewers of it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage

from launch.processes import free_port
from sandbox.models import new_id

ROOT = Path(__file__).resolve().parents[3]
OPTIONS = (
    "--ws coursesite.websocket:SharedFrames --ws-per-message-deflate false --ws-max-size 65536"
    " --lifespan on --log-level warning"
)

SET_UP = """
import sys, django
django.setup()
from django.core.management import call_command
from sandbox.jobs import DemoJob
from sandbox.models import Run
call_command("migrate", verbosity=0)
Run.objects.bulk_create(
    Run(id=run, job=DemoJob(run=run, files={}, seed=7, duration=10.0).to_json()) for run in sys.argv[1:]
)
"""


ROW = """
import sys, django
django.setup()
from sandbox.models import Run
print(Run.objects.get(pk=sys.argv[1]).state)
"""


SUBMIT = """
import sys, django
django.setup()
from sandbox import jobs, runs
made = {"demo": jobs.DemoJob(run="", files={}, seed=7, duration=5.0), "judge": jobs.JudgeJob("", {}, "", 1)}
print(runs.start(made[sys.argv[1]], label="", kind=sys.argv[1]).pk)
"""


class Web:
    """Start, kill and start again; `runs` are ids that its database knows."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.port = free_port()
        self.runs = [new_id() for _ in range(8)]
        self.log = folder / "web.log"
        self.env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.sandbox.life.site",
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
            "REDIS_URL": redis_url,
        }
        self.process: subprocess.Popen[bytes] | None = None
        subprocess.run([sys.executable, "-c", SET_UP, *self.runs], cwd=ROOT, env=self.env, check=True)

    def start(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "coursesite.asgi:application", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *OPTIONS.split()], cwd=ROOT, env=self.env, stdout=log, stderr=log
            )
        until = time.monotonic() + 30
        while time.monotonic() < until and self.process.poll() is None:
            if _listens(self.port):
                return
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def kill(self) -> None:
        """As a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """As a restart does."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def open(self, run: str, **options: Any) -> Any:
        """A WebSocket connection as a context manager."""
        host = f"127.0.0.1:{self.port}"
        return connect(f"ws://{host}/ws/runs/{run}/", origin=f"http://{host}", compression=None, **options)  # type: ignore[arg-type]

    def row(self, run: str) -> str:
        """The state in the database's row."""
        return self._told(ROW, run)

    def submit(self, kind: str) -> str:
        """Start a run as a view of the site does; its id."""
        return self._told(SUBMIT, kind)

    def _told(self, script: str, word: str) -> str:
        command = [sys.executable, "-c", script, word]
        done = subprocess.run(command, cwd=ROOT, env=self.env, check=True, capture_output=True, text=True)
        return done.stdout.strip()


def _listens(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def messages(socket: ClientConnection) -> AsyncIterator[dict[str, Any]]:
    async for text in socket:
        yield json.loads(text)


class Viewer:
    """Watches a run to its end over as many connections as it takes, as a browser does."""

    def __init__(self, web: Web, run: str) -> None:
        self.web = web
        self.run = run
        self.seqs: list[int] = []
        self.connections = 0
        self.end: dict[str, Any] | None = None
        self.socket: ClientConnection | None = None

    async def watch(self) -> None:
        while self.end is None:
            try:
                async with self.web.open(self.run) as self.socket:
                    self.connections += 1
                    after = self.seqs[-1] if self.seqs else 0
                    await self.socket.send(json.dumps({"type": "subscribe", "after": after}))
                    await self._listen(self.socket)
            except (ConnectionClosed, OSError, InvalidMessage):
                pass
            if self.end is None:
                await asyncio.sleep(0.02)

    async def _listen(self, socket: ClientConnection) -> None:
        async for message in messages(socket):
            if message["type"] == "events":
                self.seqs += [event["seq"] for event in message["events"]]
            elif message["type"] == "end":
                self.end = message

    def cut(self) -> None:
        """Lose the connection without a word."""
        if self.socket is not None:
            self.socket.transport.abort()
