"""What of our jails is still on the machine: processes, mounts, cgroups, files. Neighbours' do not count."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sandbox.cgroups import Cgroups
from sandbox.host import FIRST_UID

TEMPORARY = (Path("/tmp"), Path("/dev/shm"), Path("/var/tmp"))


@dataclass(frozen=True, slots=True)
class Leftovers:
    processes: list[int]
    mounts: list[str]
    cgroups: list[str]
    files: list[str]

    def counts(self) -> list[int]:
        return [len(self.processes), len(self.mounts), len(self.cgroups), len(self.files)]


class Census:
    """Counts what bears the mark of one folder, from which all our jails' roots were mounted."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self._before = self._files()

    def take(self, groups: Cgroups | None, makers: set[int]) -> Leftovers:
        """`makers`: the processes that made jails, whose numbers are in the names of their cgroups."""
        return Leftovers(
            self._processes(),
            self._mounts("self"),
            _groups(groups, makers),
            sorted(self._files() - self._before),
        )

    def _processes(self) -> list[int]:
        """Those that see one of our roots mounted, which only what is in a jail does, and nsjail."""
        everyone = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        return [process for process in everyone if process != os.getpid() and self._mounts(str(process))]

    def _mounts(self, process: str) -> list[str]:
        try:
            lines = Path(f"/proc/{process}/mountinfo").read_text().splitlines()
        except OSError:  # it has just ended
            return []
        return [line for line in lines if f"{self.var}/jailroot/" in line.split(" - ")[0]]

    def _files(self) -> set[str]:
        """Of the jails' root, where nothing may change, and what a jail's uid owns in the shared folders."""
        found = {str(path) for path in (self.var / "jailroot").rglob("*") if path.suffix != ".lease"}
        for folder in TEMPORARY:
            for path in folder.glob("*"):
                try:
                    owner = path.lstat().st_uid
                except OSError:
                    continue
                if owner >= FIRST_UID:
                    found.add(str(path))
        return found


def _groups(groups: Cgroups | None, makers: set[int]) -> list[str]:
    if groups is None:
        return []
    found = []
    for home in dict.fromkeys(groups.homes.values()):
        for folder in home.glob("*-*-*"):
            if int(folder.name.split("-")[1]) in makers:
                found.append(str(folder))
    return found
