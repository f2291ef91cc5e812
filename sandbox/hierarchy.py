"""Where on this machine control groups may be made: which interface is mounted, and what of its tree is ours.

Version 1: under this process's own group, or at the top. Version 2: in the nearest group above us that was
handed to us (systemd marks what `Delegate=yes` hands over), or at the top of the tree we see, where we may
write there: root on a machine, a container in its own namespace. So bounds set on a unit or a container hold
for its jails too.

A group of version 2 that hands controllers down may hold no processes: those in it move to `ASIDE`, beside
our `HOME`. Source: the kernel's Documentation/admin-guide/cgroup-v2.rst, systemd's CGROUP_DELEGATION.md.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

HOME = "poligon"
ASIDE = "poligon-worker"
CONTROLLERS = ("memory", "pids", "cpu", "cpuacct")  # as version 1 names them
WANTED = frozenset({"memory", "pids", "cpu"})  # of version 2; its cpu counts too
MARKS = ("user.delegate", "trusted.delegate")  # systemd 251 and later; before it, and only root sees it
MOVES = 20  # times the processes of a group are moved aside: those that fork meanwhile need another


class NoCgroups(Exception):
    """Control groups cannot be used here; the message is the Russian reason."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where our groups lie: controller → folder; for version 2 `base`, the group above that folder."""

    version: int
    homes: dict[str, Path]
    base: Path | None

    @property
    def top(self) -> Path:
        """The group in which our folder is made."""
        return self.base or self.homes["memory"].parent

    def prepare(self) -> None:
        """Make our folders, controllers handed down to them. Harmless to call again. Raises OSError."""
        for home in set(self.homes.values()):
            if self.base:
                _hand_down(self.base)
            home.mkdir(exist_ok=True)
            if self.base:
                _hand_down(home)

    def leave(self) -> None:
        """Remove our folders when nobody's groups are in them, and let the processes moved aside back."""
        for home in set(self.homes.values()):
            with contextlib.suppress(OSError):
                home.rmdir()
                if self.base:
                    _take_back(self.base)


def find() -> Place:
    """The place of our groups, prepared. Raises NoCgroups."""
    place = _look()
    try:
        place.prepare()
    except OSError as error:
        raise NoCgroups(f"в {place.top} нельзя создавать группы: {error.strerror}") from error
    return place


def unusable() -> str | None:
    """Why this user could make no groups here, as `find` would say, or None. Changes nothing."""
    try:
        place = _look()
    except NoCgroups as error:
        return str(error)
    return None if os.access(place.top, os.W_OK) else f"в {place.top} нельзя писать"


def mounts() -> dict[str, Path]:
    """Controller → mount point for version 1; "2" → mount point of version 2."""
    found: dict[str, Path] = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        point, (kind, _, options) = Path(before.split()[4]), after.split()[:3]
        if kind == "cgroup2":
            found.setdefault("2", point)
        elif kind == "cgroup":
            for option in options.split(","):
                found.setdefault(option, point)
    return found


def _own() -> dict[str, str]:
    """Controller → path of this process's group ("2" for version 2)."""
    found = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            found[controller or "2"] = path
    return found


def _look() -> Place:
    """The place, nothing made yet."""
    trees, own = mounts(), _own()
    if set(CONTROLLERS) <= trees.keys():
        if os.geteuid() != 0:
            raise NoCgroups("нужны права root")
        return Place(1, {name: _home(trees[name], own.get(name, "/")) for name in CONTROLLERS}, None)
    if "2" not in trees:
        raise NoCgroups("не подключена файловая система cgroup")
    base = base_of(trees["2"], own.get("2", "/"))
    if missing := WANTED - _words(base / "cgroup.controllers"):
        raise NoCgroups(f"в {base} нет контроллеров: {', '.join(sorted(missing))}")
    return Place(2, dict.fromkeys(CONTROLLERS, base / HOME), base)


def _home(mount: Path, own: str) -> Path:
    """Version 1: under our own group, if anything can be made there, else at the top."""
    within = mount / own.lstrip("/")
    return (within if os.access(within, os.W_OK) else mount) / HOME


def base_of(mount: Path, own: str) -> Path:
    """Version 2: the group in which a process of the group `own` may make others. Raises NoCgroups."""
    group = mount / own.lstrip("/")
    if ".." not in own and group.is_dir():  # else it lies outside what we see
        for above in (group, *group.parents):
            if above == mount:
                break
            if _handed_over(above) and os.access(above / "cgroup.subtree_control", os.W_OK):
                return above
    if os.geteuid() == 0 or os.access(mount / "cgroup.procs", os.W_OK):
        return mount
    raise NoCgroups("нужны права root или Delegate=yes в службе systemd")


def _handed_over(group: Path) -> bool:
    for mark in MARKS:
        with contextlib.suppress(OSError):
            if os.getxattr(group, mark) == b"1":
                return True
    return False


def _hand_down(group: Path) -> None:
    """Give the group's controllers to those below. Raises OSError."""
    control = group / "cgroup.subtree_control"
    for _ in range(MOVES):
        wanted = sorted(WANTED - _words(control))
        if not wanted:
            return
        try:
            control.write_text(" ".join(f"+{name}" for name in wanted))
        except OSError:
            if not _move(group, group / ASIDE):
                raise


def _move(source: Path, to: Path) -> bool:
    """Move the processes of one group to another; whether there were any. Raises OSError."""
    inside = _words(source / "cgroup.procs")
    if inside:
        to.mkdir(exist_ok=True)
    for process in inside:
        with contextlib.suppress(ProcessLookupError):
            (to / "cgroup.procs").write_text(process)
    return bool(inside)


def _take_back(base: Path) -> None:
    """As before `prepare`: systemd starts a unit's next command in the group itself. Raises OSError."""
    aside = base / ASIDE
    if not aside.exists():
        return
    given = sorted(WANTED & _words(base / "cgroup.subtree_control"))
    (base / "cgroup.subtree_control").write_text(" ".join(f"-{name}" for name in given))
    for _ in range(MOVES):
        if not _move(aside, base):
            break
    aside.rmdir()


def _words(path: Path) -> set[str]:
    return set(path.read_text().split())
