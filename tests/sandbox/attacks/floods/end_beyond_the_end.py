"""Nor can a run say that it ended after its end."""

from kernel import event_pipe, push

ENDS = "stopped"
SAYS = "время события — за концом сценария"


def attack(bait):
    push(event_pipe(), b'{"t":999999999,"kind":"run.ended","state":"finished"}\n')
    return "written"
