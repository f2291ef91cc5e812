"""Code that does not want to end (atexit, finalizers, threads that stay) ends with the run."""

import atexit
import threading

HELD = "nothing"


class Slow:
    def __del__(self):
        threading.Event().wait(1000)


KEPT = Slow()


def attack(bait):
    atexit.register(threading.Event().wait, 1000)
    threading.Thread(target=threading.Event().wait, args=(1000,)).start()
