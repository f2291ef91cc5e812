"""The log's time does not go back."""

from kernel import event_pipe, push

ENDS = "stopped"
SAYS = "время события не идёт вперёд"


def attack(bait):
    push(event_pipe(), b'{"t":5,"kind":"call.sent"}\n{"t":1,"kind":"call.sent"}\n')
    return "written"
