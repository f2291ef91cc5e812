"""The judge's end of the pipe: whole lines in bounded time and size, checked before anyone believes them.

Whatever the other side writes is a claim by hostile code. Nothing here trusts it to be JSON, to be short,
to be an answer at all, or to come. Format: `docs/judge.md`.

    Breach                   the solution broke the rules of the conversation; its text is for the learner
    ├── Late                 it did not answer in time
    ├── Gone                 its process ended
    └── Refused              it has an answer that cannot be told; the conversation itself is in order
"""

from __future__ import annotations

import json
import os
import select
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.judge.patience import Patience
from sandbox.limits import EXCHANGE

LARGEST = float("inf")


class Breach(Exception):
    """The world cannot be asked any more; `str()` tells the learner why."""


class Late(Breach):
    """Wall time ran out."""


class Gone(Breach):
    """The process ended, or the whole jail did."""


class Refused(Breach):
    """An answer too big or too deep."""


class Jail(Protocol):
    """What the judge needs of a jail."""

    @property
    def control(self) -> int: ...

    @property
    def events(self) -> int: ...

    def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Thing:
    """An object that stayed in the jail, as described by whoever owns it. Equal to no data.

    `ref` is its number there when it can be used in further calls, else 0.
    """

    type: str
    text: str
    ref: int = 0

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


class Line:
    """One conversation over a jail's two descriptors, one line at a time."""

    def __init__(self, jail: Jail) -> None:
        self.jail = jail
        self.kept = b""
        self.incoming = select.poll()
        self.incoming.register(jail.events, select.POLLIN)
        self.outgoing = select.poll()
        self.outgoing.register(jail.control, select.POLLOUT)

    def send(self, message: dict[str, Any], patience: Patience) -> None:
        """Write one line. Raises Breach, also when something came unasked."""
        self.quiet()
        self.write(ENCODER.encode(message).encode() + b"\n", patience)

    def write(self, data: bytes, patience: Patience) -> None:
        while data:
            try:
                data = data[os.write(self.jail.control, data) :]
            except BlockingIOError:
                wait(self.outgoing, patience)
            except OSError as error:
                raise Gone("процесс решения завершился") from error

    def quiet(self) -> None:
        """Raises Breach if the other side has spoken out of turn."""
        if self.kept:
            raise Breach("решение написало в канал проверки лишнее: ответ, о котором его не спрашивали")
        for _, happened in self.incoming.poll(0):
            if happened & select.POLLIN:
                raise Breach("решение написало в канал проверки лишнее: ответ, о котором его не спрашивали")
            raise Gone("процесс решения завершился")

    def receive(self, patience: Patience) -> dict[str, Any]:
        """The next line as an object. Raises Late, Gone or Breach."""
        while True:
            line, found, rest = self.kept.partition(b"\n")
            if found:
                self.kept = rest
                return parse(line)
            if len(line) > EXCHANGE.line:
                raise Breach("ответ решения слишком велик")
            wait(self.incoming, patience)
            try:
                data = os.read(self.jail.events, EXCHANGE.line)
            except BlockingIOError:
                continue
            except OSError as error:
                raise Gone("процесс решения завершился") from error
            if not data:
                raise Gone("процесс решения завершился")
            self.kept += data


def wait(watch: select.poll, patience: Patience) -> None:
    """Until something happens to the descriptor. Raises Late when there is no more patience."""
    while left := patience.left():
        if watch.poll(left * 1000):
            return
    raise Late("решение не ответило вовремя")


def parse(line: bytes) -> dict[str, Any]:
    """One line as a JSON object of exact, finite, bounded values. Raises Breach."""
    if len(line) > EXCHANGE.line:
        raise Breach("ответ решения слишком велик")
    try:
        text = line.decode("utf-8")
        message, end = DECODER.raw_decode(text)
        if type(message) is not dict or end != len(text):
            raise ValueError("not an object")
        opened = line.count(b"[") + line.count(b"{")
        if opened > EXCHANGE.depth or len(line) > EXCHANGE.text:  # else nothing can be too big
            bound(message, 0)
    except (ValueError, RecursionError) as error:
        raise Breach("ответ решения не разобрать: канал проверки испорчен") from error
    return message


def refuse(constant: str) -> float:
    raise ValueError(constant)


def finite(text: str) -> float:
    value = float(text)
    if not -LARGEST < value < LARGEST:  # 1e999 is read as infinity
        raise ValueError("not finite")
    return value


def whole(text: str) -> int:
    value = int(text)
    if not -(2**63) < value < 2**63:
        raise ValueError("too big")
    return value


DECODER = json.JSONDecoder(parse_constant=refuse, parse_float=finite, parse_int=whole)
ENCODER = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def bound(value: Any, depth: int) -> None:
    """Raises ValueError when a value is too deep or too long."""
    kind = type(value)
    if kind is dict or kind is list:
        if depth > EXCHANGE.depth:
            raise ValueError("too deep")
        for item in value if kind is list else (*value, *value.values()):
            if item is not None:
                bound(item, depth + 1)
    elif kind is str and len(value) > EXCHANGE.text:
        raise ValueError("too long")


def unpack(packed: Any) -> Any:
    """A value that `guest.plain` packed. Raises Breach when it is not one."""
    try:
        return unpacked(packed)
    except (ValueError, TypeError, KeyError) as error:
        raise Breach("ответ решения не разобрать: канал проверки испорчен") from error


def unpacked(packed: Any) -> Any:
    if type(packed) is list:
        return [unpacked(item) for item in packed]
    if type(packed) is not dict:
        return packed
    ((tag, held),) = packed.items()
    if tag == "$tuple":
        return tuple(unpacked(item) for item in field(held, list))
    if tag == "$dict":
        return {unpacked(key): unpacked(item) for key, item in field(held, list)}
    if tag == "$float":
        return {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}[held]
    if tag == "$bytes":
        return bytes.fromhex(field(held, str))
    if tag == "$object":
        return Thing(field(held["type"], str), field(held["text"], str), field(held.get("ref", 0), int))
    raise ValueError(tag)


def field(value: Any, kind: type) -> Any:
    """The value, which must be exactly of `kind`. Raises ValueError."""
    if type(value) is not kind:
        raise ValueError(f"{kind.__name__} expected")
    return value
