"""A jail full of timers leaves the other programs of its maker theirs."""

import ctypes

from kernel import syscall

HELD = "nothing"
CONTROL = "got"


def attack(bait):
    made = 0
    try:
        while made < 1000:
            syscall(222, 1, 0, ctypes.byref(ctypes.c_int()))
            made += 1
    except OSError:
        pass
    return made if made > 200 else None
