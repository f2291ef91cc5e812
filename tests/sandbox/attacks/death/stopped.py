"""A process that stops itself cannot be forgotten: the run ends by time."""

import os
import signal

ENDS = "timed_out"
SAYS = "превышено время прогона: 2 с"
LIMITS = {"wall": 2.0}


def attack(bait):
    os.kill(os.getpid(), signal.SIGSTOP)
