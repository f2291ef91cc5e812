"""The control pipe can only be read, the event pipe only written: nobody's orders can be forged on them."""

import fcntl
import os
import stat

HELD = "nothing"


def attack(bait):
    both = []
    for number in range(3, 64):
        try:
            status, flags = os.fstat(number), fcntl.fcntl(number, fcntl.F_GETFL)
        except OSError:
            continue
        if stat.S_ISFIFO(status.st_mode) and flags & os.O_ACCMODE == os.O_RDWR:
            both.append(number)
    return both
