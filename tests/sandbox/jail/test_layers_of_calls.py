"""The filter of system calls, the capabilities and no_new_privs, each as the only layer around real root."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.host import Host
from sandbox.jail import Jail
from sandbox.limits import DEMO
from sandbox.processes import descendants
from tests.sandbox.jail.conftest import MODES, NOBODY, as_nobody
from tests.sandbox.jail.layers import line, told

by_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a jail without a user namespace")
ROOT = (("user", "0"), ("group", "0"))

# What the policy refuses, by family: number and arguments that do no harm where nobody refuses them, and the
# answer of the policy.
DENIED: dict[str, tuple[str, str]] = {
    "namespaces: unshare": ("272, 0", "EPERM"),
    "namespaces: setns": ("308, -1, 0", "EPERM"),
    "namespaces: clone with a flag": ("56, 0x4000011, 0, 0, 0, 0", "EPERM"),
    "namespaces: clone3": ("435, 0, 0", "ENOSYS"),
    "mounts: mount": ("165, 1, 1, 1, 0, 0", "EPERM"),
    "mounts: umount2": ("166, 1, 0", "EPERM"),
    "mounts: pivot_root": ("155, 1, 1", "EPERM"),
    "mounts: chroot": ("161, b'/'", "EPERM"),
    "mounts: open_tree": ("428, -1, 1, 0", "EPERM"),
    "mounts: fsopen": ("430, 1, 0", "EPERM"),
    "mounts: fsmount": ("432, -1, 0, 0", "EPERM"),
    "mounts: mount_setattr": ("442, -1, 1, 0, 0, 0", "EPERM"),
    "files by handle: open_by_handle_at": ("304, -1, 1, 0", "EPERM"),
    "files by handle: name_to_handle_at": ("303, -1, 1, 0, 0, 0", "EPERM"),
    "devices: mknod": ("133, 1, 0, 0", "EPERM"),
    "owners: chown": ("92, 1, 0, 0", "EPERM"),
    "attributes: setxattr": ("188, 1, 1, 0, 0, 0", "EPERM"),
    "others' memory: ptrace": ("101, 16, -1, 0, 0", "EPERM"),
    "others' memory: process_vm_readv": ("310, 0x3FFFFFFF, 0, 0, 0, 0, 0", "EPERM"),
    "others' memory: process_vm_writev": ("311, 0x3FFFFFFF, 0, 0, 0, 0, 0", "EPERM"),
    "others' memory: kcmp": ("312, 0x3FFFFFFF, 0x3FFFFFFF, 0, 0, 0", "EPERM"),
    "others' descriptors: pidfd_getfd": ("438, -1, 0, 0", "EPERM"),
    "others' descriptors: pidfd_open": ("434, -1, 0", "ENOSYS"),
    "memory: userfaultfd": ("323, -1", "EPERM"),
    "memory: memfd_create": ("319, 1, 0", "ENOSYS"),
    "memory: shmget": ("29, 0, 0, 0", "EPERM"),
    "memory: remap_file_pages": ("216, 1, 0, 0, 0, 0", "EPERM"),
    "kernel: bpf": ("321, 99, 0, 0", "EPERM"),
    "kernel: perf_event_open": ("298, 1, 0, -1, -1, 0", "EPERM"),
    "kernel: io_uring_setup": ("425, 0, 0", "EPERM"),
    "kernel: init_module": ("175, 1, 1, 1", "EPERM"),
    "kernel: kexec_load": ("246, 0, 0, 0, -1", "EPERM"),
    "kernel: syslog": ("103, 99, 0, 0", "EPERM"),
    "kernel: fanotify_init": ("300, -1, 0", "EPERM"),
    "kernel: seccomp": ("317, 99, 0, 0", "EPERM"),
    "keys: add_key": ("248, 1, 1, 0, 0, 0", "EPERM"),
    "keys: request_key": ("249, 1, 1, 0, 0", "EPERM"),
    "keys: keyctl": ("250, 99, 0, 0, 0, 0", "EPERM"),
    "users: setuid": ("105, -1", "EPERM"),
    "users: setgroups": ("116, 99999999, 0", "EPERM"),
    "users: capset": ("126, 0, 0", "EPERM"),
    "users: PR_SET_KEEPCAPS": ("157, 8, 99, 0, 0, 0", "EPERM"),
    "users: PR_SET_DUMPABLE": ("157, 4, 99, 0, 0, 0", "EPERM"),
    "machine: reboot": ("169, 0, 0, 0, 0", "EPERM"),
    "machine: sethostname": ("170, 1, -1", "EPERM"),
    "machine: settimeofday": ("164, 1, 0", "EPERM"),
    "machine: clock_settime": ("227, -1, 0", "EPERM"),
    "machine: swapon": ("167, 1, 0", "EPERM"),
    "machine: iopl": ("172, 99", "EPERM"),
    "machine: personality": ("135, 0xFFFFFFFF", "EPERM"),
    "machine: quotactl": ("179, -1, 0, 0, 0", "EPERM"),
    "limits of others: prlimit64": ("302, 0x3FFFFFFF, 0, 0, 0", "EPERM"),
    "queues: msgctl": ("71, -1, 0, 0", "EPERM"),
    "queues: mq_open": ("240, 1, 0, 0, 0", "EPERM"),
    "sockets: netlink": ("41, 16, 3, 0", "EAFNOSUPPORT"),
    "sockets: packet": ("41, 17, 3, 0", "EAFNOSUPPORT"),
    "terminals: TIOCSTI": ("16, 0, 0x5412, 1", "ENOTTY"),
}

# What lessons live by: the same interpreter does it under the policy alone.
ALLOWED = {
    "files": "open('/usr/local/lib/python3.11/os.py').read()",
    "servers": "socket.create_server(('127.0.0.1', 0)).close()",
    "unix sockets": "(pair := socket.socketpair())[0].send(b'1')",
    "children": "os.waitpid(os.fork() or os._exit(0), 0)",
    "programs": "subprocess.run([sys.executable, '-c', ''], check=True)",
    "threads": "(thread := threading.Thread(target=int)).start() or thread.join()",
    "loops": "asyncio.run(asyncio.sleep(0))",
    "clocks": "time.sleep(0.001)",
    "signals": "os.kill(os.getpid(), 0)",
    "chance": "os.urandom(8)",
    "memory": "mmap.mmap(-1, 1 << 20).close()",
}
CALLS = ", ".join(f"{name!r}: ({call},)" for name, (call, _) in DENIED.items())
TRIES_ALL = f"""
    came = {{}}
    for name, arguments in {{{CALLS}}}.items():
        came[name] = syscall(*arguments)
        if came[name] == 0 and name.startswith("namespaces: clone"):
            os._exit(0)
    say(came)
