"""No traceback, module or setting of the interpreter names a folder of the host."""

import sys
import sysconfig
import types

HELD = "nothing"


def attack(bait):
    places = [*sys.path, sys.executable, sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()]
    for module in list(sys.modules.values()):
        places += [str(getattr(module, "__file__", "")), str(getattr(module, "__cached__", ""))]
        codes = [getattr(thing, "__code__", None) for thing in list(getattr(module, "__dict__", {}).values())]
        places += [code.co_filename for code in codes if isinstance(code, types.CodeType)]
    roots = ("", "/usr/local", "/opt/poligon", "/tmp", "<", "None", "?")
    return sorted({place for place in places if not place.startswith(roots[1:]) and place})[:5]
