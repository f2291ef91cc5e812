"""Bytes that are no text end the run; they are not shown to anybody."""

from kernel import event_pipe, push

ENDS = "stopped"
SAYS = "нарушен формат журнала"


def attack(bait):
    push(event_pipe(), bytes(range(128, 256)) + b"\n")
    return "written"
