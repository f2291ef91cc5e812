"""From an event's emission to a viewer's socket: producer → Valkey → web process → N viewers.

Beside it, in the same run and with the same producer and viewers, a bare asyncio server that keeps nothing.
Options: `--seconds=8` for each cell; `--soak=600` then cuts the connections of 200 viewers at random for so
many seconds, and restarts the web process in the middle; `--only-soak` leaves the table out.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO, Any

from bench import _stream_soak
from bench.table import show
from launch import setup
from launch.processes import Stack, free_port

CELLS = {
    (1, 1): 5,
    (1, 100): 8,
    (1, 500): 20,
    (1, 1000): 40,
    (200, 200): 15,
}  # (runs, viewers) → target p99, ms
HEAD = [
    "runs × viewers",
    "what",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "events got",
    "missing",
    "CPU µs each",
    "KB a viewer",
    "p99 ≤",
]


def python(module: str, *words: str, env: dict[str, str], **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [str(setup.PYTHON), "-m", f"bench.{module}", *words], cwd=setup.ROOT, env=env, **options
    )


def resident(pid: int) -> float:
    """KB of memory that is the process's own."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(float(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private_"))


def spent(pid: int) -> float:
    """Seconds of CPU the process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def line(pipe: IO[bytes] | None) -> bytes:
    assert pipe is not None
    found = pipe.readline()
    if not found:
        raise RuntimeError("a part of the bench has ended early")
    return found


class Site(Stack):
    """The stack with the web process's WebSocket protocol that shares frames."""

    def spawn(
        self, name: str, command: list[str], env: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        protocol = "coursesite.websocket:SharedFrames"
        return super().spawn(
            name, [protocol if word == "websockets-sansio" else word for word in command], env
        )


class Bench:
    def __init__(self, stack: Stack, seconds: float) -> None:
        self.stack = stack
        self.seconds = seconds
        self.url = f"unix://{stack.var}/valkey.sock"
        self.bare_socket = str(stack.var / "bare.sock")
        self.bare_port = free_port()

    def cell(self, name: str, runs: int, viewers: int) -> list[object]:
        """One measurement: viewers first, then events, then what they say."""
        ids = [secrets.token_urlsafe(16) for _ in range(runs)]
        bare = name == "bare"
        if bare:
            words = (str(self.bare_port), self.bare_socket)
            server = python("_stream_bare", *words, env=self.stack.env, stdout=subprocess.PIPE)
            line(server.stdout)
            pid, port, target = server.pid, self.bare_port, self.bare_socket
            paths = [f"/run/{number}" for number in range(runs)]
        else:
            self.stack.stop_one("web")  # a fresh one: memory that an earlier cell freed would hide this one's
            self.stack.start_web()
            pid, port, target = self.stack.running["web"].pid, self.stack.port, self.url
            paths = [f"/ws/runs/{run}/" for run in ids]
            self.announce(ids)
        before = resident(pid)
        watching = python(
            "_stream_viewers",
            *(str(port), ",".join(paths), str(viewers)),
            env=self.stack.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            line(watching.stdout)
            producing = python(
                "_stream_producer",
                *(target, ",".join(ids), str(self.seconds)),
                env=self.stack.env,
                stdout=subprocess.PIPE,
            )
            line(producing.stdout)
            cpu = spent(pid)
            time.sleep(self.seconds * 0.8)
            each = (resident(pid) - before) / viewers
            line(producing.stdout)
            cpu = spent(pid) - cpu
            producing.wait()
            time.sleep(0.7)
            assert watching.stdin is not None
            watching.stdin.write(b"\n")
            watching.stdin.flush()
            got = json.loads(line(watching.stdout))
        finally:
            watching.kill()
            watching.wait()
            if bare:
                server.terminate()
                server.wait()
        faults = f"{got['missing']}" if got["last"][0] == got["last"][1] or runs > 1 else f"{got['last']}"
        memory = f"{each:.1f}" if viewers >= 100 else ""
        return [
            f"{runs} × {viewers}",
            name,
            *got["late"],
            got["count"],
            faults,
            cpu / got["count"] * 1e6,
            memory,
        ]

    def announce(self, ids: list[str]) -> None:
        """The runs exist before anybody looks."""
        import redis

        with redis.Redis.from_url(self.url) as client:
            for run in ids:
                client.hset(f"run:{run}", mapping={"state": "running", "attempt": 1, "queue": "demo"})


def main(options: list[str]) -> None:
    chosen = dict(option.lstrip("-").partition("=")[::2] for option in options)
    with (
        tempfile.TemporaryDirectory(prefix="poligon-") as folder,
        Site(Path(folder), port=free_port()) as stack,
    ):
        stack.env["DJANGO_SETTINGS_MODULE"] = "bench._stream_site"
        stack.start_valkey()
        setup.site_data(stack.env)
        stack.start_web()
        if "only-soak" not in chosen:
            bench = Bench(stack, float(chosen.get("seconds", 8)))
            rows = []
            for (runs, viewers), target in CELLS.items():
                for name in ("bare", "site"):
                    rows.append([*bench.cell(name, runs, viewers), target if name == "site" else ""])
            show("Events at 50 a second a run, emission to viewer", HEAD, rows)
        if "soak" in chosen or "only-soak" in chosen:
            _stream_soak.main(stack, float(chosen.get("soak") or 60))
