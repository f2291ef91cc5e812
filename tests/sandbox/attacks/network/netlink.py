"""No netlink: the kernel's tables cannot be asked or changed."""

import socket

HELD = "OSError.*EAFNOSUPPORT"
CONTROL = "got"


def attack(bait):
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
