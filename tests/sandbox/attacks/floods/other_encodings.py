"""A line in another encoding of Unicode is written anew in UTF-8, or refused: no zero bytes reach a log."""

from kernel import event_pipe, push

ENDS = "stopped"
SAYS = "нарушен формат журнала"


def attack(bait):
    push(event_pipe(), '{"t":0,"kind":"call.sent"}'.encode("utf-16") + b"\n\0\n")
    return "written"
