"""No event is later than a run may last: a scrubber would have nothing to point at."""

from kernel import event_pipe, push

ENDS = "stopped"
SAYS = "время события — за концом сценария"


def attack(bait):
    push(event_pipe(), b'{"t":999999999,"kind":"call.sent"}\n')
    return "written"
