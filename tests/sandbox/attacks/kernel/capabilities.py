"""There is no capability, not even one to be got by running a program."""

import ctypes

from kernel import syscall

HELD = "nothing"
CONTROL = "got"


def attack(bait):
    # PR_CAPBSET_READ of the capabilities that 6.x kernels know: whether any program could still give them.
    bounding = [number for number in range(41) if syscall(157, 23, number, 0, 0, 0) == 1]
    head, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    try:
        syscall(125, head, sets)
    except OSError:
        pass
    return bounding + [hex(word) for word in sets if word]
