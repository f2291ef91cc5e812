"""A descriptor cannot be told whom to signal: no owner, no notices of folders."""

import fcntl
import os

HELD = "nothing"
CONTROL = "got"


def attack(bait):
    read, _ = os.pipe()
    folder = os.open(".", os.O_RDONLY)
    done = []
    for fd, command, argument in (
        (read, fcntl.F_SETOWN, os.getpid()),
        (read, fcntl.F_SETSIG, 10),
        (folder, fcntl.F_NOTIFY, fcntl.DN_CREATE),
    ):
        try:
            fcntl.fcntl(fd, command, argument)
        except OSError:
            continue
        done.append(command)
    return done
