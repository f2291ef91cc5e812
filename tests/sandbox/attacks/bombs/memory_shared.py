"""Shared memory is counted: pages of one mapping, touched by many, and of many mappings."""

import mmap
import os

ENDS = "out_of_memory"
SAYS = "превышен лимит памяти: 128 МиБ"
HOLDS = "root"


def attack(bait):
    held = []
    for _ in range(8):
        shared = mmap.mmap(-1, 40 << 20)
        held.append(shared)
        if os.fork() == 0:
            shared[: 20 << 20] = b"x" * (20 << 20)
            os._exit(0)
        os.wait()
        for place in range(0, 40 << 20, 4096):
            shared[place] = 1
    return "320 MiB of shared memory"
