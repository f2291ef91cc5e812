"""The log of a run in Valkey: keys, append, read.

One stream per attempt of a run. An entry holds the event lines that one read of the jail's pipe
returned, joined by newlines in field `e`; its id is `<seq of its last event>-0`, so Valkey itself refuses
a batch that is repeated or out of order. Lines stay bytes: nobody between jail and browser parses them.
"""

from __future__ import annotations

import json
import math
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import redis

T = TypeVar("T")

RUN_ID = re.compile(r"[-0-9A-Z_a-z]{22}")

ENDED = "sandbox:ended"  # one entry per ended attempt, kept until the registrar has archived it
CHANGES = "sandbox:changes"  # every change of state, for viewers and rows; may be trimmed
ACTIVE = "sandbox:active"  # runs that some worker holds a lease on
CHANGES_KEPT = 10_000
CONTROLS_KEPT = 1_000
LOG_KEPT = 200_000  # entries: above any run's bound of events, so nothing of a live run is ever trimmed
UNFINISHED_TTL = 24 * 3600  # s: a run that nobody ever ends must not stay in memory for ever
ENDED_TTL = 600  # s: viewers of a run that has just ended read on from the stream


def run_key(run: str) -> str:
    return f"run:{run}"


def log_key(run: str, attempt: int) -> str:
    return f"run:{run}:{attempt}"


def lease_key(run: str) -> str:
    return f"run:{run}:lease"


def worker_key(worker: str) -> str:
    return f"worker:{worker}:alive"


def control_key(run: str) -> str:
    return f"run:{run}:control"


def queue_key(queue: str) -> str:
    """Sorted set of the runs that wait in a queue, by order of arrival: says each its position."""
    return f"sandbox:queue:{queue}"


class OutOfOrder(Exception):
    """The log already holds an event with this or a later number."""


class Forgotten(Exception):
    """The log that was being written is not there any more: Valkey has lost it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some consecutive events: `payload` is their JSON lines joined by newlines."""

    last: int
    count: int
    payload: bytes

    @property
    def before(self) -> int:
        """The seq just before the first event of the batch."""
        return self.last - self.count

    def after(self, seq: int) -> Batch:
        """The part of the batch that follows event `seq` (the batch itself when all of it does)."""
        skip = seq - self.before
        if skip <= 0:
            return self
        lines = self.payload.split(b"\n")[skip:]
        return Batch(self.last, len(lines), b"\n".join(lines))

    def lines(self) -> list[bytes]:
        return self.payload.split(b"\n") if self.count else []


def batch(entry_id: bytes, payload: bytes) -> Batch:
    """The batch stored under `entry_id`."""
    return Batch(int(entry_id.partition(b"-")[0]), payload.count(b"\n") + 1, payload)


def connect(url: str, *, block: float = 5.0, connections: int = 256) -> redis.Redis:
    """A client that speaks bytes. `block` bounds, in seconds, how long any answer may take to come."""
    return redis.Redis.from_url(
        url, protocol=2, socket_timeout=block, socket_connect_timeout=5.0, max_connections=connections
    )


AWAY = (redis.ConnectionError, redis.TimeoutError)  # what a broker that does not answer is told by
PAUSE = 0.2  # s between questions to it


def patiently(
    question: Callable[[], T], *, seconds: float = math.inf, over: threading.Event | None = None
) -> T:
    """The broker's answer, asked for again while it is away: for so many `seconds`, or until `over` is set.

    A question may have been heard although its answer was lost: it must bear being asked twice.
    """
    until = time.monotonic() + seconds
    wait = (over or threading.Event()).wait
    while True:
        try:
            return question()
        except AWAY:
            if time.monotonic() > until or wait(PAUSE):
                raise


class Log:
    """The log of one attempt, as one process appends to it or reads it back."""

    def __init__(self, client: redis.Redis, run: str, attempt: int) -> None:
        self.client = client
        self.key = log_key(run, attempt)

    def append(self, last: int, lines: Sequence[bytes], *, begun: bool = False) -> None:
        """Add events numbered up to `last`. Raises OutOfOrder when the log is already past that number.

        A log that was `begun` earlier is not begun a second time: Forgotten when it is not there.
        """
        try:
            added = self.client.xadd(
                self.key,
                {"e": b"\n".join(lines)},
                id=f"{last}-0",
                maxlen=LOG_KEPT,
                approximate=True,
                nomkstream=begun,
            )
        except redis.ResponseError as error:
            if "equal or smaller" in str(error):
                raise OutOfOrder(f"{self.key}: {last}") from error
            raise
        if added is None:
            raise Forgotten(self.key)

    def read(self, after: int = 0, count: int = 500) -> Iterator[Batch]:
        """Batches with the events that follow `after`, in order."""
        while True:
            entries = cast(
                "list[tuple[bytes, dict[bytes, bytes]]]",
                self.client.xrange(self.key, min=f"({after}-0", max="+", count=count),
            )
            for entry_id, fields in entries:
                found = batch(entry_id, fields[b"e"]).after(after)
                after = found.last
                yield found
            if len(entries) < count:
                return

    def tail(self) -> Batch | None:
        """The newest batch, or None for an empty log."""
        entries = cast("list[tuple[bytes, dict[bytes, bytes]]]", self.client.xrevrange(self.key, count=1))
        return batch(entries[0][0], entries[0][1][b"e"]) if entries else None


def encode(seq: int, t: float, kind: str, fields: dict[str, Any]) -> bytes:
    """One event as a line: `seq`, `t`, `kind` first, no spaces. Raises ValueError for NaN and infinities."""
    event = {"seq": seq, "t": t, "kind": kind, **fields}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def time_of(line: bytes) -> float:
    """Scenario time of an event of ours, in seconds."""
    return float(json.loads(line)["t"])


def send_control(client: redis.Redis, run: str, message: dict[str, Any]) -> None:
    """Leave a control message for whichever worker holds the run, or will take it."""
    pipe = client.pipeline(transaction=False)
    pipe.xadd(control_key(run), {"m": json.dumps(message, ensure_ascii=False)}, maxlen=CONTROLS_KEPT)
    pipe.expire(control_key(run), UNFINISHED_TTL)
    pipe.execute()


def lines_of(batches: Iterable[Batch]) -> Iterator[bytes]:
    for found in batches:
        yield from found.lines()
