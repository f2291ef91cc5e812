"""A finder put before all others is asked for nothing of the runtime's that matters."""

import sys

ENDS = "finished|failed"
SAYS = "Прогон завершён|Программа"
NEVER = "КУПИТЕ"


class Finder:
    def find_spec(self, name, path=None, target=None):
        print("КУ" + "ПИТЕ", name) if name.startswith("sandbox") else None


def attack(bait):
    sys.meta_path.insert(0, Finder())
    for name in [name for name in sys.modules if name.startswith("sandbox")]:
        del sys.modules[name]
