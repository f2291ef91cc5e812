"""Nesting without end does not take the worker's parser down."""

from kernel import event_pipe, push

ENDS = "stopped"
SAYS = "нарушен формат журнала"


def attack(bait):
    push(event_pipe(), b"[" * 8000 + b"\n")
    return "written"
