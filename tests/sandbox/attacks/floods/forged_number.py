"""An event cannot choose its number."""

from kernel import event_pipe, push

ENDS = "stopped"
SAYS = "нарушен формат журнала"


def attack(bait):
    push(event_pipe(), b'{"seq":1,"t":0,"kind":"call.sent"}\n')
    return "written"
