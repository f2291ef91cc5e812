"""Tries the sandbox's promises on this machine and says in Russian which of them hold."""

from __future__ import annotations

import json
import os
import select
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from sandbox import host as hosts
from sandbox.host import Host, Protection
from sandbox.jail import Jail, JailFailed
from sandbox.limits import DEMO, MIB, mebibytes
from sandbox.root import RootFailed

PATIENCE = 60.0  # s that a run of ours may take: seconds on a slow machine, and a broken promise may hang

# What a learner's code tries; each line of the log says what came of it.
PROBE = """
import ctypes, os, socket

def tries(function, *args):
    try:
        return function(*args) is None
    except OSError:
        return False

def calls(number, *args):
    return ctypes.CDLL(None, use_errno=True).syscall(number, *args) >= 0

async def scenario(lab):
    host = ["/proc", "/sys", "/home", "/root", "/bin/sh", "/var"]
    lab.emit("probe.files", held=not any(map(os.path.exists, host)))
    lab.emit("probe.root", held=not tries(os.mkdir, "/opt/mine"))
    outside = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    lab.emit("probe.network", held=not tries(outside.connect, ("192.0.2.1", 9)))
    server = socket.create_server(("127.0.0.1", 0))
    lab.emit("probe.loopback", held=tries(socket.socket().connect, server.getsockname()))
    lab.emit("probe.namespaces", held=not calls(272, 0x10000000))
    lab.emit("probe.ptrace", held=not calls(101, 0, 0, 0, 0))
    lab.emit("probe.setuid", held=not tries(os.setuid, 0))
"""

PROMISES = {
    "probe.files": "файлов машины внутри не видно",
    "probe.root": "корень песочницы нельзя изменить",
    "probe.network": "наружу сети нет",
    "probe.loopback": "внутренняя сеть песочницы работает",
    "probe.namespaces": "новых пространств имён не создать",
    "probe.ptrace": "в чужие процессы не заглянуть",
    "probe.setuid": "другим пользователем не стать",
}

# The rest of the promises, for `manage.py sandbox doctor`: too slow, or too many, for every start.
MORE = """
import ctypes, errno, os, resource, socket, threading

def refused(number, *args):
    return ctypes.CDLL(None, use_errno=True).syscall(number, *args) < 0

def stops(function, *numbers):
    try:
        for _ in range(5000):
            function()
    except OSError as error:
        return error.errno in numbers
    return False

def no_socket(family, kind):
    try:
        socket.socket(family, kind).close()
    except OSError:
        return True
    return False

async def scenario(lab):
    lab.emit("more.secrets", held=not {"SECRET_KEY", "DATABASE_URL", "REDIS_URL"} & set(os.environ))
    lab.emit("more.host", held=socket.gethostname() == "poligon" and not os.path.exists("/etc/shadow"))
    families = [(16, 3), (17, 3), (38, 5), (40, 1), (2, 3)]
    lab.emit("more.sockets", held=all(no_socket(*family) for family in families))
    mounts = [(165, 0, 0, 0, 0, 0), (166, b"/", 2), (155, b".", b"."), (161, b"."), (428, 0, b"/", 0)]
    lab.emit("more.mounts", held=all(refused(*call) for call in mounts))
    kernel = [(250, 0, -3, 0), (321, 0, 0, 0), (298, 0, 0, -1, -1, 0), (425, 1, 0), (323, 0), (319, b"x", 0)]
    lab.emit("more.kernel", held=all(refused(*call) for call in kernel))
    lab.emit("more.capabilities", held=refused(126, 0, 0) and refused(157, 38, 0, 0, 0, 0))
    os.kill(1, 9)
    lab.emit("more.init", held=True)
    count = iter(range(5000))
    lab.emit("more.inodes", held=stops(lambda: os.mkdir(f"d{next(count)}"), errno.ENOSPC))
    large = bytes(4 << 20)
    for _ in range(1500):
        try: os.rmdir(f"d{_}")
        except OSError: break
    lab.emit("more.disk", held=stops(lambda: open(f"f{next(count)}", "wb").write(large), errno.ENOSPC))
    lab.emit("more.descriptors", held=stops(lambda: os.open("/dev/null", 0), errno.EMFILE))
    os.closerange(20, 512)
    wait, _ = os.pipe()
    def fork():
        if os.fork() == 0:
            os.read(wait, 1)
            os._exit(0)
    lab.emit("more.processes", held=stops(fork, errno.EAGAIN))
"""

MORE_PROMISES = {
    "more.secrets": "в окружении нет тайн",
    "more.host": "имени и паролей машины не видно",
    "more.sockets": "нет netlink, пакетных, сырых сокетов и vsock",
    "more.mounts": "ничего не подключить и не сменить корень",
    "more.kernel": "нет ключей ядра, bpf, perf, io_uring, userfaultfd, memfd",
    "more.capabilities": "прав не добавить и фильтр не снять",
    "more.init": "первый процесс песочницы не убить",
    "more.inodes": f"число файлов ограничено ({DEMO.disk_nodes})",
    "more.disk": f"место для файлов ограничено ({mebibytes(DEMO.disk)})",
    "more.descriptors": f"число открытых файлов ограничено ({DEMO.open_files})",
    "more.processes": f"число процессов ограничено ({DEMO.processes})",
}

