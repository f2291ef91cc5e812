"""Emits events at a steady rate for a while: into Valkey as workers do, or to the bare server's socket.

python -m bench._stream_producer TARGET RUNS SECONDS  (TARGET: a Redis URL or a unix socket's path)
Each event says when it was emitted (`at`, CLOCK_MONOTONIC, which all processes of a machine share).
"""

from __future__ import annotations

import json
import random
import socket
import sys
import time

from sandbox import stream

RATE = 50.0  # events a second for each run
PADDING = "x" * 60  # makes an event of some 166 bytes


def event(seq: int, at: float) -> bytes:
    fields = {"id": seq, "ms": 41.5, "ok": True, "note": PADDING, "at": at}
    return stream.encode(seq, seq / RATE, "call.done", fields)


class ToValkey:
    """One pipelined XADD an event, and nothing waited for but the answers."""

    def __init__(self, url: str, runs: list[str]) -> None:
        self.client = stream.connect(url)
        self.runs = runs
        for run in runs:
            self.client.hset(stream.run_key(run), mapping={"state": "running", "attempt": 1, "queue": "demo"})

    def send(self, due: list[tuple[int, int]]) -> None:
        pipe = self.client.pipeline(transaction=False)
        for run, seq in due:
            pipe.xadd(stream.log_key(self.runs[run], 1), {"e": event(seq, time.monotonic())}, id=f"{seq}-0")
        pipe.execute()


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
