"""CPU time is the jail's: children that spin while their parent sleeps are counted."""

import os

ENDS = "timed_out"
SAYS = "превышен лимит процессорного времени: 1 с"
LIMITS = {"cpu": 1.0}


def attack(bait):
    for _ in range(4):
        if os.fork() == 0:
            while True:
                pass
    os.wait()
