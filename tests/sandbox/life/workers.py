"""Real Celery workers, each a process to be killed, with the judge and the jails of `celeryapp`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.sandbox.life.web import ROOT


class Workers:
    """The first judging of all hangs, until `go_on` or with its worker; it makes `begun` when it begins."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.folder = folder
        self.redis_url = redis_url
        self.begun = folder / "begun"
        self.log = folder / "worker.log"
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, **more: str) -> subprocess.Popen[bytes]:
        command = "-m celery -A tests.sandbox.life.celeryapp worker -P threads -c 2 -Q demo,judge -l WARNING"
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command.split(), "--without-gossip", "--without-mingle"],
                cwd=ROOT,
                env={**os.environ, "REDIS_URL": self.redis_url, "BEGUN": str(self.begun), **more},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def go_on(self) -> None:
        self.begun.with_name("go-on").touch()

    @staticmethod
    def kill(process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        for process in self.started:
            self.kill(process)
