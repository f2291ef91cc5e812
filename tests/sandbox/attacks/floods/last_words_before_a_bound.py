"""What was said just before a bound was passed is shown, though it came in one gulp with what passed it."""

from kernel import event_pipe, push

ENDS = "stopped"
SAYS = "событие длиннее, чем можно: 8192 байт"
SHOWN = "последнее слово"


def attack(bait):
    line = '{"t":0,"kind":"out","text":"последнее слово"}\n'
    push(event_pipe(), line.encode() + b"x" * 9000 + b"\n")
    return "written"
