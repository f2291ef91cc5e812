"""The sockets found open are the event loop's pair: each ends inside."""

import os
import socket
import stat

HELD = "nothing"


def attack(bait):
    found = []
    for number in range(1024):
        try:
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
        except OSError:
            continue
        one = socket.socket(fileno=os.dup(number))
        if one.family != socket.AF_UNIX or one.getsockname() or one.getpeername():
            found.append(str(one))
        one.close()
    return found
