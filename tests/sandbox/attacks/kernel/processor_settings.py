"""Nothing of the processor is set but the bases of thread-local storage."""

import ctypes
import errno

from kernel import syscall

HELD = "nothing"
CONTROL = "got"


def attack(bait):
    got = []
    for option in (0x1011, 0x1012, 0x1021, 0x1022, 0x1023, 0x2002, 0x3001, 0x5001):
        try:
            syscall(158, option, ctypes.byref(ctypes.c_ulong()))
            got.append(option)
        except OSError as error:
            if error.errno != errno.EPERM:
                got.append(option)
    return got
