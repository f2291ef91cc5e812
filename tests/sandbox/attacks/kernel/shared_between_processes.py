"""System V and POSIX queues, semaphores and shared memory, which outlive processes, are not there."""

import errno

from kernel import refusals

HELD = "nothing"


def attack(bait):
    return refusals([29, 30, 31, 64, 65, 68, 69, 71, 240, 241], errno.EPERM)
