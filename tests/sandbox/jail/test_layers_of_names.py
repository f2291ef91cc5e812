"""Namespaces one at a time, with every other layer taken away: a hole in one must not hide behind another.

Each is seen to hold alone, and the same attempt is seen to succeed when it is away with all the others.
"""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox.host import Host
from sandbox.processes import descendants
from tests.sandbox.jail.conftest import MODES, NOBODY
from tests.sandbox.jail.layers import NAMESPACES, line, told

by_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a jail without a user namespace")

WAITS = """
os.write(1, b"ready")
os.read(0, 1)
"""
ROOT = (("user", "0"), ("group", "0"))  # with nothing to map it, this is the machine's own root


def namespaces(process: int) -> dict[str, str]:
    return {name: os.readlink(f"/proc/{process}/ns/{name}") for name in NAMESPACES}


@contextmanager
def living(words: list[str], **how: Any) -> Iterator[int]:
    """The jailed process of a command line, while it waits."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(words, env={"PATH": os.defpath}, **pipes, **how) as nsjail:  # type: ignore[call-overload]
        try:
            if nsjail.stdout.read(5) != b"ready":
                raise AssertionError(nsjail.stderr.read().decode())
            yield max(descendants(nsjail.pid))
        finally:
            nsjail.stdin.close()  # it ends by itself


def apart(words: list[str], **how: Any) -> set[str]:
    """Of which kinds the jailed process has a namespace of its own."""
    ours = namespaces(os.getpid())
    with living(words, **how) as process:
        return {name for name, link in namespaces(process).items() if link != ours[name]}


@pytest.mark.parametrize("mode", MODES)
def test_a_jail_has_a_namespace_of_its_own_of_every_kind(mode: str, host: Host, user_host: Host) -> None:
    nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    how = nobody if mode == "user" and os.geteuid() == 0 else {}
    assert apart(line(host if mode == "root" else user_host, WAITS), **how) == set(NAMESPACES)


@by_root
@pytest.mark.parametrize("name", NAMESPACES)
def test_each_namespace_is_asked_for_by_itself(name: str, host: Host) -> None:
    """None is there only because another one brings it along."""
    assert apart(line(host, WAITS, only=[name])) == {name}
    assert apart(line(host, WAITS, without=[name])) == set(NAMESPACES) - {name}


@by_root
def test_the_network_namespace_alone_hides_the_machines_loopback(host: Host) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        program = f"""
            import socket
            say(attempt(socket.socket().connect, {server.getsockname()!r}))
        """
        assert told(line(host, program, only=[])) == "done"
        assert told(line(host, program, only=["net"])) == "ECONNREFUSED"


@by_root
def test_the_pid_namespace_alone_hides_other_processes(host: Host) -> None:
    with subprocess.Popen("cat", stdin=subprocess.PIPE, user=NOBODY) as other:
        program = f"say(attempt(os.kill, {other.pid}, 0))"
        assert told(line(host, program, only=[])) == "done"  # the same uid, so it may
        assert told(line(host, program, only=["pid"])) == "ESRCH"


@by_root
def test_the_user_namespace_alone_makes_somebody_who_owns_nothing(host: Host) -> None:
    """Uid 65534 inside is a fresh number outside: a process of the machine's own 65534 is a stranger's."""
    with subprocess.Popen("cat", stdin=subprocess.PIPE, user=NOBODY) as other:
        program = f"say(attempt(os.kill, {other.pid}, 0))"
        assert told(line(host, program, only=["user"])) == "EPERM"


@by_root
def test_the_user_namespace_alone_leaves_root_no_power_over_the_machine(host: Host) -> None:
    """Even with every capability of its namespace: priorities are the machine's, not the namespace's."""
    program = "say(attempt(os.nice, -10))"
    assert told(line(host, program, only=[], change=ROOT)) == "done"
    assert told(line(host, program, only=["user"])) == "EPERM"


@by_root
def test_the_mount_namespace_alone_has_no_way_out_of_the_root(host: Host) -> None:
    """The old escape from a chroot, by real root: nothing but a mount namespace stops it."""
    program = f"""
        top = os.open("/", os.O_RDONLY)
        os.chroot("/usr")
        os.fchdir(top)
        for _ in range(40):
            os.chdir("..")
        os.chroot(".")
        say(os.path.exists({str(Path(__file__).resolve())!r}))
    """
    assert told(line(host, program, only=[], change=ROOT)) is True
    assert told(line(host, program, only=["mnt"], change=ROOT)) is False


@by_root
def test_the_ipc_namespace_alone_hides_shared_memory(host: Host) -> None:
    libc, key = ctypes.CDLL(None), 0x506F6C69
    segment = libc.shmget(key, 4096, 0o1666)
    assert segment >= 0
    try:
        program = f"say(syscall(29, {key}, 0, 0))"
        assert told(line(host, program, only=[])) == segment
        assert told(line(host, program, only=["ipc"])) == "ENOENT"
    finally:
        libc.shmctl(segment, 0, None)


@by_root
def test_the_uts_namespace_alone_hides_the_machines_name(host: Host) -> None:
    program = "say(os.uname().nodename)"
    ours = os.uname().nodename
    assert told(line(host, program, only=[])) == ours
    assert told(line(host, program, only=["uts"])) == "poligon"
    assert os.uname().nodename == ours
