"""Pages are not merged with other jails', nor put out of memory, nor is it told which are in it."""

import ctypes
import mmap

from kernel import syscall

HELD = "nothing"
CONTROL = "got"


def attack(bait):
    held = mmap.mmap(-1, 8192)
    page = ctypes.addressof(ctypes.c_char.from_buffer(held))
    done = []
    for name, call in (
        ("merged", (28, page, 4096, 12)),
        ("cold", (28, page, 4096, 20)),
        ("out", (28, page, 4096, 21)),
        ("told", (27, page, 4096, ctypes.create_string_buffer(2))),
    ):
        try:
            syscall(*call)
        except OSError:
            continue
        done.append(name)
    return done