"""


@pytest.fixture(scope="module")
def terminal() -> Iterator[int]:
    ours, theirs = os.openpty()
    yield theirs
    os.close(ours)
    os.close(theirs)


@pytest.fixture(scope="module")
def refused(host: Host, terminal: int) -> dict[str, Any]:
    """What each call comes to under the policy alone: every capability, the machine's own root."""
    came: dict[str, Any] = told(line(host, TRIES_ALL, only=["seccomp"], change=ROOT), stdin=terminal)
    return came


@pytest.fixture(scope="module")
def open_to_all(host: Host, terminal: int) -> dict[str, Any]:
    """What it comes to with no layer at all."""
    came: dict[str, Any] = told(line(host, TRIES_ALL, only=[], change=ROOT), stdin=terminal)
    return came


@by_root
@pytest.mark.parametrize("name", DENIED)
def test_the_filter_alone_refuses(name: str, refused: dict[str, Any], open_to_all: dict[str, Any]) -> None:
    _, answer = DENIED[name]
    assert refused[name] == answer
    assert open_to_all[name] != answer, "refused by something else: this proves nothing of the filter"


@by_root
@pytest.mark.parametrize("name", ALLOWED)
def test_the_filter_alone_lets_through_what_lessons_live_by(name: str, host: Host) -> None:
    program = f"""
        import asyncio, mmap, socket, subprocess, threading, time
        {ALLOWED[name]}
        say("done")
    """
    assert told(line(host, program, only=["seccomp"])) == "done"


# What root may do only by its capabilities, with arguments that do no harm.
POWERS = {
    "CAP_SYS_CHROOT": "161, b'/'",
    "CAP_SYS_ADMIN": "170, 1, -1",
    "CAP_SYS_BOOT": "169, 0, 0, 0, 0",
    "CAP_SYSLOG": "103, 5, 0, 0",
    "CAP_SYS_NICE": "141, 0, 0, -10",
    "CAP_SETUID": "105, 12345",
    "CAP_NET_RAW": "41, 2, 3, 1",
    "CAP_SETPCAP": "157, 24, 0, 0, 0, 0",
}


@by_root
@pytest.mark.parametrize("power", POWERS)
def test_without_capabilities_even_the_machines_root_may_not(power: str, host: Host) -> None:
    program = f"say(syscall({POWERS[power]}))"
    assert told(line(host, program, only=["capabilities"], change=ROOT)) in {"EPERM", "EACCES"}
    assert told(line(host, program, only=[], change=ROOT)) not in {"EPERM", "EACCES"}


@by_root
def test_no_new_privs_alone_takes_the_power_from_a_setuid_program(host: Host, open_folder: Path) -> None:
    """Outside every namespace, with every capability: root's own setuid program stays a nobody's."""
    program = Path(shutil.copy(shutil.which("id") or "", open_folder / "id"))
    program.chmod(0o4755)
    of_the_machine = [("chroot", "/")]

    def run(layers: list[str]) -> Any:
        whole = line(host, "", only=layers, change=of_the_machine)
        at = whole.index("--", whole.index("-Mo"))
        return told([*whole[: at + 1], str(program), "-u"])

    try:
        assert run([]) == 0
        assert run(["no_new_privs"]) == NOBODY
    finally:
        program.unlink()


@pytest.mark.parametrize("mode", MODES)
def test_the_learners_process_stands_behind_all_three(mode: str, host: Host, user_host: Host) -> None:
    """As the kernel sees it from outside, and process 1 of the jail as well."""

    def look() -> list[dict[str, str]]:
        with Jail(host if mode == "root" else user_host, DEMO) as jail:
            jail.wait_ready()
            inside = [process for process in descendants(jail.process) if process != jail.process]
            return [_status(process) for process in inside]

    found = look() if mode == "root" else as_nobody(look)
    assert len(found) >= 1
    for status in found:
        capabilities = {name: status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
        assert capabilities == dict.fromkeys(capabilities, "0" * 16)
        assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


def _status(process: int) -> dict[str, str]:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
