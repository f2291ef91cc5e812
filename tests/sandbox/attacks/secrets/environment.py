"""The worker's environment is not the jail's: no secret of the host is in it."""

import os

HELD = "nothing"
CONTROL = "canary"


def attack(bait):
    allowed = {
        "HOME",
        "PATH",
        "LD_LIBRARY_PATH",
        "PYTHONPATH",
        "PYTHONHASHSEED",
        "LANG",
        "LC_ALL",
        "TZ",
        "MALLOC_ARENA_MAX",
        "PYTHONUTF8",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONNODEBUGRANGES",
    }
    return {name: value for name, value in os.environ.items() if name not in allowed}
