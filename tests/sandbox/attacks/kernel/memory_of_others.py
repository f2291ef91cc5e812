"""The memory of no other process can be read or written."""

import ctypes
import os

from kernel import syscall

HELD = "nothing"


def attack(bait):
    got = []
    body = ctypes.create_string_buffer(64)
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(body), 64)
    for call in (310, 311):
        try:
            got.append(syscall(call, os.getppid(), vector, 1, vector, 1, 0))
        except OSError:
            pass
    return got
