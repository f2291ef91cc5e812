"""What a learner's code may try, written as the attack. Each is run as root and as an ordinary user."""

from __future__ import annotations

import errno
import socket
from dataclasses import replace

import pytest

from sandbox.jail import environment
from sandbox.limits import DEMO, MIB
from tests.sandbox.jail.conftest import Attack

SYSCALL = """
    import ctypes
    async def scenario(lab):
        libc = ctypes.CDLL(None, use_errno=True)
        result = libc.syscall({number}, {arguments})
        lab.emit("tried", result=result, errno=ctypes.get_errno())
"""


def test_only_the_two_pipes_are_inherited(attack: Attack) -> None:
    told = attack("""
        import os, stat
        async def scenario(lab):
            null = os.stat("/dev/null").st_rdev
            kinds = []
            for fd in range(512):
                try:
                    status = os.fstat(fd)
                except OSError:
                    continue
                if stat.S_ISFIFO(status.st_mode):
                    kinds.append("pipe")
                elif stat.S_ISCHR(status.st_mode):
                    kinds.append("null" if status.st_rdev == null else "device")
                elif stat.S_ISSOCK(status.st_mode):
                    kinds.append("socket")
                elif stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode):
                    kinds.append("file")
            lab.emit("open", kinds=sorted(kinds))
    """)
    # The two sockets are the event loop's own way to wake itself.
    assert told.one("open")["kinds"] == ["null"] * 3 + ["pipe"] * 2 + ["socket"] * 2


def test_nothing_of_the_host_is_in_the_environment(attack: Attack) -> None:
    told = attack("""
        import os
        async def scenario(lab):
            for name, value in sorted(os.environ.items()):
                lab.emit("variable", name=name, value=value)
    """)
    found = {event["name"]: event["value"] for event in told.events if event["kind"] == "variable"}
    assert found == environment()


def test_the_file_system_holds_no_files_of_the_host(attack: Attack) -> None:
    told = attack("""
        import os
        async def scenario(lab):
            lab.emit("top", names=sorted(os.listdir("/")))
            lab.emit("devices", names=sorted(os.listdir("/dev")))
    """)
    assert set(told.one("top")["names"]) <= {"dev", "etc", "lib", "lib64", "opt", "tmp", "usr"}
    assert told.one("devices")["names"] == ["null", "random", "shm", "urandom", "zero"]


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/usr/local/lib/python3.11/os.py", "/opt/poligon/mine", "/mine"]
)
def test_the_root_cannot_be_written(attack: Attack, path: str) -> None:
    told = attack(f"""
        async def scenario(lab):
            try:
                open({path!r}, "a").write("мой")
                lab.emit("tried", errno=0)
            except OSError as error:
                lab.emit("tried", errno=error.errno)
    """)
    assert told.one("tried")["errno"] in {errno.EROFS, errno.EACCES, errno.EPERM}


def test_the_network_outside_cannot_be_reached(attack: Attack) -> None:
    told = attack("""
        import socket
        async def scenario(lab):
            try:
                socket.create_connection(("192.0.2.1", 80), timeout=5)
                lab.emit("tried", errno=0)
            except OSError as error:
                lab.emit("tried", errno=error.errno)
    """)
    assert told.one("tried")["errno"] == errno.ENETUNREACH


