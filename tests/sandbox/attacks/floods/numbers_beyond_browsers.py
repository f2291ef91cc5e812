"""A whole number that a browser would read as infinity is refused."""

from kernel import event_pipe, push

ENDS = "stopped"
SAYS = "нарушен формат журнала"


def attack(bait):
    push(event_pipe(), b'{"t":0,"kind":"call.sent","n":1' + b"0" * 400 + b"}\n")
    return "written"
