"""The two pipes of a jail, as the guest sees them: control lines in, event lines out."""

from __future__ import annotations

import io
import json
import os
from threading import Lock
from typing import Any, BinaryIO

CHUNK = 65536
LARGEST = 1.7e308  # a browser reads a larger number as infinity

Event = dict[str, Any]

_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def encode(event: Event) -> bytes:
    """One line of the log. Raises ValueError for NaN and infinities, TypeError for what JSON cannot hold."""
    return _dumps(event).encode("utf-8", "replace") + b"\n"


def flaw(name: str, value: object) -> str | None:
    """Why `value` cannot be the field `name` of an event (in Russian), or None when it can.

    Fields are flat so that any reader of the log, now or in ten years, needs no nested knowledge.
    """
    if value is None or isinstance(value, bool | str):
        return None
    if isinstance(value, int):
        return None if -LARGEST < value < LARGEST else f"поле «{name}»: число слишком велико для журнала"
    if isinstance(value, float):
        finite = value - value == 0
        return None if finite else f"поле «{name}»: {value} нельзя записать в журнал"
    if isinstance(value, list | tuple):
        if len(value) > 64:
            return f"поле «{name}»: в списке {len(value)} значений, можно не больше 64"
        if all(item is None or isinstance(item, bool | int | float | str) for item in value):
            return next((text for item in value if (text := flaw(name, item))), None)
    return (
        f"поле «{name}»: {type(value).__name__} нельзя записать в журнал; "
        "можно число, строку, True, False, None или короткий список из них"
    )


class Outbox:
    """The event pipe. Each line is written at once, so nothing is lost when the code then hangs or dies."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.count = 0
        self._lock = Lock()

    def write(self, event: Event) -> None:
        rest = encode(event)
        with self._lock:
            self.count += 1
            while rest:
                rest = rest[os.write(self.fd, rest) :]


class Inbox:
    """The control pipe: JSON objects, one a line."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.closed = False
        self._rest = b""

    def first(self) -> dict[str, Any]:
        """Wait for one message. Raises EOFError at the end of the pipe, ValueError for no message."""
        while b"\n" not in self._rest:
            chunk = os.read(self.fd, CHUNK)
            if not chunk:
                raise EOFError("the control pipe was closed before the start message")
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        return _message(line)

    def waiting(self) -> list[dict[str, Any]]:
        """The messages that have already arrived. Never blocks; `closed` is True at the end of the pipe."""
        os.set_blocking(self.fd, False)
        while not self.closed:
            try:
                chunk = os.read(self.fd, CHUNK)
            except BlockingIOError:
                break
            self.closed = not chunk
            self._rest += chunk
        *lines, self._rest = self._rest.split(b"\n")
        return [_message(line) for line in lines if line.strip()]

    def stream(self) -> BinaryIO:
        """The rest of the pipe as a blocking, buffered binary file."""
        return io.BufferedReader(_Rest(self._rest, self.fd))


class _Rest(io.RawIOBase):
    """What was read too far, then the pipe itself."""

    def __init__(self, ahead: bytes, fd: int) -> None:
        self._ahead = ahead
        self._fd = fd

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fd

    def readinto(self, buffer: Any) -> int:
        if self._ahead:
            taken, self._ahead = self._ahead[: len(buffer)], self._ahead[len(buffer) :]
        else:
            taken = os.read(self._fd, len(buffer))
        buffer[: len(taken)] = taken
        return len(taken)


def _message(line: bytes) -> dict[str, Any]:
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("a control message must be a JSON object")
    return message
