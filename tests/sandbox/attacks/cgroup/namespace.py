"""No cgroup namespace of one's own, and no process born into another group."""

import ctypes

from kernel import syscall

HELD = "nothing"


def attack(bait):
    got = []
    # CLONE_INTO_CGROUP takes clone3: flags first, exit_signal fifth, cgroup eleventh.
    arguments = (ctypes.c_uint64 * 11)(0x200000000, 0, 0, 0, 17, 0, 0, 0, 0, 0, 3)
    for way in ((272, 0x2000000), (435, arguments, 88)):
        try:
            got.append(syscall(*way))
        except OSError:
            pass
    return got
