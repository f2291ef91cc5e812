"""No lease on a file: whoever opens a leased one waits for 45 s, and the root's files are every jail's."""

import fcntl
import os

HELD = "PermissionError EPERM"
CONTROL = "got"


def attack(bait):
    with open("mine.txt", "w") as made:
        made.write("x")
    fd = os.open("mine.txt", os.O_RDONLY)
    fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    return "leased"
