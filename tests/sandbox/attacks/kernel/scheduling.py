"""No priority above the others, no processor for oneself."""

import os

HELD = "nothing"
CONTROL = "got"


def attack(bait):
    got = []
    for action in (
        lambda: os.setpriority(os.PRIO_PROCESS, 0, -20),
        lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99)),
        lambda: os.sched_setaffinity(0, {0}),
    ):
        try:
            action()
        except OSError:
            continue
        got.append(os.getpriority(os.PRIO_PROCESS, 0))
    return got