HOG = """
async def scenario(lab):
    held = [bytearray(8 << 20) for _ in range(64)]
"""


def examine(host: Host) -> list[Protection]:
    """Run the probes in jails of this machine. Raises JailFailed when not even one starts."""
    events, _ = _run(host, PROBE)
    told = {event["kind"]: event.get("held", False) for event in events}
    found = [Protection(text, bool(told.get(kind)), "") for kind, text in PROMISES.items()]
    small = replace(DEMO, memory=96 * MIB)
    events, kind = _run(host, HOG, replace(small))
    ended = events[-1].get("state") if events else None
    held = kind == "out_of_memory" or ended == "out_of_memory"
    return [*found, Protection(f"лимит памяти действует ({mebibytes(small.memory)})", held, "")]


def examine_further(host: Host) -> list[Protection]:
    """The promises that `examine` leaves out. Raises JailFailed."""
    before = host.cgroups.made() if host.cgroups else []  # of other jails of this process
    events, _ = _run(host, MORE)
    told = {event["kind"]: event.get("held", False) for event in events}
    found = [Protection(text, bool(told.get(kind)), "") for kind, text in MORE_PROMISES.items()]
    ours = str(host.root).encode()
    left = [folder for folder in Path("/proc").glob("[0-9]*") if ours in _words(folder)]
    found.append(Protection("после прогона не остаётся процессов", not left, ""))
    if host.cgroups:
        groups = set(host.cgroups.made()) - set(before)
        found.append(Protection("после прогона не остаётся контрольных групп", not groups, ""))
    return found


def _words(process: Path) -> bytes:
    """The command line; empty when it has ended, and for jails of others: those have living parents."""
    try:
        parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        return (process / "cmdline").read_bytes() if parent in (1, os.getpid()) else b""
    except OSError:
        return b""


def _run(host: Host, demo: str, limits: Any = DEMO) -> tuple[list[dict[str, Any]], str]:
    """The events of one unpaced run, and how its jail ended."""
    with Jail(host, limits) as jail:
        jail.wait_ready()
        files = {"demo.py": demo}
        jail.send({"op": "start", "mode": "demo", "files": files, "seed": 1, "duration": 1.0, "pace": None})
        said = b""
        poll = select.poll()
        poll.register(jail.events, select.POLLIN)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if poll.poll(1000):
                chunk = os.read(jail.events, 65536)
                if not chunk:
                    break
                said += chunk
        outcome = jail.outcome()
    return [json.loads(line) for line in said.splitlines()], outcome.kind


def main(*, fully: bool = False) -> int:
    """Print the findings; 0 when learners' code may be run here, 1 when not. `fully` takes some seconds."""
    try:
        host = hosts.find(hosts.var())
        found = examine(host)
        if fully:
            found += examine_further(host)
    except hosts.Unconfined as error:
        return _refuse(error.why, error.remedy)
    except RootFailed as error:
        return _refuse(str(error), "")
    except JailFailed as error:
        return _refuse(str(error), _remedy(str(error)))
    who = "от root" if host.is_root else "обычным пользователем"
    groups = "rlimit"
    if host.cgroups:
        groups = f"cgroup v{host.cgroups.version} в {host.cgroups.homes['memory']}"
    print(f"Песочница: nsjail {who}, пределы через {groups}.")
    for protection in [*host.protections(), *found]:
        mark = "✓" if protection.holds else "✗"
        note = f" ({protection.note})" if protection.note else ""
        print(f"  {mark} {protection.text}{note}")
    if host.cgroups:
        host.cgroups.leave()
    broken = [protection.text for protection in found if not protection.holds]
    if broken:
        return _refuse(f"Не держится: {'; '.join(broken)}.", "Чужой код здесь запускать нельзя.")
    return 0


def _remedy(said: str) -> str:
    """What to do about nsjail's own words."""
    if "MS_REMOUNT" in said:
        return (
            "Похоже, папка данных лежит на файловой системе с nosuid, nodev или noexec (так делает и "
            "NoNewPrivileges в службе systemd): укажите другую в POLIGON_VAR."
        )
    if "CLONE" in said or "clone" in said or "Operation not permitted" in said:
        return (
            "Похоже, ядро или контейнер не дают создать пространства имён. В Docker запустите контейнер с "
            "--privileged; обычному пользователю: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0."
        )
    return "Сообщение nsjail выше говорит, чего не хватило."


def _refuse(why: str, remedy: str) -> int:
    print(f"Песочница не готова. {why} {remedy}".strip(), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
