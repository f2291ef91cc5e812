"""Thousands of the kernel's timers stay within a bound, and go with the run."""

import ctypes

from kernel import syscall

HELD = "BlockingIOError|OSError|nothing"


def attack(bait):
    for _ in range(100_000):
        syscall(222, 1, 0, ctypes.byref(ctypes.c_int()))
