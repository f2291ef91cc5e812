"""What lies unread in sockets is memory of the jail: it ends at a bound, not with the host's."""

import contextlib
import socket

HELD = "nothing"
HOLDS = "root"
CONTROL = "got"


def attack(bait):
    server, held, sent = socket.create_server(("127.0.0.1", 0)), [], 0
    with contextlib.suppress(OSError):
        while len(held) < 150 and sent < 256 << 20:
            one = socket.create_connection(server.getsockname())
            other, _ = server.accept()
            held += [one, other]
            for end in (one, other):
                end.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    while sent < 256 << 20:
                        sent += end.send(b"x" * 65536)
    return sent >> 20 if sent >= 200 << 20 else None
