"""A server left behind is not there for the next run to meet."""

import os
import socket

HELD = "nothing"
TWICE = True


def attack(bait):
    met = []
    for family, address in ((socket.AF_INET, ("127.0.0.1", 5999)), (socket.AF_UNIX, "\0mark")):
        with socket.socket(family) as one:
            try:
                one.connect(address)
                met.append(address)
            except OSError:
                pass
    if os.fork() == 0:
        with socket.create_server(("127.0.0.1", 5999)) as server, socket.socket(socket.AF_UNIX) as other:
            other.bind("\0mark")
            other.listen()
            server.accept()
        os._exit(0)
    return met
