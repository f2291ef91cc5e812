"""Empty lines without end are not events, and are ended by time."""
from kernel import event_pipe, push

ENDS = "timed_out|stopped"
SAYS = "превышен лимит процессорного времени: 1 с|событий"
LIMITS = {"cpu": 1.0}


def attack(bait):
    while True:
        push(event_pipe(), b"\n" * 60_000)
