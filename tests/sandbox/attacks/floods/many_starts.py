"""A run starts once: starts without end, which count as no events, keep no worker busy."""

from kernel import event_pipe, push

ENDS = "stopped"
SAYS = "нарушен формат журнала"


def attack(bait):
    while True:
        push(event_pipe(), b'{"t":0,"kind":"run.started"}\n' * 1000)
