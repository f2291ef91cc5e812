"""Tries the sandbox's promises on this machine and says in Russian which of them hold."""

from __future__ import annotations

import json
import os
import select
import sys
import time
from dataclasses import replace
from typing import Any

from sandbox import host as hosts
from sandbox.host import Host, Protection
from sandbox.jail import Jail, JailFailed
from sandbox.limits import DEMO, MIB, mebibytes
from sandbox.root import RootFailed

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


def _run(host: Host, demo: str, limits: Any = DEMO) -> tuple[list[dict[str, Any]], str]:
    """The events of one unpaced run, and how its jail ended."""
    with Jail(host, limits) as jail:
        jail.wait_ready()
        files = {"demo.py": demo}
        jail.send({"op": "start", "mode": "demo", "files": files, "seed": 1, "duration": 1.0, "pace": None})
        said = b""
        poll = select.poll()
        poll.register(jail.events, select.POLLIN)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            if poll.poll(1000):
                chunk = os.read(jail.events, 65536)
                if not chunk:
                    break
                said += chunk
        outcome = jail.outcome()
    return [json.loads(line) for line in said.splitlines()], outcome.kind


def main() -> int:
    """Print the findings; 0 when learners' code may be run here, 1 when not."""
    try:
        host = hosts.find(hosts.var())
        found = examine(host)
    except hosts.Unconfined as error:
        return _refuse(error.why, error.remedy)
    except RootFailed as error:
        return _refuse(str(error), "")
    except JailFailed as error:
        return _refuse(str(error), _remedy(str(error)))
    who = "от root" if host.is_root else "обычным пользователем"
    groups = f"cgroup v{host.cgroups.version}" if host.cgroups else "rlimit"
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
