"""Buffers of pipes and sockets do not eat the host's memory unseen: the run ends at a bound, or fits."""

import fcntl
import os
import socket

HELD = "PermissionError|OSError|BlockingIOError|nothing"
ENDS = "finished|out_of_memory"


def attack(bait):
    held = []
    while len(held) < 400:
        read, write = os.pipe()
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 1 << 20)
        os.set_blocking(write, False)
        one, other = socket.socketpair()
        one.setblocking(False)
        held.append((read, one, other))
        for push in (lambda: os.write(write, b"x" * (1 << 20)), lambda: one.send(b"x" * (1 << 20))):
            try:
                push()
            except BlockingIOError:
                pass
