"""All jails have their root's files in common: what one does with them, no other may feel."""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from pathlib import Path

import pytest

from sandbox.host import Host
from tests.sandbox.jail.conftest import Attack

MODULE = f"usr/local/lib/python{sys.version_info.major}.{sys.version_info.minor}/_pydecimal.py"
FORGET = f"""
import os
async def scenario(lab):
    os.posix_fadvise(os.open("/{MODULE}", os.O_RDONLY), 0, 0, os.POSIX_FADV_DONTNEED)
    lab.emit("advice.given")
"""


@pytest.fixture
def module(host: Host) -> Path:
    """A file of the root, read and so in memory."""
    path = host.root / MODULE
    path.read_bytes()
    os.sync()  # pages just written could not be put out of memory
    return path


def in_memory(path: Path) -> int:
    """How many pages of the file the kernel keeps."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        pages = -(-size // mmap.PAGESIZE)
        told = (ctypes.c_ubyte * pages)()
        held = mmap.mmap(file.fileno(), size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
        start = ctypes.addressof(ctypes.c_char.from_buffer(held))
        assert ctypes.CDLL(None).mincore(ctypes.c_void_p(start), ctypes.c_size_t(size), told) == 0
    return sum(page & 1 for page in told)


def test_outside_a_jail_the_advice_empties_memory(module: Path) -> None:
    assert in_memory(module)
    fd = os.open(module, os.O_RDONLY)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)
    assert not in_memory(module)


def test_a_jail_cannot_put_the_others_files_out_of_memory(attack: Attack, module: Path) -> None:
    before = in_memory(module)
    told = attack(FORGET)
    assert told.one("advice.given")
    assert in_memory(module) == before > 0
