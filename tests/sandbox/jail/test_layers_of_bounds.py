"""The cgroup, the rlimits, the root, the tmpfs and what is inherited: each with nothing else in the way."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.cgroups import Group
from sandbox.host import Host
from sandbox.jail import AS_BEYOND_MEMORY, Jail
from sandbox.limits import DEMO, MIB
from tests.sandbox.jail.layers import LAYERS, line, told

by_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a jail without a user namespace")
SMALL = replace(DEMO, memory=96 * MIB, processes=12)
ROOT = (("user", "0"), ("group", "0"))
LIMITS = "rlimits"

# Ways to take four times 40 MiB, none of which is much for one process.
TOGETHER = {
    "of its children": """
        children = []
        for _ in range(4):
            read, write = os.pipe()
            if os.fork() == 0:
                held = b"1" * (40 << 20)
                os.write(write, b"1")
                os.read(0, 1)
                os._exit(0)
            os.close(write)
            children.append(os.read(read, 1))
        say(len([one for one in children if one]))
    """,
    "of shared memory": """
        import mmap
        held = []
        for _ in range(4):
            held.append(mmap.mmap(-1, 40 << 20))
            held[-1].write(bytes(40 << 20))
        say(len(held))
    """,
    "of files in its tmpfs": """
        for number in range(4):
            with open(f"/tmp/{number}", "wb") as file:
                for _ in range(40):
                    file.write(bytes(1 << 20))
        say(4)
    """,
}


@pytest.fixture
def group(host: Host) -> Iterator[Group]:
    """A cgroup as a jail's is, bounded as a small one."""
    assert host.cgroups, host.no_cgroups
    made = host.cgroups.make(SMALL)
    yield made
    made.kill()
    made.remove()


def ended(words: list[str]) -> tuple[int, bytes]:
    """With what status a program ended, and what it said."""
    process = subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.defpath},
    )
    assert process.stdout
    assert process.stdin
    said = process.stdout.read(1)  # children hold the other end until they may go on
    process.stdin.close()
    said += process.stdout.read()
    process.stdout.close()
    return process.wait(30), said


@by_root
@pytest.mark.parametrize("memory", TOGETHER)
def test_the_cgroup_alone_counts_the_memory(memory: str, host: Host, group: Group) -> None:
    """Only namespaces for a tmpfs beside it: no rlimit that could refuse first, and a tmpfs of any size."""
    roomy = replace(SMALL, disk=1024 * MIB, file_size=64 * MIB)
    words = line(host, TOGETHER[memory], only=["mnt", "pid"], limits=roomy, group=group)
    ended(words)
    assert group.spent().out_of_memory  # the kernel has killed one of them, whoever that was


@by_root
@pytest.mark.parametrize("memory", TOGETHER)
def test_nothing_but_the_cgroup_counts_it_together(memory: str, host: Host) -> None:
    """The honest counterpart (docs/sandbox.md): without cgroups, what each process may take adds up."""
    roomy = replace(SMALL, disk=1024 * MIB, file_size=64 * MIB, memory=200 * MIB)
    assert ended(line(host, TOGETHER[memory], limits=roomy)) == (0, b"4")


@by_root
def test_the_rlimit_alone_bounds_the_memory_of_a_process(host: Host) -> None:
    program = f"""
        try:
            bytearray({SMALL.memory + AS_BEYOND_MEMORY})
            say("taken")
        except MemoryError:
            say("refused")
    """
    assert told(line(host, program, only=[LIMITS], limits=SMALL)) == "refused"
    assert told(line(host, program, only=[], limits=SMALL)) == "taken"


FORKS = """
    count = 0
    try:
        while count < 40:
            if os.fork() == 0:
                os.read(0, 1)
                os._exit(0)
            count += 1
    except OSError as error:
        count = errno.errorcode[error.errno]
    say(count)
"""


@by_root
def test_the_cgroup_alone_bounds_the_number_of_processes(host: Host, group: Group) -> None:
    assert ended(line(host, FORKS, only=["pid"], limits=SMALL, group=group)) == (0, b'"EAGAIN"')


@by_root
def test_the_rlimit_alone_bounds_the_number_of_processes(host: Host) -> None:
    """It counts by the uid of a jail's own user namespace."""
    assert ended(line(host, FORKS, only=["user", "pid", LIMITS], limits=SMALL)) == (0, b'"EAGAIN"')
    assert ended(line(host, FORKS, only=["user", "pid"], limits=SMALL)) == (0, b"40")


