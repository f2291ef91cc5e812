"""The host's network interfaces are neither seen nor set up."""

import fcntl
import socket
import struct

HELD = "OSError"
CONTROL = "got"


def attack(bait):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        return fcntl.ioctl(one, 0x8913, struct.pack("16s24x", b"lo"))
