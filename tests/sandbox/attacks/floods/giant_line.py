"""A line that never ends, written past the runtime, is not kept in memory."""

from kernel import event_pipe, push

ENDS = "stopped"
SAYS = "событие длиннее, чем можно: 8192 байт"


def attack(bait):
    while True:
        push(event_pipe(), b"x" * 65536)