@by_root
def test_the_rlimit_alone_ends_a_process_that_spins(host: Host) -> None:
    quick = replace(SMALL, cpu=-4.0)  # and five more, while the worker counts the whole jail
    status, _ = ended(line(host, "for _ in range(10**9): pass", only=[LIMITS], limits=quick))
    assert status == 128 + 9  # not SIGXCPU, which can be ignored: the hard bound is the same


@by_root
def test_the_cgroup_alone_holds_two_who_spin_to_one_share(host: Host) -> None:
    """A tenth of a core, so that even a busy machine has more than that to give."""
    program = """
        import time
        child = os.fork()
        while time.process_time() < 0.15:
            pass
        child and os.waitpid(child, 0)
        child and say("done")
    """
    assert host.cgroups
    group = host.cgroups.make(replace(SMALL, cores=0.1))
    try:
        assert ended(line(host, program, only=["pid"], group=group)) == (0, b'"done"')
        assert _throttled(group) > 0
    finally:
        group.remove()


def _throttled(group: Group) -> int:
    found = [Path(door).with_name("cpu.stat") for door in group.doors]
    lines = "\n".join(path.read_text() for path in found if path.exists()).splitlines()
    return sum(int(text.split()[1]) for text in lines if text.startswith("nr_throttled "))


@by_root
def test_the_read_only_root_alone_refuses_the_machines_root(host: Host) -> None:
    """Opened for writing, not written: the control must not spoil the root of other tests."""
    program = "say(attempt(os.open, '/usr/local/lib/python3.11/os.py', os.O_WRONLY))"
    assert told(line(host, program, only=["mnt", "read-only root"], change=ROOT)) == "EROFS"
    assert told(line(host, program, only=["mnt"], change=ROOT)) == "done"


@by_root
def test_the_tmpfs_alone_bounds_bytes(host: Host) -> None:
    program = """
        page, written = bytes(1 << 20), 0
        file = os.open("/tmp/one", os.O_WRONLY | os.O_CREAT)
        while written < 256 and (came := attempt(os.write, file, page)) == "done":
            written += 1
        say([written, came])
    """
    written, came = told(line(host, program, only=["mnt"]))
    assert came == "ENOSPC"
    assert written * MIB <= DEMO.disk


@by_root
def test_the_tmpfs_alone_bounds_the_number_of_files(host: Host) -> None:
    program = """
        made = 0
        while made < 10_000 and (came := attempt(os.mkdir, f"/tmp/{made}")) == "done":
            made += 1
        say([made, came])
    """
    made, came = told(line(host, program, only=["mnt"]))
    assert came == "ENOSPC"
    assert made <= DEMO.disk_nodes


@by_root
@pytest.mark.parametrize("layer", LAYERS)
def test_no_layer_brings_a_descriptor_or_a_word_of_ours_inside(layer: str, host: Host) -> None:
    """nsjail closes and forgets what a careless worker would leave to it, whichever layer is away."""
    program = """
        found = []
        for fd in range(3, 256):
            if attempt(os.fstat, fd) == "done":
                found.append(fd)
        say([found, "SECRET_KEY" in os.environ])
    """
    with open(__file__) as ours:
        words = line(host, program, without=[layer])
        how = {"pass_fds": [ours.fileno()], "env": {"PATH": os.defpath, "SECRET_KEY": "мой"}}
        assert told(words, **how) == [[], False]
        assert told(_bare(words), **how) == [[ours.fileno()], True]


def _bare(words: list[str]) -> list[str]:
    """The same program with no nsjail around it: what it would have been given."""
    return [sys.executable, *words[words.index("-sSP") :]]


def test_the_worker_alone_gives_nsjail_nothing_of_its_own(host: Host, monkeypatch: Any) -> None:
    """The other of the two layers: nsjail itself is started without descriptors and words."""
    monkeypatch.setenv("SECRET_KEY", "мой")
    with open(__file__) as ours, Jail(host, DEMO) as jail:
        os.set_inheritable(ours.fileno(), True)
        jail.wait_ready()
        process = Path(f"/proc/{jail.process}")
        words = (process / "environ").read_bytes().decode().split("\0")
        assert {word.partition("=")[0] for word in words} <= {"", "PATH", "PWD"}  # the shell's own PWD
        targets = [os.readlink(fd) for fd in (process / "fd").iterdir()]
        assert ours.name not in targets
