"""Threads stop at the bound of processes."""

import threading

HELD = "RuntimeError"
LIMITS = {"processes": 16}


def attack(bait):
    over = threading.Event()
    for _ in range(1000):
        threading.Thread(target=over.wait, daemon=True).start()
    return "a thousand threads"
