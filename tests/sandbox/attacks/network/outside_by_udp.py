"""Not one datagram leaves, nor is one broadcast."""

import socket

HELD = "nothing"


def attack(bait):
    sent = []
    for family, address in (
        (socket.AF_INET, "192.0.2.1"),
        (socket.AF_INET, "255.255.255.255"),
        (socket.AF_INET, "224.0.0.1"),
        (socket.AF_INET6, "2001:db8::1"),
        (socket.AF_INET6, "ff02::1"),
        (socket.AF_INET, "169.254.169.254"),
    ):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as one:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                one.sendto(b"hello", (address, 9))
        except OSError:
            continue
        sent.append(address)
    return sent
