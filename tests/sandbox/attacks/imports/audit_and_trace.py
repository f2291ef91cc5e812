"""Hooks that watch or stop the runtime (tracing, profiling, auditing) end only the own run."""

import sys
import threading

ENDS = "failed|finished"
SAYS = "Программа|Прогон завершён"


def attack(bait):
    def stop(*_):
        raise SystemExit(0)

    sys.settrace(stop)
    sys.setprofile(stop)
    sys.addaudithook(stop)
    threading.setprofile(stop)
    sys.excepthook = sys.unraisablehook = stop
