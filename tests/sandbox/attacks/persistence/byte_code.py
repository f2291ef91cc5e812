"""No byte code of the library or the runtime can be replaced for the next run."""

import importlib.util
import os
import py_compile

HELD = "nothing"


def attack(bait):
    open("mine.py", "w").write("import os\n")
    done = []
    for path in (os.__file__, importlib.util.find_spec("sandbox.guest.runner").origin):
        try:
            py_compile.compile("mine.py", cfile=importlib.util.cache_from_source(path), doraise=True)
        except OSError:
            continue
        done.append(path)
    return done
