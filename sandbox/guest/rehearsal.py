"""A demo run outside the jail: for the course's own, trusted content (recordings, content tests).

The same runner as in the jail, in a fresh interpreter with the same fixed hash seed, so its log equals
the jail's. Never for learners' code.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

# What both the jail and a rehearsal set, so that their logs agree.
ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUTF8": "1",
    "PYTHONNODEBUGRANGES": "1",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
}


class RehearsalFailed(Exception):
    """The run did not come to its own end; the message is what the interpreter printed."""


def run(
    files: Mapping[str, str],
    *,
    seed: int,
    duration: float,
    controls: Mapping[str, bool | int | float | str],
    script: Iterable[tuple[float, str, bool | int | float | str]] = (),
    clock: str = "virtual",
    touched: Iterable[str] = (),
    preload: Iterable[str] = (),
    timeout: float = 120.0,
) -> list[dict[str, Any]]:
    """The numbered events of one unpaced run. `duration` is in scenario seconds, `timeout` in wall seconds.

    `touched` names the controls that the reader has set before the start: the story leaves them alone;
    `preload` the packages imported before the learner's code.
    Raises RehearsalFailed when no `run.ended` was written, subprocess.TimeoutExpired when it takes too long.
    A learner-visible failure (`problem`) is part of the log and raises nothing.
    """
    start = {
        "op": "start",
        "mode": "demo",
        "files": dict(files),
        "seed": seed,
        "duration": duration,
        "pace": None,
        "controls": dict(controls),
        "script": [list(cue) for cue in script],
        "clock": clock,
        "touched": list(touched),
        "preload": list(preload),
    }
    with tempfile.TemporaryDirectory(prefix="poligon-") as folder:
        entry = "from sandbox.guest.rehearsal import main; main()"
        done = subprocess.run(
            [sys.executable, "-sP", "-c", entry],
            input=json.dumps(start, ensure_ascii=False).encode() + b"\n",
            capture_output=True,
            cwd=folder,
            env={**ENVIRONMENT, "PATH": os.defpath, "PYTHONPATH": str(ROOT)},
            timeout=timeout,
            check=False,
        )
    events = [{"seq": seq, **json.loads(line)} for seq, line in enumerate(done.stdout.splitlines(), 1)]
    if not events or events[-1]["kind"] != "run.ended":
        raise RehearsalFailed(done.stderr.decode("utf-8", "replace") or "the run ended without run.ended")
    return events


def main() -> None:
    """The child's entry: start message on fd 0, events on fd 1."""
    from sandbox.guest import runner

    events = os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    message = json.loads(sys.stdin.buffer.readline())
    runner.rehearse(message, events, Path.cwd())
