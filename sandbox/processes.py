"""A tree of processes, read from /proc: for jails that have no cgroup to ask."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Usage:
    """What a living jail uses now: bytes and seconds of CPU, all its processes together.

    `out_of_memory`: the kernel has killed one of them for it; not known where no cgroup counts.
    """

    memory: int
    cpu_seconds: float
    out_of_memory: bool = False


def descendants(process: int) -> list[int]:
    """Numbers of the children of a process, their children and so on; empty when there is no such process."""
    found: list[int] = []
    waiting = [process]
    while waiting:
        parent = waiting.pop()
        try:
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        except OSError:
            continue
        found += map(int, children)
        waiting += map(int, children)
    return found


def used_by(processes: list[int]) -> Usage:
    """What these processes use, and the CPU of those they have reaped."""
    memory, ticks = 0, 0
    for process in processes:
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(map(int, fields[11:15]))
        memory += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return Usage(memory, ticks / os.sysconf("SC_CLK_TCK"))
