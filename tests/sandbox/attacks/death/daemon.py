"""A daemon that forked twice, ignores every signal and holds the pipe goes with the run."""

import os
import signal

HELD = "nothing"


def attack(bait):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in range(1, 65):
                try:
                    signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError):
                    pass
            while True:
                os.read(os.pipe()[0], 1)
        os._exit(0)
    os.wait()
