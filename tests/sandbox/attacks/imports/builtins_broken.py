"""With every builtin broken the run still ends, and as the learner's."""

import builtins
import os

ENDS = "failed|stopped"
SAYS = "Программа|нарушен формат"


def attack(bait):
    for name in ("len", "isinstance", "str", "open", "dict", "print", "Exception", "super"):
        setattr(builtins, name, None)
    os.write = None
    raise ValueError
