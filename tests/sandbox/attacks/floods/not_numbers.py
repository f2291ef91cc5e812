"""Numbers that a browser cannot read (NaN, infinities, thousands of digits) are refused."""

from kernel import event_pipe, push

ENDS = "stopped"
SAYS = "нарушен формат журнала"


def attack(bait):
    push(
        event_pipe(),
        b'{"t":0,"kind":"call.sent","ms":NaN}\n{"t":0,"kind":"call.sent","ms":' + b"9" * 6000 + b"}\n",
    )
    return "written"
