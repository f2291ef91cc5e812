"""A child given to process 1 instead of to its maker is one of the jail's all the same."""

import os

from kernel import syscall

HELD = "got"


def attack(bait):
    given = 0
    for _ in range(20):
        if syscall(56, 0x8000 | 17, 0, 0, 0, 0) == 0:  # CLONE_PARENT
            os.setsid()
            while True:
                os.read(os.pipe()[0], 1)
        given += 1
    return given
