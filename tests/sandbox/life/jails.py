"""Jails without walls: a real process behind the two pipes, for tests of what happens outside a jail."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PRELUDE = """
import json, os, sys, time
CONTROL, EVENTS = int(sys.argv[1]), int(sys.argv[2])
control = os.fdopen(CONTROL, "rb", buffering=0)
def line():
    return json.loads(control.readline())
def say(kind, t, **fields):
    os.write(EVENTS, json.dumps({"t": t, "kind": kind, **fields}).encode() + b"\\n")
start = line()
"""


@dataclass(frozen=True)
class Outcome:
    kind: str
    exit_code: int | None = None
    stderr: str = ""


@dataclass(frozen=True)
class Usage:
    cpu_seconds: float
    out_of_memory: bool = False


class OpenJail:
    """Runs `script` after PRELUDE."""

    def __init__(self, script: str) -> None:
        theirs_in, self.control = os.pipe()
        self.events, theirs_out = os.pipe()
        os.set_blocking(self.control, False)
        os.set_blocking(self.events, False)
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", PRELUDE + script, str(theirs_in), str(theirs_out)],
            pass_fds=(theirs_in, theirs_out),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def outcome(self) -> Outcome:
        code = self.process.wait()
        return Outcome("out_of_memory") if code == -9 else Outcome("exited", code)

    def usage(self) -> Usage:
        if self.process.poll() is not None:
            return Usage(0.0)
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return Usage((int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"))

    def close(self) -> None:
        self.stop()
        os.close(self.control)
        os.close(self.events)


class OpenJails:
    """A pool of them, one script for all."""

    def __init__(self, script: str) -> None:
        self.script = script
        self.taken = 0

    @contextmanager
    def take(self) -> Iterator[OpenJail]:
        self.taken += 1
        jail = OpenJail(self.script)
        try:
            yield jail
        finally:
            jail.close()