def test_the_hosts_loopback_is_another_one(attack: Attack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        told = attack(f"""
            import socket
            async def scenario(lab):
                try:
                    socket.create_connection(("127.0.0.1", {server.getsockname()[1]}), timeout=5)
                    lab.emit("tried", errno=0)
                except OSError as error:
                    lab.emit("tried", errno=error.errno)
        """)
    assert told.one("tried")["errno"] == errno.ECONNREFUSED


def test_an_abstract_unix_socket_of_the_host_is_not_there(attack: Attack) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0poligon-attack")
        server.listen()
        told = attack("""
            import socket
            async def scenario(lab):
                try:
                    socket.socket(socket.AF_UNIX).connect(chr(0) + "poligon-attack")
                    lab.emit("tried", errno=0)
                except OSError as error:
                    lab.emit("tried", errno=error.errno)
        """)
    assert told.one("tried")["errno"] == errno.ECONNREFUSED


def test_a_server_inside_can_be_reached_inside(attack: Attack) -> None:
    told = attack(
        """
        import asyncio
        async def scenario(lab):
            async def answer(reader, writer):
                writer.write(await reader.readline())
                writer.close()
            server = await asyncio.start_server(answer, "127.0.0.1", 0)
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"hello\\n")
            lab.emit("heard", text=(await reader.readline()).decode())
        """,
        clock="real",
    )
    assert told.one("heard")["text"] == "hello\n"


@pytest.mark.parametrize("family", [16, 17, 40], ids=["netlink", "packet", "vsock"])
def test_sockets_that_reach_the_machine_are_refused(attack: Attack, family: int) -> None:
    told = attack(SYSCALL.format(number=41, arguments=f"{family}, 2, 0"))
    assert told.one("tried")["errno"] == errno.EAFNOSUPPORT


@pytest.mark.parametrize(
    ("name", "number", "arguments"),
    [
        ("ptrace", 101, "0, 0, 0, 0"),
        ("mount", 165, "0, 0, 0, 0, 0"),
        ("chroot", 161, "b'/tmp'"),
        ("keyctl", 250, "0, 0"),
        ("perf_event_open", 298, "0, 0, 0, 0, 0"),
        ("process_vm_readv", 310, "1, 0, 0, 0, 0, 0"),
        ("seccomp", 317, "0, 0, 0"),
        ("bpf", 321, "0, 0, 0"),
        ("userfaultfd", 323, "0"),
        ("unshare a user namespace", 272, "0x10000000"),
        ("clone into a user namespace", 56, "0x10000011, 0, 0, 0, 0"),
        ("setuid", 105, "0"),
        ("io_uring_setup", 425, "1, 0"),
        ("pidfd_getfd", 438, "0, 0, 0"),
        ("mknod", 133, "b'/tmp/disk', 0o60600, 0x800"),
    ],
)
def test_a_dangerous_system_call_is_refused(attack: Attack, name: str, number: int, arguments: str) -> None:
    tried = attack(SYSCALL.format(number=number, arguments=arguments)).one("tried")
    assert (tried["result"], tried["errno"]) == (-1, errno.EPERM), name


@pytest.mark.parametrize(
    ("name", "number", "arguments"), [("clone3", 435, "0, 0"), ("memfd_create", 319, "b'x', 0")]
)
def test_a_call_that_cannot_be_filtered_is_not_there(
    attack: Attack, name: str, number: int, arguments: str
) -> None:
    assert attack(SYSCALL.format(number=number, arguments=arguments)).one("tried")["errno"] == errno.ENOSYS, (
        name
    )


def test_terminal_input_cannot_be_forged(attack: Attack) -> None:
    assert (
        attack(SYSCALL.format(number=16, arguments="0, 0x5412, b'x'")).one("tried")["errno"] == errno.ENOTTY
    )


def test_taking_too_much_memory_ends_the_run_as_out_of_memory(attack: Attack, mode: str) -> None:
    told = attack(
        """
        async def scenario(lab):
            held = [bytearray(4 << 20) for _ in range(100)]
            lab.emit("held")
        """,
        replace(DEMO, memory=96 * MIB),
    )
    assert "held" not in told.kinds()
    if mode == "root":
        assert told.outcome.kind == "out_of_memory"
    else:  # an rlimit refuses the request, and the guest tells so itself
        assert told.one("run.ended")["state"] == "out_of_memory"


def test_memory_asked_for_at_once_is_refused_and_explained(attack: Attack) -> None:
    told = attack("""
        async def scenario(lab):
            held = bytearray(1 << 40)
    """)
    assert told.one("problem")["error"] == "MemoryError"
    assert told.one("run.ended")["state"] == "out_of_memory"


def test_a_fork_bomb_stays_within_its_bound(attack: Attack) -> None:
    told = attack(
        """
        import os, signal
        async def scenario(lab):
            children = 0
            try:
                while children < 500:
                    if os.fork() == 0:
                        signal.pause()
                    children += 1
            except OSError as error:
                lab.emit("stopped", children=children, errno=error.errno)
        """,
        replace(DEMO, processes=16),
    )
    stopped = told.one("stopped")
    assert stopped["errno"] == errno.EAGAIN
    assert stopped["children"] < 24


def test_the_disk_is_bounded(attack: Attack) -> None:
    told = attack("""
        async def scenario(lab):
            try:
                for number in range(100):
                    open(f"/tmp/{number}", "wb").write(bytes(4 << 20))
            except OSError as error:
                lab.emit("full", errno=error.errno, files=number)
    """)
    full = told.one("full")
    assert full["errno"] == errno.ENOSPC
    assert full["files"] * 4 * MIB <= DEMO.disk


def test_one_file_cannot_grow_without_bound(attack: Attack) -> None:
    told = attack("""
        import signal
        async def scenario(lab):
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            try:
                open("/tmp/one", "wb").write(bytes(20 << 20))
            except OSError as error:
                lab.emit("full", errno=error.errno)
    """)
    assert told.one("full")["errno"] == errno.EFBIG


def test_limits_cannot_be_raised(attack: Attack) -> None:
    told = attack("""
        import resource
        async def scenario(lab):
            for name in ("RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_AS", "RLIMIT_CORE"):
                kind = getattr(resource, name)
                try:
                    resource.setrlimit(kind, (1 << 50, 1 << 50))
                    lab.emit("raised", name=name)
                except (ValueError, OSError):
                    pass
    """)
    assert "raised" not in told.kinds()


def test_process_1_cannot_be_killed_from_inside(attack: Attack) -> None:
    told = attack("""
        import os, signal
        async def scenario(lab):
            for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                os.kill(1, number)
            lab.emit("alive")
    """)
    assert told.one("run.ended")["state"] == "finished"


def test_a_learner_is_not_process_1_and_not_root(attack: Attack) -> None:
    told = attack("""
        import os
        async def scenario(lab):
            uids, gids = list(os.getresuid()), list(os.getresgid())
            lab.emit("me", pid=os.getpid(), uids=uids, gids=gids, groups=os.getgroups())
    """)
    me = told.one("me")
    assert me["pid"] != 1
    assert me["uids"] == me["gids"] == [65534] * 3
    assert me["groups"] in ([], [65534])


def test_the_guest_cannot_be_changed_for_the_next_run(attack: Attack) -> None:
    told = attack("""
        import os, sandbox.guest.lab as lab_module
        async def scenario(lab):
            try:
                os.remove(lab_module.__file__)
            except OSError as error:
                lab.emit("refused", errno=error.errno)
    """)
    assert told.one("refused")["errno"] in {errno.EROFS, errno.EACCES, errno.EPERM}
