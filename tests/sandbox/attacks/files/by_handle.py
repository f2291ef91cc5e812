"""A file cannot be opened by its number, which would pass every mount."""

import ctypes

from kernel import syscall

HELD = "PermissionError"


def attack(bait):
    handle, mount = ctypes.create_string_buffer(136), ctypes.c_int()
    ctypes.c_uint.from_buffer(handle).value = 128
    syscall(303, -100, b"/", handle, ctypes.byref(mount), 0)
    return syscall(304, -100, handle, 0)
