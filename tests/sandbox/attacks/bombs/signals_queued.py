"""Signals that wait are few: they are counted against whoever made the jail, and root's own would run out."""

import os
import signal

HELD = "nothing"
CONTROL = "got"


def attack(bait):
    kinds = range(signal.SIGRTMIN, signal.SIGRTMIN + 20)
    signal.pthread_sigmask(signal.SIG_BLOCK, kinds)
    for _ in range(1000):
        for kind in kinds:
            os.kill(os.getpid(), kind)
    queued = 0
    while signal.sigtimedwait(kinds, 0):
        queued += 1
    return queued if queued > 200 else None
