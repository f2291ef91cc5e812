"""Empty lines without end keep no worker busy: the first one ends the run."""

from kernel import event_pipe, push

ENDS = "stopped"
SAYS = "нарушен формат журнала"


def attack(bait):
    while True:
        push(event_pipe(), b"\n" * 60_000)
