"""Nor by making a process, in the old way or the new."""

import ctypes
import os

from kernel import syscall

HELD = "nothing"
CONTROL = "got"


def attack(bait):
    got = []
    parent = os.getpid()
    # struct clone_args of clone3: flags, …, exit_signal fifth.
    arguments = (ctypes.c_uint64 * 8)(0x10000000, 0, 0, 0, 17)
    for way in (lambda: syscall(56, 0x10000011, 0, 0, 0, 0), lambda: syscall(435, arguments, 64)):
        try:
            child = way()
        except OSError:
            continue
        if os.getpid() != parent:
            os._exit(0)
        os.waitpid(child, 0)
        got.append(child)
    return got
