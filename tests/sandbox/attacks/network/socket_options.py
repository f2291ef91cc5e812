"""Options that make the kernel run programs, encrypt, or pin memory for a socket are not there."""

import socket
import struct

HELD = "nothing"
CONTROL = "got"


def attack(bait):
    done = []
    for level, option, value in (
        (1, 26, b"x" * 16),  # SO_ATTACH_FILTER
        (1, 50, b"x" * 4),  # SO_ATTACH_BPF
        (1, 51, b"x" * 16),  # SO_ATTACH_REUSEPORT_CBPF
        (1, 60, struct.pack("i", 1)),  # SO_ZEROCOPY
        (1, 61, struct.pack("II", 1, 0)),  # SO_TXTIME
        (6, 31, b"tls"),  # TCP_ULP
        (0, 64, b"x" * 100),  # IPT_SO_SET_REPLACE
    ):
        with socket.socket() as one:
            try:
                one.setsockopt(level, option, value)
            except OSError as error:
                if error.errno == 92:
                    continue
            done.append((level, option))
    return done
