"""Emits events at a steady rate for a while: into Valkey as workers do, or to the bare server's socket.

python -m bench._stream_producer TARGET RUNS SECONDS  (TARGET: a unix:// URL or a unix socket's path)
Each event says when it was emitted (`at`, CLOCK_MONOTONIC, which all processes of a machine share).
"""

from __future__ import annotations

import json
import random
import socket
import sys
import time

from sandbox import stream
from sandbox.tail import bulk

RATE = 50.0  # events a second for each run
PADDING = "x" * 60  # makes an event of some 166 bytes


def event(seq: int, at: float) -> bytes:
    fields = {"id": seq, "ms": 41.5, "ok": True, "note": PADDING, "at": at}
    return stream.encode(seq, seq / RATE, "call.done", fields)


class ToValkey:
    """One XADD an event, written out by hand: two hundred workers' work must fit beside what is measured."""

    def __init__(self, url: str, runs: list[str]) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(url.removeprefix("unix://"))
        self.heads = [
            b"*5\r\n" + b"".join(map(bulk, (b"XADD", stream.log_key(run, 1).encode()))) for run in runs
        ]

    def send(self, due: list[tuple[int, int]]) -> None:
        words = []
        for run, seq in due:
            words += [
                self.heads[run],
                bulk(b"%d-0" % seq),
                b"$1\r\ne\r\n",
                bulk(event(seq, time.monotonic())),
            ]
        self.socket.sendall(b"".join(words))
        left = 2 * len(due)  # an id is answered as a length line and a line
        while left > 0:
            answer = self.socket.recv(65536)
            assert b"-ERR" not in answer, answer[:200]
            left -= answer.count(b"\n")


class ToBare:
    """`<run> <event>` lines over a unix socket."""

    def __init__(self, path: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)

    def send(self, due: list[tuple[int, int]]) -> None:
        lines = [b"%d %s\n" % (run, event(seq, time.monotonic())) for run, seq in due]
        self.socket.sendall(b"".join(lines))


def main(target: str, runs: list[str], seconds: float) -> None:
    sink = ToValkey(target, runs) if "://" in target else ToBare(target)
    begun = time.monotonic()
    next_at = [(begun + random.random() / RATE, run) for run in range(len(runs))]
    next_at.sort()
    seqs = [0] * len(runs)
    print("ready", flush=True)
    while next_at[0][0] < begun + seconds:
        now = time.monotonic()
        if next_at[0][0] > now:
            time.sleep(next_at[0][0] - now)
            now = time.monotonic()
        due = []
        while next_at[0][0] <= now:
            at, run = next_at.pop(0)
            seqs[run] += 1
            due.append((run, seqs[run]))
            next_at.append((at + 1 / RATE, run))  # all have the same rate: the order is kept
        sink.send(due)
    print(json.dumps({"events": sum(seqs)}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2].split(","), float(sys.argv[3]))
