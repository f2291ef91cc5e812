"""A server of the run's that is killed for memory is not told as a lost connection: the bound is named."""

import os
import socket

ENDS = "out_of_memory"
SAYS = "превышен лимит памяти: 128 МиБ"
HOLDS = "root"


def attack(bait):
    server = socket.create_server(("127.0.0.1", 0))
    if os.fork() == 0:
        _caller, _ = server.accept()
        held = []
        while True:
            held.append(b"x" * (1 << 20))
    with socket.create_connection(server.getsockname()) as one:
        one.recv(1)  # the end of the connection is all that its client hears
    raise ConnectionError("the server is gone")
