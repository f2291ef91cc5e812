"""One call into C that never returns, with every signal blocked, is ended too."""

import re
import signal

ENDS = "timed_out"
SAYS = "превышен лимит процессорного времени: 1 с"
LIMITS = {"cpu": 1.0}


def attack(bait):
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    return re.fullmatch("(a|a)*b", "a" * 60)
