"""Process 1 of the jail cannot be killed, stopped or confused from inside."""

import os
import signal

HELD = "nothing"


def attack(bait):
    for number in range(1, 65):
        if number not in (32, 33):
            os.kill(1, number)
    os.kill(os.getppid(), signal.SIGSTOP)
