"""What others do with the files and devices that all jails share cannot be watched."""

import ctypes
import os

from kernel import syscall

HELD = "PermissionError EPERM"
CONTROL = "got"


def attack(bait):
    watch = syscall(294, os.O_NONBLOCK)
    return syscall(254, watch, ctypes.c_char_p(b"/dev/null"), 0x23)
