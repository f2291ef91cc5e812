"""Nothing is inherited but the two pipes: every open descriptor is one of them, /dev/null or made inside."""

import os
import stat

HELD = "nothing"


def attack(bait):
    null, other, pipes = os.stat("/dev/null").st_rdev, [], 0
    for number in range(1024):
        try:
            status = os.fstat(number)
        except OSError:
            continue
        pipes += stat.S_ISFIFO(status.st_mode)
        known = (
            stat.S_ISFIFO(status.st_mode)
            or stat.S_ISSOCK(status.st_mode)
            or stat.S_IFMT(status.st_mode) == 0
            or status.st_rdev == null
        )
        if not known:
            other.append((number, oct(status.st_mode)))
    return other or (pipes if pipes > 2 else None)
