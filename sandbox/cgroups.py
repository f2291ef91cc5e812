"""Control groups made by us, one for each jail: what bounds a jail as a whole, and tells how it ended.

nsjail can make a cgroup too, but removes it before anyone can ask whether memory ran out. Both versions of
the kernel's interface are spoken; `hierarchy` says where groups may be made, and why not where they cannot.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from sandbox import hierarchy
from sandbox.hierarchy import NoCgroups, unusable
from sandbox.limits import Limits

__all__ = ["Cgroups", "Group", "NoCgroups", "Spent", "find", "unusable"]

PERIOD = 100_000  # µs over which a share of CPU is counted
OWN_PROCESSES = 4  # nsjail, process 1 and what starts them

_numbers = itertools.count(1)  # of the groups this process made, whichever pool asked


@dataclass(frozen=True, slots=True)
class Spent:
    """What a group has used: bytes, seconds, and whether the kernel killed a process of it for memory."""

    memory: int
    peak_memory: int
    cpu_seconds: float
    out_of_memory: bool


class Group:
    """The cgroup of one jail. `doors` are the files a process writes "0" to in order to enter."""

    def __init__(self, folders: dict[str, Path], version: int) -> None:
        self._folders = folders
        self._version = version
        self.doors = [str(folder / "cgroup.procs") for folder in dict.fromkeys(folders.values())]

    def spent(self) -> Spent:
        memory, cpu = self._folders["memory"], self._folders["cpuacct"]
        if self._version == 1:
            return Spent(
                _number(memory / "memory.usage_in_bytes"),
                _number(memory / "memory.max_usage_in_bytes"),
                _number(cpu / "cpuacct.usage") / 1e9,
                _field(memory / "memory.oom_control", "oom_kill") > 0,
            )
        return Spent(
            _number(memory / "memory.current"),
            _number(memory / "memory.peak"),
            _field(cpu / "cpu.stat", "usage_usec") / 1e6,
            _field(memory / "memory.events", "oom_kill") > 0,
        )

    def processes(self) -> list[int]:
        try:
            return [int(word) for word in Path(self.doors[0]).read_text().split()]
        except OSError:
            return []

    def kill(self) -> None:
        """SIGKILL to everything inside, until nothing is."""
        at_once = Path(self.doors[0]).with_name("cgroup.kill")  # version 2, Linux 5.14
        for _ in range(50):
            inside = self.processes()
            if not inside:
                return
            with contextlib.suppress(OSError):
                if self._version == 2:
                    at_once.write_text("1")
            for process in inside:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.01)

    def remove(self) -> None:
        """Remove the group; the kernel may need a moment after the last process."""
        for folder in dict.fromkeys(self._folders.values()):
            for _ in range(50):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.01)
                else:
                    break


class Cgroups:
    """Where this process may make groups. `homes` maps a controller to the folder our groups lie in."""

    def __init__(self, place: hierarchy.Place) -> None:
        self._place = place
        self.homes = place.homes
        self.version = place.version
        # Names carry the maker (and its PID namespace), so that what a killed worker left can be told from a
        # neighbour's.
        self._space = os.stat("/proc/self/ns/pid").st_ino
        self.sweep()

    def make(self, limits: Limits) -> Group:
        """A new group with these limits. Raises OSError."""
        name = f"{self._space}-{os.getpid()}-{next(_numbers)}"
        folders = {controller: home / name for controller, home in self.homes.items()}
        group = Group(folders, self.version)
        try:
            for folder in dict.fromkeys(folders.values()):
                try:
                    folder.mkdir()
                except FileNotFoundError:  # a neighbour has left, as the last one
                    self._place.prepare()
                    folder.mkdir()
            for controller, file, value, must in _settings(limits, self.version):
                path = folders[controller] / file
                try:
                    path.write_text(value)
                except OSError:
                    if must:
                        raise
        except OSError:
            group.remove()
            raise
        return group

    def sweep(self) -> None:
        """Remove the groups of workers of this PID namespace that are no more."""
        for home in dict.fromkeys(self.homes.values()):
            for folder in home.glob(f"{self._space}-*-*"):
                maker = int(folder.name.split("-")[1])
                if maker != os.getpid() and not Path(f"/proc/{maker}").exists():
                    Group({"memory": folder}, self.version).kill()
                    with contextlib.suppress(OSError):
                        folder.rmdir()

    def made(self) -> list[Path]:
        """The folders of groups that this process made and that are there now."""
        ours = f"{self._space}-{os.getpid()}-*"
        return [folder for home in dict.fromkeys(self.homes.values()) for folder in home.glob(ours)]

    def leave(self) -> None:
        """Remove our folders when no other worker's groups are in them."""
        self._place.leave()


def find() -> Cgroups:
    """The cgroups of this machine. Raises NoCgroups."""
    return Cgroups(hierarchy.find())


def _settings(limits: Limits, version: int) -> list[tuple[str, str, str, bool]]:
    """(controller, file, value, must): swap is bounded where the kernel can, the rest must be."""
    quota = int(limits.cores * PERIOD)
    processes = str(limits.processes + OWN_PROCESSES)
    if version == 1:
        return [
            ("memory", "memory.limit_in_bytes", str(limits.memory), True),
            ("memory", "memory.memsw.limit_in_bytes", str(limits.memory), False),
            # What lies in sockets is counted apart in this version, and only where it is bounded.
            ("memory", "memory.kmem.tcp.limit_in_bytes", str(limits.sockets), False),
            ("pids", "pids.max", processes, True),
            ("cpu", "cpu.cfs_period_us", str(PERIOD), False),
            ("cpu", "cpu.cfs_quota_us", str(quota), False),
        ]
    return [
        ("memory", "memory.max", str(limits.memory), True),
        ("memory", "memory.swap.max", "0", False),
        # One process out of memory ends them all: half a run would hang and be told as something else.
        ("memory", "memory.oom.group", "1", False),
        ("pids", "pids.max", processes, True),
        ("cpu", "cpu.max", f"{quota} {PERIOD}", True),
    ]


def _number(path: Path) -> int:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return 0


def _field(path: Path, name: str) -> int:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.split()[:1] == [name]), 0)
