"""What the launcher prints: one line a step, in Russian, with the remedy when a step cannot be done."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


class Trouble(Exception):
    """A step cannot be done. `remedy` says what the person at the keyboard can do about it."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


def say(text: str) -> None:
    print(text, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Print the step before it begins and how long it took after."""
    print(f"  • {title} … ", end="", flush=True)
    begun = time.monotonic()
    try:
        yield
    except BaseException:
        print("не вышло", flush=True)
        raise
    print(f"{time.monotonic() - begun:.1f} с", flush=True)


def quietly(
    command: Sequence[str | Path],
    remedy: str,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> str:
    """Run a command and return what it printed; on failure raise Trouble with its last lines."""
    done = subprocess.run(
        [str(word) for word in command],
        env=env,
        cwd=cwd,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        tail = "\n".join(done.stdout.strip().splitlines()[-15:])
        raise Trouble(
            f"команда «{Path(command[0]).name} {' '.join(map(str, command[1:3]))}» не удалась:\n{tail}",
            remedy,
        )
    return done.stdout


def utf8() -> None:
    """Print Russian even where the locale is C."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
