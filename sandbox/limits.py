"""Every bound on a learner's code, in one place, each with its reason.

Units are in the names' comments. The jail, the worker and the site read these numbers and nothing else;
texts about them come from `Limits.text`, so the number a reader sees is the number that holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MIB = 1024 * 1024
NBSP = "\N{NO-BREAK SPACE}"

Bound = Literal[
    "memory",
    "processes",
    "cpu",
    "wall",
    "disk",
    "output",
    "events_per_second",
    "event_bytes",
    "events",
    "log",
    "duration",
]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one jail may use, and what one run may say."""

    # Bytes, summed over the jail's processes (cgroup) or each one's (rlimit). Three real Valkey nodes and the
    # interpreter need about 60 MiB; twice that leaves room for a learner's own mistakes.
    memory: int = 128 * MIB
    # Bytes in buffers of TCP and UDP sockets, where the kernel counts them apart from memory (cgroup v1): 200
    # connections that are read hold a few; without it one jail could hold gigabytes.
    sockets: int = 32 * MIB
    # Processes and threads. asyncio's default executor starts up to 32 threads on a large machine.
    processes: int = 64
    # Open files of one process: 200 connections with both ends, and what the interpreter holds.
    open_files: int = 512
    # Bytes of all files together: sources, a small database, Valkey's dumps. Charged to memory too.
    disk: int = 32 * MIB
    # Files and folders together: so that empty ones cannot eat kernel memory.
    disk_nodes: int = 2048
    # Bytes of one file: the disk's bound already holds, this one stops a runaway writer early.
    file_size: int = 16 * MIB
    # CPU seconds of the whole jail. A paced demo of two minutes uses about 2 s; the rest is for real work.
    cpu: float = 30.0
    # Share of one core: a busy loop must not take the machine from the neighbours.
    cores: float = 1.0
    # Wall seconds from the start message to the end, pauses included: a forgotten tab frees its place.
    wall: float = 600.0
    # Wall seconds a jail may take to get warm: 20 times the measured worst case, for a loaded machine.
    warm_up: float = 20.0
    # Wall seconds between asking a run to stop and killing it.
    grace: float = 0.3
    # Bytes of print() in one run: some 2,000 full lines, more than anybody reads.
    output: int = 256 * 1024
    # Events per wall second, averaged by the worker over a few seconds: ten times what a scene can show.
    events_per_second: int = 2000
    # Bytes of one event's line: a scene's event is about 170 bytes, a long traceback about 3,000.
    event_bytes: int = 8 * 1024
    # Events of one run: two minutes at 400 a second; the archive of so many stays under 1 MiB.
    events: int = 50_000
    # Bytes of all its events: as many of the usual 170 bytes fill half of it. Long ones would come to 400 MiB
    # of the broker's memory.
    log: int = 16 * MIB
    # Scenario seconds of one run: a scrubber over more than that cannot be aimed.
    duration: float = 600.0
    # Bytes of the files of a run together: two modules of some 2,000 lines.
    files: int = 256 * 1024
    # Whether a warm jail has got ready for a judging's worlds, too: that takes 0.4 MiB, which no demo needs.
    worlds: bool = False

    def text(self, bound: Bound) -> str:
        """One Russian phrase that names the bound and its number, fit for the end of a sentence."""
        return {
            "memory": f"превышен лимит памяти: {mebibytes(self.memory)}",
            "processes": f"превышен лимит процессов и потоков: {self.processes}",
            "cpu": f"превышен лимит процессорного времени: {seconds(self.cpu)}",
            "wall": f"превышено время прогона: {seconds(self.wall)}",
            "disk": f"превышен лимит места для файлов: {mebibytes(self.disk)}",
            "output": f"превышен лимит печати: {self.output // 1024}{NBSP}КиБ",
            "events_per_second": f"событий в секунду больше, чем можно: {whole(self.events_per_second)}",
            "event_bytes": f"событие длиннее, чем можно: {whole(self.event_bytes)}{NBSP}байт",
            "events": f"событий за прогон больше, чем можно: {whole(self.events)}",
            "log": f"журнал прогона длиннее, чем можно: {mebibytes(self.log)}",
            "duration": f"сценарий длиннее, чем можно: {seconds(self.duration)}",
        }[bound]


# A demo: watched, paced, paused by people.
DEMO = Limits()

# Grading: unpaced and unwatched, so seconds and not minutes; the judge bounds each case apart.
JUDGE = Limits(cpu=20.0, wall=60.0, worlds=True)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What one conversation between the judge and a world may be: in size, in depth, in patience."""

    # Bytes of one line: an honest answer is a few hundred; the guest's longest string is 20,000 characters.
    line: int = 64 * 1024
    # Levels of JSON: the guest sends values of at most 12, each level worth up to 3 of these.
    depth: int = 40
    # Characters of one string: what a judge compares fits many times over.
    text: int = 20_000
    # Calls of stubs in one world: the longest property makes some fifty; a loop that never stops, no end.
    asks: int = 2_000
    # Virtual seconds that a call may take before it is said never to end: no exercise waits an hour.
    horizon: float = 3_600.0
    # Lines of the record that a learner reads beside a failure, and characters of one: a screenful.
    steps: int = 40
    step: int = 180
    # Events of one case's trace: the scene of a case is seconds long, some ten events each.
    trace: int = 600
    # Virtual seconds that the picture of a case goes on after it failed at its very beginning, and in what
    # steps: long enough for packets under way to arrive; a case that failed later has a picture already.
    afterwards: float = 1.0
    afterwards_step: float = 0.25
    # Wall seconds for a fresh jail to take the file and compile it: a hundred times the usual.
    loading: float = 10.0
    # Wall seconds for a world to end: a signal and a kill, unless somebody stopped the parent.
    closing: float = 5.0
    # Seconds that even a solution which keeps hanging is given: its later cases can still be told apart.
    shortest: float = 0.5
    # Broken worlds after which a property is not tried on further seeds: each may cost a jail.
    breaches: int = 3
    # Times its processor seconds that a case may take by the wall's clock: a busy machine fails nobody.
    stretch: float = 3.0
    # Wall seconds in a jail before its meter is read: most cases end sooner, and reading costs 0.3 ms.
    settled: float = 0.05


EXCHANGE = Exchange()


def mebibytes(amount: int) -> str:
    """`128 МиБ` for 134217728; one decimal when it is not whole."""
    value = amount / MIB
    number = f"{value:.0f}" if value == int(value) else f"{value:.1f}".replace(".", ",")
    return f"{number}{NBSP}МиБ"


def seconds(amount: float) -> str:
    """`600 с`, `0,5 с`."""
    return f"{amount:g}".replace(".", ",") + f"{NBSP}с"


def whole(amount: int) -> str:
    """`50 000`: thousands apart by a no-break space, from ten thousand on as Russian print does."""
    return f"{amount:,}".replace(",", NBSP) if amount >= 10_000 else str(amount)
