"""Runs demos in real jails, for the tests of the jail and of the lab."""

from __future__ import annotations

import json
import os
import select
import textwrap
import time
from dataclasses import dataclass
from typing import Any

from sandbox.jail import Jail, Outcome

PATIENCE = 30.0  # s until a test that hears nothing gives up


@dataclass(frozen=True, slots=True)
class Told:
    """What a run said, and how its jail ended."""

    raw: bytes
    outcome: Outcome

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.raw.splitlines()]

    def kinds(self) -> list[str]:
        return [event["kind"] for event in self.events]

    def one(self, kind: str) -> dict[str, Any]:
        (event,) = [event for event in self.events if event["kind"] == kind]
        return event


def start(demo: str, **other: Any) -> dict[str, Any]:
    """A start message for `demo`, unpaced unless told otherwise."""
    files = {"demo.py": textwrap.dedent(demo), **other.pop("files", {})}
    plain = {"seed": 7, "duration": 60.0, "pace": None, "controls": {}, "script": [], "clock": "virtual"}
    return {"op": "start", "mode": "demo", "files": files, **plain, **other}


class Listener:
    """Reads a jail's events as they come."""

    def __init__(self, jail: Jail) -> None:
        self.jail = jail
        self.raw = b""
        self.ended = False

    def more(self, seconds: float = PATIENCE) -> bool:
        """Read once; False at the end or when nothing came for so long."""
        poll = select.poll()
        poll.register(self.jail.events, select.POLLIN)
        if not poll.poll(seconds * 1000):
            return False
        chunk = os.read(self.jail.events, 65536)
        self.raw += chunk
        self.ended = not chunk
        return not self.ended

    def until(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        """Read until that many events of a kind have come; those events."""
        give_up = time.monotonic() + PATIENCE
        while True:
            whole = self.raw[: self.raw.rfind(b"\n") + 1].splitlines()
            found = [event for event in map(json.loads, whole) if event["kind"] == kind]
            if len(found) >= count:
                return found
            assert time.monotonic() < give_up, f"no {kind} in …{self.raw[-500:]!r}"
            assert self.more(), f"ended without {kind}: …{self.raw[-500:]!r}"

    def rest(self) -> bytes:
        """Everything up to the end."""
        give_up = time.monotonic() + PATIENCE
        while not self.ended and time.monotonic() < give_up:
            self.more(1.0)
        return self.raw


def play(jail: Jail, demo: str, **other: Any) -> Told:
    """Run a demo to its end."""
    jail.wait_ready()
    jail.send(start(demo, **other))
    raw = Listener(jail).rest()
    return Told(raw, jail.outcome())
