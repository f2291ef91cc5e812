"""Nor by the 32-bit door, where other numbers mean other calls: 11 is munmap here and execve there."""

import ctypes
import mmap
import os

HELD = "nothing"


def attack(bait):
    child = os.fork()
    if child == 0:
        page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        # mov eax, 310 (unshare); mov ebx, CLONE_NEWUSER; int 0x80; ret
        page.write(bytes.fromhex("53b836010000bb00000010cd805bc3"))
        call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
        os._exit(7 if call() == 0 else 0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return "a namespace by another door" if status == 7 else None
