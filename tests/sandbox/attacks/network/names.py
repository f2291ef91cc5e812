"""No name can be looked up, so no secret can be carried out in one."""

import socket

HELD = "gaierror"


def attack(bait):
    return socket.getaddrinfo("secret.example.com", 80)
