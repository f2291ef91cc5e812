"""What the worker knows was never in the jail's interpreter: not in its objects, not on its stack."""

import ctypes
import gc
import sys

HELD = "nothing"


def attack(bait):
    found = [
        name
        for name in sys.modules
        if name.split(".")[0] in {"django", "celery", "redis", "kombu", "coursesite"}
    ]
    found += [
        name for name in sys.modules if name.startswith("sandbox.") and not name.startswith("sandbox.guest")
    ]
    for thing in gc.get_objects():
        if isinstance(thing, dict) and thing is not bait:
            found += [
                str(key)
                for key in list(thing)
                if isinstance(key, str) and key in {"SECRET_KEY", "REDIS_URL", "DATABASE_URL"}
            ]
    # What the kernel put above the stack: arguments, environment, the program's name.
    environ = ctypes.POINTER(ctypes.c_void_p).in_dll(ctypes.CDLL(None), "environ")
    last = 0
    while environ[last]:
        last += 1
    strings = b"\n".join(ctypes.string_at(environ[number]) for number in range(last))
    found += [word for word in (bait["repository"], bait["folder"]) if word.encode() in strings]
    return found
