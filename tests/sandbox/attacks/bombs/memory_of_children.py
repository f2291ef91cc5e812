"""The bound is the whole jail's: children that each stay below it exceed it together."""

import os

ENDS = "out_of_memory"
SAYS = "превышен лимит памяти: 128 МиБ"
HOLDS = "root"


def attack(bait):
    for _ in range(8):
        if os.fork() == 0:
            held = b"x" * (40 << 20)
            os.read(os.pipe()[0], len(held))
    os.wait()  # nobody ends by itself: the kernel chose one
    os._exit(1)
