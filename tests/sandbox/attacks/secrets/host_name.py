"""The host's name is not told."""

import os
import socket

HELD = "nothing"
CONTROL = "got"


def attack(bait):
    return [name for name in (socket.gethostname(), os.uname().nodename) if name == bait["hostname"]]
