"""The name servers of the host are not asked."""

import socket

HELD = "nothing"


def attack(bait):
    query = bytes.fromhex("000101000001000000000000076578616d706c6503636f6d0000010001")
    got = []
    for server in ("127.0.0.53", "127.0.0.11", "8.8.8.8"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.settimeout(0.2)
            try:
                one.connect((server, 53))
                one.send(query)
                got.append(one.recv(512))
            except OSError:
                pass
    return got
